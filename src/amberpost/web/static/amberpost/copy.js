// A button beside a text to copy. Without scripts there is only the text, which a click selects as a whole.
(function () {
  "use strict";

  function select(field) {
    const range = document.createRange();
    range.selectNodeContents(field);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  async function copy(field) {
    if (navigator.clipboard) return navigator.clipboard.writeText(field.textContent);
    select(field); // over plain http there is no clipboard but the old one
    if (!document.execCommand("copy")) throw new Error("not copied");
  }

  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.copy);
      copy(field).then(
        () => { button.firstElementChild.textContent = button.dataset.done; },
        () => select(field),
      );
    });
  });
})();
