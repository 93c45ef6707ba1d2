"""No text touches what follows it: neither a word the next one, nor a line the block below."""

from collections.abc import Iterable

import pytest

from tests.browser.conftest import Served
from tests.browser.test_accessibility import OPERATOR, READER

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Blocks that follow each other on a page or in a form stand apart; words beside each other, too.
TOUCHING = """() => {
  const found = [];
  const LEAST_BELOW = 14, LEAST_BESIDE = 2; // px; half of the line height is between lines anyway
  const where = (node) => (node.textContent || "").trim().replace(/\\s+/g, " ").slice(0, 40);
  const shown = (element) => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    return style.display !== "none" && style.visibility !== "hidden" && box.width > 1 && box.height > 1
      && !["absolute", "fixed"].includes(style.position);
  };
  const isBlock = (element) => !getComputedStyle(element).display.startsWith("inline");
  // What of an element is seen: its words and controls, without margins and without spaces around words.
  const words = (node) => {
    const range = document.createRange(), text = node.data;
    range.setStart(node, text.search(/\\S/));
    range.setEnd(node, text.trimEnd().length);
    return [...range.getClientRects()].filter((box) => box.width > 0);
  };
  const ink = (element) => {
    const boxes = [...element.querySelectorAll("input, select, textarea, button, .button, img, svg, pre")]
      .filter((one) => shown(one) && one.checkVisibility()).map((one) => one.getBoundingClientRect());
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (node.data.trim() && node.parentElement.checkVisibility() && !node.parentElement.closest(".hidden, script"))
        boxes.push(...words(node));
    return {top: Math.min(...boxes.map((box) => box.top)), bottom: Math.max(...boxes.map((box) => box.bottom))};
  };
  for (const parent of document.querySelectorAll("main, section, form, .field, fieldset, details")) {
    if (!["block", "flow-root"].includes(getComputedStyle(parent).display)) continue;
    const children = [...parent.children].filter((child) => shown(child) && isBlock(child) && where(child));
    children.forEach((child, index) => {
      const next = children[index + 1];
      if (!next || /^(LABEL|SUMMARY|H[1-6]|LEGEND)$/.test(child.tagName)) return; // these belong to what follows
      if (parent.matches(".field") || next.matches(".gauge")) return; // lines about one thing
      const [above, below] = [getComputedStyle(child), getComputedStyle(next)];
      if (parseFloat(above.borderBottomWidth) || parseFloat(below.borderTopWidth)) return; // a rule parts them
      const gap = ink(next).top - ink(child).bottom;
      if (gap < LEAST_BELOW) found.push(`${gap.toFixed(1)} px below "${where(child)}" before "${where(next)}"`);
    });
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let last = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const around = node.parentElement;
    if (!node.data.trim() || !around.checkVisibility() || around.closest(".hidden, .mail, svg, script, mark")) continue;
    const boxes = words(node);
    if (!boxes.length) continue;
    if (last && last.node.parentElement !== around) {
      const a = last.box, b = boxes[0];
      const isOneLine = Math.abs(a.top + a.bottom - b.top - b.bottom) < Math.min(a.height, b.height);
      const [said, says] = [last.node.data.trim(), node.data.trim()];
      const isPunctuated = /^[,.:;)!?\u2019]/.test(says) || /[(\u201e\u201c\u00ab/]$/.test(said);
      const gap = b.left - a.right;
      if (isOneLine && !isPunctuated && gap > -1 && gap < LEAST_BESIDE)
        found.push(`"${where(last.node)}" touches "${where(node)}"`);
    }
    last = {node, box: boxes[boxes.length - 1]};
  }
  return found;
}"""


FIRST = ["archives/", "archives/1/", "accounts/1/", "sources/", "sources/add/", "system/configuration/",
         "directory/settings/?kind=ad", *(f"assistant/{step}/" for step in (1, 3))]  # fmt: skip


def touching(served: Served, login: str, paths: Iterable[str], language: str) -> list[str]:
    page, found = served.page(login, timezone_id="Europe/Berlin"), []  # which is offered to the operator
    page.set_extra_http_headers({"Accept-Language": language})
    for path in paths:
        page.goto(served.url + path)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} {path}: {what}" for what in page.evaluate(TOUCHING)]
    return found


def test_nothing_touches_what_follows_it(served: Served) -> None:
    found = touching(served, "otto", [f"/console/{path}" for path in FIRST], "de")
    found += touching(served, "alice", ["/account/password/"], "de")
    assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_nothing_touches_what_follows_it_on_any_page_in_any_language(served: Served, language: str) -> None:
    found = touching(served, "otto", [f"/console/{path}" for path in OPERATOR], language)
    found += touching(served, "alice", READER, language)
    assert not found, "\n".join(dict.fromkeys(found))
