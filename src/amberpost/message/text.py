"""The words of a message for the index.

Promises a bounded text in which every word a reader could see occurs: plain bodies, HTML, text attachments,
nested messages with their subjects and addresses, TNEF. Encoded rubbish (base64 and uuencode inside text) is
left out. Other attachment types come with their own extractors, outside this package.
"""

import re
import unicodedata
from dataclasses import dataclass

from amberpost.message import limits
from amberpost.message.body import decode_part, decode_text, is_html, is_tnef
from amberpost.message.headers import mailboxes, text_field
from amberpost.message.markup import html_text
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.parse import parse
from amberpost.message.scan import readable, scan_header
from amberpost.message.tnef import read_tnef
from amberpost.message.types import Defect, ParsedMessage, Part

_MAX_DECODED_MESSAGES = 20
_NESTED_FIELDS = (b"from", b"to", b"cc")
_NOT_TEXT = ("text/rtf", "text/richtext")
_INDEXED = ("message/delivery-status", "message/disposition-notification")
# Two or more lines of nothing but base64, and single endless words.
_BASE64_LINES = re.compile(
    r"^(?:>+ ?)?[A-Za-z0-9+/]{60,}={0,2}\n(?:(?:>+ ?)?[A-Za-z0-9+/]{1,}={0,2}(?:\n|\Z))+", re.MULTILINE
)
_ENDLESS_WORD = re.compile(r"(?<!\S)\S{1000,}")  # only from the start of a word: five times faster
_UUENCODE = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,200})\n(?:[!-`][ -`]{1,80}\n)+`?\n?end$", re.MULTILINE)
# The quick question whether either can occur: a search that starts at line breaks is 20 times faster.
_LONG_LINE = re.compile(r"\n(?:>+ ?)?[A-Za-z0-9+/]{60}")
_ENDLESS = 1000
_MAX_COMPARED = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexText:
    body: str
    filenames: tuple[str, ...]
    truncated: bool  # more text than the index takes
    defects: frozenset[Defect] = frozenset()  # what only a look into the bodies shows


class _Collector:
    """Text pieces up to the limit."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.filenames: list[str] = []
        self.room = limits.INDEX_CHARACTERS
        self.truncated = False
        self.defects: set[Defect] = set()

    def add(self, text: str) -> None:
        if len(text) > self.room:
            self.truncated = True
            text = text[: self.room]
        if text:
            self.pieces.append(text)
            self.room -= len(text)

    def name(self, name: str) -> None:
        if name and len(self.filenames) < limits.PARTS:
            self.filenames.append(name)


def index_text(raw: bytes, parsed: ParsedMessage) -> IndexText:
    """Everything of the message that can be found by words, except its own header fields."""
    found = _Collector()
    waiting = [(raw, parsed)]
    for _ in range(_MAX_DECODED_MESSAGES):
        if not waiting:
            break
        waiting += _collect(found, *waiting.pop())
    found.truncated |= bool(waiting)
    body = "\n".join(found.pieces)
    if not body.isascii() and not unicodedata.is_normalized("NFC", body):
        body = unicodedata.normalize("NFC", body)
    return IndexText(
        body=body,
        filenames=tuple(found.filenames),
        truncated=found.truncated,
        defects=frozenset(found.defects),
    )


def _collect(found: _Collector, raw: bytes, parsed: ParsedMessage) -> list[tuple[bytes, ParsedMessage]]:
    """Add one message; return the encoded messages inside it, which have no byte ranges of their own."""
    encoded: list[tuple[bytes, ParsedMessage]] = []
    plain = ""
    for position, part in enumerate(parsed.parts):
        found.name(part.filename)
        if found.room <= 0:
            found.truncated = True
        elif part.content_type in NESTED_TYPES:
            if position + 1 < len(parsed.parts) and parsed.parts[position + 1].depth > part.depth:
                found.add(_nested_header(raw, part))
            elif len(encoded) < _MAX_DECODED_MESSAGES:
                data = decode_part(raw, part)
                found.add(_header_words(data))
                encoded.append((data, parse(data)))
        elif is_tnef(part):
            _collect_tnef(found, raw, part)
        elif is_html(part):
            found.add(without_encoded(_unseen_lines(html_text(decode_text(raw, part, found.defects)), plain)))
        elif _has_text(part):
            _note_limit(found, part)
            plain = without_encoded(decode_text(raw, part, found.defects))
            found.add(plain)
    return encoded


def _has_text(part: Part) -> bool:
    kind = part.content_type
    return (kind.startswith("text/") and kind not in _NOT_TEXT) or kind in _INDEXED


def _note_limit(found: _Collector, part: Part) -> None:
    if part.body.end - part.body.start > limits.TEXT_PART_BYTES:
        found.truncated = True


def _unseen_lines(html: str, plain: str) -> str:
    """The lines of the HTML that say something the plain alternative does not."""
    if not plain:
        return html
    lines = html.split("\n")
    if len(lines) * len(plain) < _MAX_COMPARED:
        unwrapped = plain.replace("\n", " ")
        lines = [line for line in lines if line not in unwrapped]
    if not lines:
        return ""
    words = set(plain.split())
    return "\n".join(line for line in lines if not words.issuperset(line.split()))


def _nested_header(raw: bytes, part: Part) -> str:
    return _header_words(raw[part.body.start : part.body.end])


def _header_words(data: bytes) -> str:
    """Subject and addresses of a nested message."""
    view = readable(data)
    block = scan_header(view, 0, len(view), set())
    words = [text_field(view, block, b"subject", set())[: limits.SUBJECT_CHARACTERS]]
    for name in _NESTED_FIELDS:
        for mailbox in mailboxes(view, block, name, set()):
            words += mailbox.name, mailbox.address
    return " ".join(filter(None, words))


def _collect_tnef(found: _Collector, raw: bytes, part: Part) -> None:
    content = read_tnef(decode_part(raw, part))
    if content is not None:
        found.add(without_encoded(content.text))
        for file in content.attachments:
            found.name(file.name)


def without_encoded(text: str) -> str:
    """Text without blocks of base64 and uuencode and without endless words."""
    if "\nbegin " in text or text.startswith("begin "):
        text = _UUENCODE.sub(r"\1", text)
    if _LONG_LINE.search(text) or _LONG_LINE.match("\n" + text[:80]):
        text = _BASE64_LINES.sub("", text)
    return _ENDLESS_WORD.sub(" ", text) if _has_endless_word(text) else text


def _has_endless_word(text: str) -> bool:
    """A word that long covers a whole block of half its length."""
    half = _ENDLESS // 2
    for start in range(0, len(text) - half + 1, half):
        block = text[start : start + half]
        if " " not in block and "\n" not in block:
            return True
    return False
