// Warnings beside a field, while its value calls for them; console/warnings.py reads the expressions alike.
(function () {
  "use strict";

  function judge(warning) {
    const field = document.getElementById(warning.dataset.field);
    if (!field) return;
    const value = field.value.trim();
    const { when, unless } = warning.dataset;
    const calls = when ? new RegExp(when, "i").test(value) : value !== "" && !new RegExp(unless, "i").test(value);
    warning.hidden = !calls;
  }

  const judgeAll = () => document.querySelectorAll(".warning[data-field]").forEach(judge);

  document.addEventListener("input", judgeAll);
  document.addEventListener("htmx:afterSwap", judgeAll);
  judgeAll();
})();
