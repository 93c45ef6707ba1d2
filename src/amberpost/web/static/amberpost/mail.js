// The frame of a mail grows with it. Loaded before the page is read, so that no word of the frame is missed.
(function () {
  "use strict";

  const HIGHEST = 200000; // px, as in height.js

  window.addEventListener("message", (event) => {
    const frame = document.querySelector("iframe.mail");
    if (!frame || event.source !== frame.contentWindow) return;
    const height = event.data;
    if (typeof height !== "number" || !(height >= 0 && height <= HIGHEST)) return;
    frame.style.setProperty("--height", `${height}px`);
    frame.style.setProperty("--width", `${frame.clientWidth}px`); // the height is that of this width, also on paper
  });
})();
