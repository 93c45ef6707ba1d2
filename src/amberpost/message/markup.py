"""HTML to plain text, for the index and for readers who want no HTML.

Promises words as a reader would see them: block elements separate, inline ones do not; no script, no style.
Safe to show only after escaping.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from amberpost.message import limits

_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|t[drh]|table|tbody|li|[uo]l|h[1-6r]|blockquote|pre|section|article|header|footer|center|"
    r"dt|dd|option|address|caption)\b)",
    re.IGNORECASE,
)
_CELL = re.compile(r"<(?=/?(?:img|input|button|svg)\b)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_LINES = re.compile(r" ?\n[ \n]*")
_UNSEEN = ["script", "style", "head", "template", "noscript", "object", "iframe", "svg"]


def html_text(html: str) -> str:
    """The words of an HTML document, one line for each block."""
    marked = _BLOCK.sub("\n<", _CELL.sub(" <", html[: limits.HTML_CHARACTERS]))
    if "\0" in marked:
        marked = marked.replace("\0", "")
    tree = LexborHTMLParser(marked.encode("utf-8", "replace"))
    tree.strip_tags(_UNSEEN)
    root = tree.root
    text = root.text(deep=True, separator="") if root is not None else ""
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
