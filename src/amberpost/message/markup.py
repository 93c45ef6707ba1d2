"""HTML read as browsers read it: its words, and its repaired text for the page.

Promises that what is indexed is what is shown: both come from one tree, built by lexbor (WHATWG HTML 13.2).
Hidden for both: script, style, title, comments and what only programs read. What a tree builder would chew on for
minutes is read by expressions, which are linear whatever comes, and the caller is told. The words are text, not
HTML: whoever shows them escapes them.
"""

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from amberpost.message import limits


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# A tag with its quoted attributes; the second form is for quotes that never close.
_REST = r"(?:(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>|[^>]*+>?)"
_BLOCKS = _names(
    "p div br tr table tbody li ol ul h1 h2 h3 h4 h5 h6 hr blockquote pre section article header footer center dt dd "
    "option address caption title body html"
)
_GAPS = _names("td th img input button")
_SEPARATING = frozenset((*_BLOCKS, *_GAPS))
_BLOCK = re.compile(rf"</?(?:{'|'.join(_BLOCKS)})\b" + _REST, re.IGNORECASE)
_GAP = re.compile(rf"</?(?:{'|'.join(_GAPS)})\b" + _REST, re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!?]" + _REST, re.IGNORECASE)
_UNSEEN = re.compile(r"<(?:(!--)|(script|style|title)\b)", re.IGNORECASE)
_UNSEEN_ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII) for name in ("script", "style", "title")
}
_LINES = re.compile(r"\n[ \n]+")
_SOFT = "\xad\u200b\u200c\ufeff"

# Nobody sees these, in no client; a frame is never loaded, so what stands for it (noframes) is shown.
_HIDDEN = ["script", "style", "title", "template", "iframe", "noembed"]
_FRAMES = re.compile(r"</?(?:noframes|frameset)\b[^<>]*+>", re.IGNORECASE)
_CELLS = re.compile(
    r"<(?=t[dhr]\b)", re.IGNORECASE
)  # outside a table, where a browser lets their words run together
# Shown by clients without scripts, plug-ins and forms, as the page is.
_OPENED = [
    "noscript",
    "textarea",
    "select",
    "optgroup",
    "object",
    "video",
    "audio",
    "canvas",
    "applet",
    "xmp",
]
_OPENED += ["plaintext"]
# An address in brackets that should have been escaped is no element: clients that show it as one hide it.
_ADDRESS = re.compile(r"<(?=[^\s<>\"'=/@]{1,64}@[^\s<>\"'=/]{1,255}>)")
_NAMES = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*+)")
_BREAK = "\x1e"  # between blocks, as line feeds in the source are blanks
_SENTINEL = "\x02\x03"  # an end that is swallowed shows that something never closed

# A tag as WHATWG HTML 13.2.5 reads it: a quote counts only behind "=".
_VALUE = r"\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+|(?=>))"
_ATTRIBUTE = rf"(?=[^\s/>])=?+[^\s/>=]*+(?:{_VALUE}|(?!\s*+=))"
_WHOLE_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?:[\s/]++|{_ATTRIBUTE})*+>")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_MANY_ATTRIBUTES = re.compile(  # in one tag; bounded at each place it is tried
    r"<[a-zA-Z][^\s/>]{0,50}+(?:[\s/]*+(?=[^\s/>])=?+[^\s/>=]{0,50}+"
    r"(?:\s*+=\s*+(?:\"[^\"]{0,2000}+\"|'[^']{0,2000}+'|[^\s>\"'][^\s>]{0,2000}+))?+){200}"
)
_TAG_START = re.compile(r"<(?:(!--)|(title)\b|(?=/?[a-zA-Z]))", re.IGNORECASE)
_TITLE_END = re.compile(r"</title", re.IGNORECASE | re.ASCII)
_REPAIRS = 50  # each looks through the rest once more; people forget one or two

# What a tree builder cannot bear: it walks up all open elements for a closing tag, repeats all open formatting in
# each block, and compares each attribute of a tag with all others.
_MAX_LEVELS = 5_000
_MAX_TAGS = 500_000
_MAX_STEPS = 200_000_000
_MAX_REPEATED = 2_000_000
_MAX_COMPARED = 100_000_000  # pairs of attributes
_FEW = 1_000  # tags that can do no harm, however they stand
_SHORT = 20_000  # characters that have no room for so many attributes
_OPENING = re.compile(r"<(/?)([a-z][a-z0-9:]*+)", re.IGNORECASE)
_FLAT = frozenset(
    _names("area base br col embed hr img input link meta source track wbr p li option dt dd td th tr")
)
_FORMATTING = frozenset(_names("a b big code em font i nobr s small strike strong tt u"))


def html_text(html: str) -> str:
    """The words of an HTML document, one line for each block."""
    html = html[: limits.HTML_CHARACTERS]
    if is_bomb(html):
        text = _without_unseen(html)
        if "<pre" not in text and "<PRE" not in text:
            text = text.replace("\n", " ")
        text = _TAG.sub("", _GAP.sub(" ", _BLOCK.sub("\n", text)))
        text = unescape(text) if "&" in text else text
    else:
        names = _element_names(html)
        tree = _tree(html, names)
        # Each name more that is asked for costs as much as the reading itself.
        separating = ",".join(names & _SEPARATING)
        for node in tree.css(separating) if separating else ():
            tag = node.tag
            separator = " " if tag in _GAPS else _BREAK
            node.insert_before(separator)
            node.insert_after(separator)
            if tag == "img":  # shown in its place, as pictures are not loaded
                node.insert_after(f" {node.attributes.get('alt') or ''}")
        text = _text_of(tree).replace(_SENTINEL, "")
        if "<pre" not in html and "<PRE" not in html:
            text = text.replace("\n", " ")
        text = text.replace(_BREAK, "\n")
    if not text.isascii():
        for mark in _SOFT:
            text = text.replace(mark, "")
    for blank in "\t\r\f\v\xa0":
        if blank in text:
            text = text.replace(blank, " ")
    # Halving runs of blanks is ten times faster than an expression for them.
    while "  " in text:
        text = text.replace("  ", " ")
    return _LINES.sub("\n", text.replace(" \n", "\n")).strip()


def repaired(html: str) -> str | None:
    """The same document as html_text() reads it, well-formed; None if it takes too long to read."""
    html = html[: limits.HTML_CHARACTERS]
    return None if is_bomb(html) else (_tree(html, _element_names(html)).html or "").replace(_SENTINEL, "")


def is_bomb(html: str) -> bool:
    """Whether a tree could take longer than anybody waits. One linear look, and none at ordinary mail."""
    tags = html.count("<")
    if tags > _FEW:
        level = levels = formatting = repeated = 0
        for match in _OPENING.finditer(html):
            name = match[2].lower()
            if name in _FLAT:
                continue
            step = -1 if match[1] else 1
            level = max(0, level + step)
            levels = max(levels, level)
            if name in _FORMATTING:
                formatting = max(0, formatting + step)
                repeated = max(repeated, formatting)
        if levels > _MAX_LEVELS or tags > _MAX_TAGS:
            return True
        if tags * levels > _MAX_STEPS or tags * repeated > _MAX_REPEATED:
            return True
    if len(html) < _SHORT or _MANY_ATTRIBUTES.search(html) is None:
        return False
    return _compared_attributes(html) > _MAX_COMPARED


def _compared_attributes(html: str) -> int:
    """How often one attribute is compared with another of the same tag."""
    compared = position = 0
    while start := _TAG_START.search(html, position):
        tag = _WHOLE_TAG.match(html, start.start())
        position = tag.end() if tag else start.end()
        if tag is None and html[position : position + 1].isalpha():  # it goes on to the end
            tag_text, position = html[start.start() :], len(html)
        else:
            tag_text = tag[0] if tag else ""
        if len(tag_text) > _FEW:
            compared += sum(1 for _ in _ATTRIBUTES.finditer(tag_text)) ** 2
    return compared


def _element_names(html: str) -> set[str]:
    """Of all elements the document can have. This one search saves most looks through the tree, each as dear."""
    names = {name.lower() for name in set(_NAMES.findall(html))}
    return names | {"img"} if "image" in names else names  # as browsers read it


def _tree(html: str, special: set[str]) -> LexborHTMLParser:
    """The document without what is hidden, with what browsers show in its place."""
    if "@" in html:
        html = _ADDRESS.sub("&lt;", html)
    if "frameset" in special or "noframes" in special:
        html = _FRAMES.sub("", html)
    if "table" not in special:
        html = _CELLS.sub(" <", html)
    hidden = [name for name in _HIDDEN if name in special]
    tree = LexborHTMLParser(html + _SENTINEL)
    tree.strip_tags(hidden)
    if not _text_of(tree).endswith(_SENTINEL):
        tree = LexborHTMLParser(_closed(html) + _SENTINEL)
        tree.strip_tags(hidden)
    if "svg" in special or "math" in special:
        for drawing in tree.css("svg,math"):
            drawing.replace_with(f" {drawing.text(deep=True, separator=' ')} ")
    if "option" in special:
        for option in tree.css("option"):
            option.insert_after(" ")
    opened = [name for name in _OPENED if name in special]
    if opened:
        tree.unwrap_tags(opened)
    return tree


def _text_of(tree: LexborHTMLParser) -> str:
    return tree.root.text(deep=True, separator="") if tree.root else ""


def _closed(html: str) -> str:
    """The source with its last tag ended. Browsers drop what an open quote, or a tag or title that never ends,
    goes on over; a sender who forgot a character meant it to be read."""
    position = 0
    for _ in range(_REPAIRS):
        start = _TAG_START.search(html, position)
        while start:
            if start[1]:
                position = html.find("-->", start.end())
            elif tag := _WHOLE_TAG.match(html, start.start()):
                ending = _TITLE_END.search(html, tag.end()) if start[2] else tag
                position = ending.end() if ending else -1
            elif html.startswith("</", start.start()):
                position = html.find(">", start.end())
            else:
                position = -1
            if position < 0:
                break
            start = _TAG_START.search(html, position)
        if start is None or start[1]:
            return html
        end = html.find(">", start.start())
        tag_text = html[start.start() : end + 1] if end >= 0 else ""
        mended = "" if start[2] else tag_text.replace('"', "").replace("'", "") or "&lt;"
        position = start.start() + len(mended)
        html = html[: start.start()] + mended + html[max(end, start.start()) + 1 :]
    return html


def _without_unseen(html: str) -> str:
    """Without comments, scripts, styles and the title; what never ends is left out to the end."""
    kept: list[str] = []
    position = 0
    while found := _UNSEEN.search(html, position):
        kept.append(html[position : found.start()])
        if found[1]:
            end = html.find("-->", found.start() + 2)
        else:
            closing = _UNSEEN_ENDS[found[2].lower()].search(html, found.start() + 2)
            end = closing.start() if closing else -1
        if end < 0:
            return "".join(kept)
        position = end + 3 if found[1] else end  # the closing tag goes with the other tags
    kept.append(html[position:])
    return "".join(kept)
