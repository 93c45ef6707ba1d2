"""A mail is shown whole: its frame grows with it, paper has all of it, and the mail itself has no say in either."""

import re
import unicodedata
import zlib

import pytest
from playwright.sync_api import Frame, Page, Route, expect

from tests.browser.conftest import ROWS, Served, search

pytestmark = [pytest.mark.browser, pytest.mark.slow]


PHONE: dict[str, object] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK: dict[str, object] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}
HEIGHT = "document.querySelector('iframe.mail').clientHeight"
A4 = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "1cm")}
# Beyond what a mail can hold once it is cleaned: as if the cleaning had failed.
UNCLEANED = """<title>x</title><script>parent.postMessage(77777, "*"); top.document.title = "pwned"</script>
<img src=x onerror="parent.postMessage(77777, '*')"><img src="http://leak.example/img">
<iframe src="http://leak.example/frame"></iframe>
<form id="f" action="http://leak.example/form"><button id="send">Senden</button></form>
<a id="out" href="http://leak.example/top" target="_top">hinaus</a>"""


def open_mail(page: Page, served: Served, subject: str) -> str:
    """Finds it and opens its own page; gives the address of that."""
    search(page, f"subject:{subject}")
    page.goto(served.url + str(page.locator(".hit").first.get_attribute("data-download")).removesuffix("raw"))
    return page.url


def text_of(page: Page) -> Frame:
    frame = page.frame(url=re.compile("/html$"))
    assert frame
    return frame


def until(where: Page | Frame, promise: str) -> None:
    """Waits for an expression to be true. Playwright's own way needs `eval`, which our pages forbid."""
    for _ in range(300):
        if where.evaluate(promise):
            return
        where.wait_for_timeout(100)
    raise AssertionError(promise)


def settled_height(page: Page) -> int:
    """Of the frame, once it fits: nothing is left to scroll in it."""
    until(text_of(page), "innerHeight >= document.body.scrollHeight")
    return int(page.evaluate(HEIGHT))


def test_the_frame_is_as_high_as_the_mail_and_follows_it(served: Served) -> None:
    page = served.page("alice", **DESK)
    search(page, "subject:Lang")
    page.locator(".hit").first.click()
    expect(page.frame_locator("iframe.mail").get_by_text(ROWS[-1])).to_be_visible()
    assert settled_height(page) > 1500, "in the reading pane"
    open_mail(page, served, "Lang")
    expect(page.frame_locator("iframe.mail").get_by_text(ROWS[-1])).to_be_visible()
    wide = settled_height(page)
    assert wide > 1500, "on its own page"
    page.set_viewport_size({"width": 390, "height": 844})
    until(page, f"{HEIGHT} > {wide}")
    settled_height(page)
    text_of(page).evaluate("document.querySelector('table').remove()")
    until(page, f"{HEIGHT} < {wide // 4}")
    assert served.complaints == []


def test_the_page_takes_a_number_within_bounds_from_its_frame_and_nothing_else(served: Served) -> None:
    page = served.page("alice")
    open_mail(page, served, "Lang")
    high = settled_height(page)
    frame = text_of(page)
    page.evaluate("window.seen = 0; window.addEventListener('message', () => window.seen++)")
    for bad in ("-1", "200001", "NaN", "Infinity", "'500'", "[500]", "{height: 500}", "null", "true", "500n"):
        before = page.evaluate("window.seen")
        frame.evaluate(f"parent.postMessage({bad}, '*')")
        until(page, f"window.seen > {before}")
        assert page.evaluate(HEIGHT) == high, bad
    before = page.evaluate("window.seen")
    page.evaluate("window.postMessage(500, '*')")
    until(page, f"window.seen > {before}")
    assert page.evaluate(HEIGHT) == high, "not from the frame"
    frame.evaluate("parent.postMessage(200000, '*')")
    until(page, f"{HEIGHT} === 200000")


def test_a_greedy_mail_gets_no_more_than_its_text_needs_and_covers_nothing_of_the_archive(
    served: Served,
) -> None:
    page = served.page("alice")
    open_mail(page, served, "Gierig")
    expect(page.frame_locator("iframe.mail").get_by_text("gefälscht")).to_be_visible()
    assert settled_height(page) < 3000
    page.goto(f"{page.url}print")
    boxes = page.evaluate(
        "[...document.querySelectorAll('h1, .people dd, .record dd')].map(e => {"
        "const b = e.getBoundingClientRect(); e.scrollIntoView({block: 'center'});"
        "const c = e.getBoundingClientRect();"
        "return e.contains(document.elementFromPoint(c.left + 2, c.top + c.height / 2)) || e.textContent})"
    )
    assert [box for box in boxes if box is not True] == []
    assert page.locator("script, form, button, iframe").count() == 0
    assert served.asked == []


def test_even_uncleaned_mail_runs_sends_and_leaves_nothing(served: Served) -> None:
    def unclean(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</body>", f"{UNCLEANED}</body>"))

    def note(route: Route) -> None:
        reached.append(route.request.url)
        route.abort()

    reached: list[str] = []  # what the policies let through; the browser announces more than it sends
    page = served.page("alice")
    page.add_init_script(
        "window.told = []; window.addEventListener('message', (e) => window.told.push(e.data))"
    )
    page.context.route(re.compile(r"leak\.example"), note)
    page.route(re.compile(r"/m/\d+/(html|print)$"), unclean)
    url = open_mail(page, served, "Schlicht")
    for address, selector in ((open_mail(page, served, "Lang"), "iframe.mail"), (f"{url}print", "")):
        page.goto(address)
        body = page.frame_locator(selector) if selector else page.main_frame
        expect(body.locator("#send")).to_be_attached()
        body.locator("#send").evaluate("button => button.click()")
        if selector:
            settled_height(page)
            body.locator("#out").evaluate("link => link.click()")
            with pytest.raises(Exception, match=r"Blocked a frame|SecurityError|cross-origin"):
                body.locator("#out").evaluate("() => top.document.title")
        page.wait_for_timeout(300)  # that nothing happens has no event
        assert 77777 not in page.evaluate("window.told")
        assert page.url == address
        assert page.title() != "pwned"
    assert reached == []


def test_without_scripts_a_link_opens_the_text_whole(served: Served) -> None:
    page = served.page("alice", java_script_enabled=False)
    open_mail(page, served, "Lang")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open the whole text on a page of its own").click()
    expect(popup.value.get_by_text(ROWS[-1])).to_be_visible()


def test_the_print_page_has_every_row_and_the_record(served: Served) -> None:
    for look, subject in ((PHONE, "Lang"), (DESK, "Schlicht")):
        page = served.page("alice", **look)
        open_mail(page, served, subject)
        with page.expect_popup() as popup:
            page.get_by_role("link", name="Print").click()
        expect(popup.value.get_by_role("heading", name="Record of the archive")).to_be_visible()
        printed = words_on(popup.value.pdf(**A4))  # type: ignore[arg-type]
        assert [row for row in ROWS if f"{row} " not in f"{printed} "] == []
        for part in ("kunde@customer.example", "alice@firma.example", "SHA-256", "Ledger entry", "Archives"):
            assert part in printed
        assert "use the menu of your browser" not in printed


def test_the_ordinary_page_prints_every_row_and_the_record(served: Served) -> None:
    page = served.page("alice", **PHONE)
    search(page, "subject:Lang")
    page.locator(".hit").first.click()
    for width in (390, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.frame_locator("iframe.mail").get_by_text(ROWS[-1])).to_be_visible()
        settled_height(page)
        printed = words_on(page.pdf(**A4))  # type: ignore[arg-type]
        # A row on the border of two sheets is on both of them, and its words may stand apart.
        assert len([row for row in ROWS if f"{row} " in printed]) >= len(ROWS) - 4, width
        for part in (ROWS[-1], "SHA-256", "Message-ID"):
            assert part in printed


def words_on(pdf: bytes) -> str:
    """The words of a PDF as Chromium writes it: glyphs in hex, and for each font a table of what they mean."""
    objects = {int(n): body for n, body in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL)}
    words = []
    for page in (body for body in objects.values() if b"/Type /Page\n" in body):
        fonts = {
            name: _letters(objects, int(number)) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)
        }
        contents = re.search(rb"/Contents (\d+) 0 R", page)
        assert contents
        letters: dict[int, str] = {}
        drawn = _stream(objects[int(contents[1])])
        for font, glyphs, end in re.findall(rb"/(F\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj|(\bET\b)", drawn):
            letters = fonts[font] if font else letters
            words += [letters[int(glyphs[i : i + 4], 16)] for i in range(0, len(glyphs), 4)]
            words += [" "] * bool(end)
    return unicodedata.normalize("NFKC", "".join(words))  # ligatures


def _letters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    table = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert table
    letters = {}
    for line in _stream(objects[int(table[1])]).splitlines():
        codes = [int(code, 16) for code in re.findall(rb"<([0-9A-F]{4})>", line)]
        if len(codes) == 2 and codes != [0, 0xFFFF]:
            letters[codes[0]] = chr(codes[1])
        elif len(codes) == 3:
            letters |= {code: chr(codes[2] + code - codes[0]) for code in range(codes[0], codes[1] + 1)}
    return letters


def _stream(body: bytes) -> bytes:
    return zlib.decompress(body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0])
