// What somebody typed into a form that came too late, after the end of the session, is there again once they sign in.
// It never leaves this tab: sessionStorage holds it for an hour at most, without secrets, for the same person only.
(function () {
  "use strict";

  const KEY = "amberpost-late";
  const MOST = 50000; // characters; what is longer was pasted, and whoever pasted it has it still
  const LONGEST = 60 * 60 * 1000; // ms, as long as a session lasts without use
  const UNTYPED = ["hidden", "password", "file", "submit", "button", "reset", "image"]; // a password is never kept
  const here = window.location.pathname + window.location.search;
  const me = document.body.dataset.user; // nobody, on the sign-in page

  const fieldsOf = (form) => Array.from(form.elements).filter((field) => field.name && !UNTYPED.includes(field.type));
  const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

  function valueOf(field) {
    if (isTicked(field)) return field.checked;
    return field.multiple ? Array.from(field.selectedOptions, (option) => option.value) : field.value;
  }

  function fill(field, value) {
    if (isTicked(field)) field.checked = value;
    else if (field.multiple) Array.from(field.options).forEach((o) => { o.selected = value.includes(o.value); });
    else field.value = value;
  }

  // Two fields of one name are told apart by their place, boxes by their value.
  const nameOf = (field) => JSON.stringify([field.name, isTicked(field) ? field.value : ""]);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!me) return; // who signs in may mistype the password
    window.sessionStorage.removeItem(KEY);
    if (form.method !== "post" || "forget" in form.dataset) return;
    const words = fieldsOf(form).map((field) => [nameOf(field), valueOf(field)]);
    const kept = JSON.stringify({ user: me, page: here, action: form.action, at: Date.now(), words });
    if (words.length && kept.length <= MOST) window.sessionStorage.setItem(KEY, kept);
  });

  const kept = JSON.parse(window.sessionStorage.getItem(KEY));
  if (!kept) return;
  const isFresh = Date.now() - kept.at < LONGEST;
  const refusal = document.querySelector("[data-late]"); // this page stands where an answer to the form should be
  if (refusal && isFresh && (!me || me === kept.user)) {
    window.sessionStorage.setItem(KEY, JSON.stringify({ ...kept, isLate: true }));
    refusal.hidden = false;
    return;
  }
  window.sessionStorage.removeItem(KEY);
  if (!kept.isLate || !isFresh || me !== kept.user || here !== kept.page) return;

  let waiting = kept.words;

  function refill() {
    const form = Array.from(document.forms).find((one) => one.action === kept.action && one.method === "post");
    const free = form ? fieldsOf(form) : [];
    const filled = [];
    waiting = waiting.filter(([name, value]) => {
      const place = free.findIndex((field) => nameOf(field) === name);
      if (place < 0) return true; // it comes with a choice that is being made
      const [field] = free.splice(place, 1);
      fill(field, value);
      filled.push(field);
      return false;
    });
    // Warnings beside a field, and what hangs on a choice; when all are filled, so that nothing is asked for half.
    filled.forEach((field) => ["input", "change"].forEach((kind) => {
      field.dispatchEvent(new Event(kind, { bubbles: true }));
    }));
  }

  document.addEventListener("DOMContentLoaded", () => { // htmx listens by then
    refill();
    document.addEventListener("htmx:afterSettle", refill);
    document.querySelectorAll("[data-refilled]").forEach((note) => { note.hidden = false; });
  });
})();
