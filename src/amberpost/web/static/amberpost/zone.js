// The time zone of the browser, which only the browser knows: offered for the archive while nobody has chosen one.
(function () {
  "use strict";

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const select = document.querySelector("select[data-browser-zone]");
  if (select && Array.from(select.options).some((option) => option.value === zone)) select.value = zone;

  const offer = document.getElementById("zone-offer");
  if (offer && /^(?!Etc\/)\w+\/\w/.test(zone)) { // a place; UTC is what it is already
    offer.querySelector("[data-zone]").textContent = zone.replaceAll("_", " ");
    offer.querySelector("[name=zone]").value = zone;
    offer.hidden = false;
  }
})();
