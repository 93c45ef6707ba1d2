"""Translations that can be seen: what a catalogue says stands in brackets; what stands outside was never translated.

Each msgstr becomes "⟦…⟧" around its own words, but not around the values that are put into it: an English
sentence within a German one stands outside, too. What remains on a page is data, names, numbers, or a fault.
"""

import copy
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.utils.translation import trans_real
from selectolax.lexbor import LexborHTMLParser, LexborNode

_APART = re.compile(  # tags, and values of the three kinds
    r"(</?(?:a|b|br|code|em|i|kbd|li|ol|p|span|strong|ul)\b[^>]*>"
    r"|%\(\w+\)[-#0+ ]*\d*(?:\.\d+)?[a-z]|%[-#0+ ]*\d*(?:\.\d+)?[sdrif]|\{\w*\})"
)
_IN_BRACKETS = re.compile(r"⟦[^⟦⟧]*(?:⟧|…|$)")  # a shortened text has lost its end
_WORD = re.compile(r"[^\W\d_]{2,}")
_DATA = re.compile(  # what is nobody's language
    r"""x{20,}                                              # what was too much
    | \S+@\S+                                             # an address
    | \[ex:\S+\]                                            # an address of Exchange's own
    | https?://\S+ | (?<!\w)/[\w/.-]+ | \w+/\w+/\w+        # a place
    | \b\d[\d.,]*[\s\u00a0\u202f]?(?:[kMGT]?B|[MG]iB|min|h|s)\b  # a size, a duration
    | [\w*-]+(?:\.[\w*-]+)+(?::\d+)?                      # a host, a file
    | \b(?=\w*\d)[\w:+-]+                                 # a moment, a number, a hash, a version
    """,
    re.VERBOSE,
)
_SHOWN = ("title", "placeholder", "aria-label", "aria-description", "alt", "data-name", "data-done", "label")
# Not the language of the page: code, what a mail says, what says of itself that it is of another language
_SKIPPED = (
    "head > :not(title), select[name=time_zone] > :not(:first-child), script, style, template, code, pre, kbd, samp, "
    "output, .mono, table.headers, div.mail, [translate=no], [lang]:not(html)"
)


@contextmanager
def marked(language: str) -> Iterator[None]:
    """While it lasts, all that is said in this language is marked."""
    plain = trans_real.translation(language)
    ours = copy.copy(plain)
    ours._catalog = copy.deepcopy(plain._catalog)
    for texts in ours._catalog._catalogs:
        texts.update({key: mark(text) for key, text in texts.items() if key and text})
    trans_real._translations[language] = ours  # each request, and override(), asks for it anew
    try:
        yield
    finally:
        trans_real._translations[language] = plain


def mark(text: str) -> str:
    """The words of a translation in brackets, its values and tags outside."""
    parts = _APART.split(text)
    return "".join(
        f"⟦{part}⟧" if number % 2 == 0 and part.strip() else part for number, part in enumerate(parts)
    )


def unmarked(html: str, names: Iterable[str] = ()) -> list[str]:
    """Each text of a page with words that no catalogue said; `names` are words that are the same everywhere."""
    tree = LexborHTMLParser(html)
    for node in tree.css(_SKIPPED):
        node.decompose()
    return [text for text in _texts(tree) if not is_said(text, names)]


def is_said(text: str, names: Iterable[str] = ()) -> bool:
    """Whether all words of a text are a catalogue's, data, or one of the names."""
    rest = _DATA.sub(" ", _IN_BRACKETS.sub(" ", text))
    return set(_WORD.findall(rest)) <= set(names)


def _texts(tree: LexborHTMLParser) -> Iterator[str]:
    assert tree.root is not None
    for node in tree.root.traverse(include_text=True):
        if node.is_text_node and node.parent is not None and node.parent.tag == "textarea":
            continue  # what somebody typed
        if node.is_text_node:
            yield " ".join((node.text_content or "").split())
        else:
            yield from _attributes(node)


def _attributes(node: LexborNode) -> Iterator[str]:
    for name in _SHOWN:
        if value := node.attributes.get(name):
            yield value
    if node.tag == "input" and node.attributes.get("type") in ("submit", "button", "reset"):
        yield node.attributes.get("value") or ""
