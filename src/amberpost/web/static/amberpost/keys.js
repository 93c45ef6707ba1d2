// Comfort for the list and the message; every page works without it.
(function () {
  "use strict";

  const list = () => Array.from(document.querySelectorAll("[data-keys=list] .hit"));
  const help = () => document.getElementById("help");

  function place(hits) {
    const focused = hits.indexOf(document.activeElement);
    return focused >= 0 ? focused : hits.findIndex((hit) => hit.hasAttribute("aria-current"));
  }

  function move(step) {
    const hits = list();
    if (!hits.length) return;
    const next = Math.min(Math.max(place(hits) + step, 0), hits.length - 1);
    hits[next].focus();
    hits[next].scrollIntoView({ block: "nearest" });
  }

  function go(name) {
    const hits = list();
    const chosen = hits[place(hits)] || document.querySelector(".message");
    const url = chosen && chosen.dataset[name];
    if (url) window.location.assign(url);
  }

  const keys = {
    "/": () => { const field = document.getElementById("q"); if (field) { field.focus(); field.select(); } },
    j: () => move(1),
    k: () => move(-1),
    o: () => go("original"),
    d: () => go("download"),
    "?": () => { const dialog = help(); if (dialog && !dialog.open) dialog.showModal(); },
  };

  document.querySelectorAll("[data-help]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", keys["?"]);
  });

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const dialog = help();
    if (dialog && dialog.open) return;
    const action = keys[event.key];
    if (action) { event.preventDefault(); action(); }
  });

  // The list shows what is open in the pane; on a phone, where the pane stands alone, its heading is read out.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "pane") return;
    const opened = event.detail.requestConfig.elt;
    if (opened.classList.contains("hit")) {
      list().forEach((hit) => hit.removeAttribute("aria-current"));
      opened.setAttribute("aria-current", "true");
    }
    event.detail.target.scrollTop = 0;
    const heading = event.detail.target.querySelector("h1");
    if (heading && opened.offsetParent === null) { window.scrollTo(0, 0); heading.focus(); }
  });

  // A menu that is wider than a phone begins where one is.
  const here = document.querySelector(".menu [aria-current]");
  if (here) here.scrollIntoView({ inline: "center", block: "nearest" });

  // A refused or failed request shows its own page instead of nothing.
  document.addEventListener("htmx:responseError", (event) => {
    window.location.assign(event.detail.pathInfo.requestPath);
  });
})();
