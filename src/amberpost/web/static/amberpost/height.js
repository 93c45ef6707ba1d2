// The only script in the frame of a mail: tells the page around it how high the mail is. web/csp.py allows its hash.
(function () {
  "use strict";

  const HIGHEST = 200000; // px; what is beyond is scrolled within the frame

  function tell() {
    const scrollBar = window.innerHeight - document.documentElement.clientHeight; // under a mail that is too wide
    const height = Math.ceil(document.body.scrollHeight + scrollBar);
    window.parent.postMessage(Math.min(height, HIGHEST), "*"); // a frame without origin cannot name one
  }

  document.addEventListener("DOMContentLoaded", () => new ResizeObserver(tell).observe(document.body));
  window.addEventListener("load", tell);
})();
