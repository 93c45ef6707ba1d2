"""The words of a message for the index.

Promises a bounded text in which every word a reader could see occurs: plain bodies, HTML, calendars and contacts,
text attachments, messages inside it with their subjects and addresses wherever they lie, TNEF, and what stands
before the first and behind the last boundary of a multipart. Encoded rubbish (base64 inside text) is left out. Other
attachment types come with their own extractors, outside this package.
"""

import re
import unicodedata
from dataclasses import dataclass

from amberpost.message import limits
from amberpost.message.attachments import attachment_name, count_at
from amberpost.message.body import decode_part, is_html, is_text, is_tnef, read_text
from amberpost.message.charset import decode
from amberpost.message.contents import LocatedPart, places
from amberpost.message.headers import mailboxes, text_field
from amberpost.message.markup import html_text, is_bomb
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.scan import readable, scan_header
from amberpost.message.tnef import read_tnef
from amberpost.message.types import Defect, ParsedMessage
from amberpost.message.uuencode import take_files
from amberpost.message.words import clean_filename

_NESTED_FIELDS = (b"from", b"to", b"cc")
# What programs write before the first boundary for readers without MIME. Everybody's mail has it; it finds nothing.
_BOILERPLATE = re.compile(
    r"This is (?:a multi-?part message in MIME format|an? (?:S/MIME|OpenPGP/MIME|cryptographically) signed message"
    r"(?: in MIME format| \([^)\n]{0,60}\))?)\.?",
    re.IGNORECASE,
)
_AROUND_BYTES = 1024 * 1024  # of text outside all parts
# Two or more lines of nothing but base64, of which only the last may be short; and endless words of such letters: a
# paragraph without blanks is none (Chinese, a table with semicolons).
_QUOTES = r"(?:>+ ?)?"
_LAST_LINE = r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?+(?:\n|\Z)"
_BASE64_LINES = re.compile(
    rf"^{_QUOTES}[A-Za-z0-9+/]{{60,}}+={{0,2}}\n"
    rf"(?={_QUOTES}(?=[A-Za-z0-9+/])(?:[A-Za-z0-9+/]{{60}}|{_LAST_LINE}))"
    rf"(?:{_QUOTES}[A-Za-z0-9+/]{{60,}}+={{0,2}}(?:\n|\Z))*+(?:{_QUOTES}{_LAST_LINE})?+",
    re.MULTILINE,
)
_ENDLESS_WORD = re.compile(
    r"(?<![A-Za-z0-9+/=_%-])[A-Za-z0-9+/=_%-]{1000,}"
)  # only from the start: five times faster
# The quick question whether it can occur: a search that starts at line breaks is 20 times faster.
_LONG_LINE = re.compile(r"\n(?:>+ ?)?[A-Za-z0-9+/]{60}")
_ENDLESS = 1000  # the longest words and addresses of people, links among them, stay below
_MAX_COMPARED = 20_000_000  # lines times letters: some milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexText:
    body: str
    filenames: tuple[str, ...]
    truncated: bool  # more text than the index takes
    attachment_count: int  # as attachments() lists them
    defects: frozenset[Defect] = frozenset()  # what only a look into the bodies shows


class _Collector:
    """Text pieces up to the limit."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.filenames: list[str] = []
        self.around: list[str] = []  # text outside all parts
        self.room = limits.INDEX_CHARACTERS
        self.attachment_count = 0
        self.truncated = False
        self.defects: set[Defect] = set()

    def add(self, text: str) -> None:
        if len(text) > self.room:
            self.truncated = True
            text = text[: self.room]
        if text:
            self.pieces.append(text.replace("\0", " ") if "\0" in text else text)
            self.room -= len(text)

    def name(self, name: str) -> None:
        if name and len(self.filenames) < limits.PARTS:
            self.filenames.append(name)


def index_text(raw: bytes, parsed: ParsedMessage) -> IndexText:
    """Everything of the message that can be found by words, except its own header fields."""
    found = _Collector()
    plain, plain_of = "", parsed
    for place in places(raw, parsed):
        part = place.part
        if part.is_multipart:
            found.name(part.filename)
            found.around += _around(place)
            continue
        is_nested = part.content_type in NESTED_TYPES or place.inside is not None
        subject, header_words = _header_of(place) if is_nested else ("", "")
        is_listed = part.is_attachment and not is_tnef(part)
        found.name(attachment_name(place.raw, part, subject) if is_listed else part.filename)
        if found.room <= 0 or place.is_beyond:
            found.truncated = True
            found.attachment_count += count_at(place)
            continue
        found.attachment_count += is_listed
        if is_nested:
            found.add(header_words)
        elif is_tnef(part):
            _collect_tnef(found, place)
        elif is_text(part):
            if part.body.end - part.body.start > limits.TEXT_PART_BYTES:
                found.truncated = True
            read = read_text(place.raw, part, found.defects)
            found.attachment_count += len(read.files)
            for file in read.files:
                found.name(clean_filename(file.name))
            if is_html(part):
                html = read.pieces[0].text
                found.truncated |= len(html) > limits.HTML_CHARACTERS
                if is_bomb(html):
                    found.defects.add(Defect.HTML_LIMIT)
                words = html_text(html)
                # Of two alternatives the index takes what the second says beyond the first: half the text.
                found.add(without_encoded(_unseen_lines(words, plain if plain_of is place.parsed else "")))
            else:
                plain, plain_of = without_encoded(read.words), place.parsed
                found.add(plain)
    # Last, so that no excerpt begins with it.
    for text in found.around:
        found.add(text)
    body = "\n".join(found.pieces)
    if not body.isascii() and not unicodedata.is_normalized("NFC", body):
        body = unicodedata.normalize("NFC", body)
    if found.truncated:
        found.defects.add(Defect.TEXT_LIMIT)
    return IndexText(
        body=body,
        filenames=tuple(found.filenames),
        truncated=found.truncated,
        attachment_count=min(found.attachment_count, limits.PARTS),
        defects=frozenset(found.defects),
    )


def _around(place: LocatedPart) -> list[str]:
    """What a multipart says before its first part and behind its last (RFC 2046 5.1.1), where hardly anybody looks."""
    parts, whole = place.parsed.parts, place.part
    children = []
    for part in parts[place.position + 1 :]:
        if part.depth <= whole.depth:
            break
        if part.depth == whole.depth + 1:
            children.append(part)
    if not children:
        return []
    before: list[bytes] = []
    preamble = place.raw[whole.body.start : children[0].header.start].lstrip()
    if not preamble.startswith(b"--") or preamble.count(b"\n") > 1:
        before = preamble.splitlines()
        while before and before[-1].startswith(b"--"):
            before.pop()
    closing, _, behind = place.raw[children[-1].body.end : whole.body.end].lstrip(b"\r\n").partition(b"\n")
    if not closing.rstrip().endswith(b"--"):
        behind = b""  # parts beyond the limit
    if not before and not behind.strip():
        return []
    texts = (decode(data[:_AROUND_BYTES], None) for data in (b"\n".join(before), behind) if data.strip())
    return [text for text in (_BOILERPLATE.sub("", without_encoded(t)).strip() for t in texts) if text]


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


def _header_of(place: LocatedPart) -> tuple[str, str]:
    """The subject of a nested message; and its subject and addresses, for the index."""
    view = readable(place.inside if place.inside is not None else decode_part(place.raw, place.part))
    block = scan_header(view, 0, len(view), set())
    subject = text_field(view, block, b"subject", set())
    words = [subject[: limits.SUBJECT_CHARACTERS]]
    for name in _NESTED_FIELDS:
        for mailbox in mailboxes(view, block, name, set()):
            words += mailbox.name, mailbox.address
    return subject, " ".join(filter(None, words))


def _collect_tnef(found: _Collector, place: LocatedPart) -> None:
    content = read_tnef(decode_part(place.raw, place.part))
    if content is None:
        found.defects.add(Defect.BAD_TNEF)
        found.attachment_count += place.part.is_attachment
        return
    found.attachment_count += len(content.attachments)
    if not content.is_complete:
        found.defects.add(Defect.BAD_TNEF)
    text, files = take_files(content.text)
    found.add(without_encoded(text))
    for name in (
        *(file.name for file in content.attachments),
        *(clean_filename(file.name) for file in files),
    ):
        found.name(name)


def without_encoded(text: str) -> str:
    """Text without blocks of base64 and without endless words."""
    if _LONG_LINE.search(text) or _LONG_LINE.match("\n" + text[:80]):
        text = _BASE64_LINES.sub("", text)
    # A word that long covers a whole block of half its length: looking for one of these is far quicker.
    half = _ENDLESS // 2
    for start in range(0, len(text) - half + 1, half):
        block = text[start : start + half]
        if " " not in block and "\n" not in block:
            return _ENDLESS_WORD.sub(" ", text)
    return text
