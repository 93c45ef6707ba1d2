"""HTML to plain text, for the index and for readers who want no HTML.

Promises words as a reader would see them: block elements separate, inline ones do not; no script, no style.
Linear whatever the input: a tree builder needs minutes for 200,000 nested <div>, expressions do not. The
result is text, not HTML: whoever shows it escapes it.
"""

import re
from html import unescape

from amberpost.message import limits

# A tag with its quoted attributes; the second form is for quotes that never close.
_REST = r"(?:(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>|[^>]*+>?)"
_BLOCK = re.compile(
    r"</?(?:p|div|br|tr|table|tbody|li|[uo]l|h[1-6r]|blockquote|pre|section|article|header|footer|center|dt|dd|"
    r"option|address|caption|title|body|html)\b" + _REST,
    re.IGNORECASE,
)
_GAP = re.compile(r"</?(?:td|th|img|input|button)\b" + _REST, re.IGNORECASE)
_TAG = re.compile(r"<[a-z/!?]" + _REST, re.IGNORECASE)
_UNSEEN = re.compile(r"<(?:(!--)|(script|style|title|xml)\b)", re.IGNORECASE)
_LINES = re.compile(r"\n[ \n]+")
_SOFT = str.maketrans({"\xad": None, "\u200b": None, "\u200c": None, "\ufeff": None})


def html_text(html: str) -> str:
    """The words of an HTML document, one line for each block."""
    text = _without_unseen(html[: limits.HTML_CHARACTERS])
    if "<pre" not in text and "<PRE" not in text:
        text = text.replace("\n", " ")
    text = _TAG.sub("", _GAP.sub(" ", _BLOCK.sub("\n", text)))
    if "&" in text:
        text = unescape(text)
    if not text.isascii():
        text = text.translate(_SOFT)
    return _without_blanks(_plain_blanks(text))


def _plain_blanks(text: str) -> str:
    for blank in "\t\r\f\v\xa0":
        if blank in text:
            text = text.replace(blank, " ")
    return text


def _without_blanks(text: str) -> str:
    """Single blanks and line breaks only. Halving runs is ten times faster than an expression for them."""
    while "  " in text:
        text = text.replace("  ", " ")
    return _LINES.sub("\n", text.replace(" \n", "\n")).strip()


def _without_unseen(html: str) -> str:
    """Without comments, scripts, styles and the title; what never ends is left out to the end."""
    kept: list[str] = []
    position = 0
    lowered = ""
    while found := _UNSEEN.search(html, position):
        kept.append(html[position : found.start()])
        lowered = lowered or _lower_ascii(html)
        end_mark = "-->" if found[1] else f"</{found[2].lower()}"
        end = lowered.find(end_mark, found.start() + 2)
        if end < 0:
            return "".join(kept)
        position = end + 3 if found[1] else end  # the closing tag goes with the other tags
    if not kept:
        return html
    kept.append(html[position:])
    return "".join(kept)


def _lower_ascii(text: str) -> str:
    """Lower case of the same length (str.lower() makes two characters of İ)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text
