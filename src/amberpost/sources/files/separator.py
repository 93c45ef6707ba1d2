"""The line that begins a message in an mbox, and its shapes.

No standard binds the writers: RFC 4155 asks for an address and an asctime; Thunderbird writes a dash or nothing; old
systems leave out the year, add a zone or "remote from"; list archives write "user at host".
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

from amberpost.sources.files.fields import LINE_END, Content, after_prelude, begins_header, names_at

_WEEKDAY = rb"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
_MONTH = rb"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_TIME = rb"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
_ZONES = rb"(?:[ ]+(?:[a-z]{1,5}(?:[+-]\d{1,4})?|[+-]\d{2}:?\d{2}|\([^()\r\n]{1,30}\))){0,2}"
_YEAR = rb"(?:\d{4}|\d{2})"
_ASCTIME = (
    rb"(?P<weekday>" + _WEEKDAY + rb",?[ ]+)?" + _MONTH + rb"[ ]+\d{1,2},?[ ]+" + _TIME + _ZONES
    + rb"(?P<year>[ ]+" + _YEAR + rb")?" + _ZONES
)  # fmt: skip
_RFC_5322 = (
    rb"(?:" + _WEEKDAY + rb",?[ ]+)?\d{1,2}[ -]" + _MONTH + rb"[ -]" + _YEAR + rb"[ ]+" + _TIME + _ZONES
)
_ISO_8601 = rb"\d{4}-\d{2}-\d{2}[ t]" + _TIME + rb"z?" + _ZONES
_ABROAD = (  # the names of days and months in another language: only behind an address
    rb"[^\s\d:@,]{2,12},?[ ]+[^\s\d:@,]{3,12}[ ]+\d{1,2}\.?[ ]+" + _TIME + _ZONES + rb"[ ]+\d{4}" + _ZONES
)
_REMOTE = rb"(?:[ ]+remote from[ ]+\S+)?"  # UUCP

_ADDRESS = rb'(?:"[^"\r\n]{1,300}"@\S+|<?[^\s@<>]{1,300}@\S+|[^@\r\n]{1,300}? at \S+\.\S+|[^\r\n]{1,300}@\S+)'
_DATED = re.compile(
    rb"(?P<sender>[^\r\n]*?)(?P<gap>[ \t]+)"
    + rb"(?:" + _ASCTIME + rb"|(?P<other>" + _RFC_5322 + rb"|" + _ISO_8601 + rb"))" + _REMOTE,
    re.IGNORECASE,
)  # fmt: skip
_DATED_ABROAD = re.compile(_ADDRESS + rb"[ \t]+" + _ABROAD + _REMOTE, re.IGNORECASE)
_SENDER = re.compile(rb"\S+|" + _ADDRESS)
_ONLY_ADDRESS = re.compile(rb'"[^"\r\n]{1,300}"@\S+|<?[^\s@]{1,300}@[^\s@]+|\S+ at \S+\.\S+')
_ANY_TIME = re.compile(rb"\d:\d\d")
_ONE_WORD = re.compile(rb"\S{1,300}")
_LINE = re.compile(rb"[^\r\n]{0,1000}")  # twice what an address may have (RFC 5321 4.5.3.1), and a date
_LINE_END = re.compile(LINE_END)
_EMPTY_BEFORE = re.compile(rb"(?:\n\n|\n\r\n|\r\r)\Z")
_EMPTY_LINES = re.compile(rb"(?:[ \t]*" + LINE_END + rb"){0,2}")


class Shape(Enum):
    """What stands behind "From "."""

    BARE = auto()  # nothing: Thunderbird since 2023
    DASH = auto()  # -
    DASH_DATED = auto()  # - Tue Mar 12 10:00:00 2024: Netscape, Mozilla, Thunderbird
    NAME = auto()  # one word
    ADDRESS = auto()  # ana@firma.example
    YEARLESS = auto()  # ana@firma.example Tue Mar 12 10:00:00
    DATED = auto()  # ana@firma.example Tue Mar 12 10:00:00 2024, and its kin
    LISTED = auto()  # anything, two blanks, a date: list archives whose sender had no address


OF_THUNDERBIRD = frozenset({Shape.BARE, Shape.DASH, Shape.DASH_DATED})
_WEAK = frozenset({Shape.BARE, Shape.DASH, Shape.NAME, Shape.ADDRESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator:
    """A separator line: where it starts, where the message behind it starts, and how it looks."""

    start: int
    end: int
    shape: Shape
    is_obscured: bool  # "ana at firma.example", two blanks: a list archive
    follows_empty_line: bool
    by_mozilla: bool  # a field of Thunderbird's stands behind it
    is_doubtful: (
        bool  # a letter may hold such a line, and what follows may be a few lines that somebody typed
    )

    def begins_like(self, first: "Separator") -> bool:
        """True if both are of one writer: the shape of a file's first separator is demanded of all."""
        if self.shape is first.shape:
            return True
        if self.by_mozilla:  # a folder that outlived several versions of Thunderbird, and its add-ons
            return first.by_mozilla or first.shape in OF_THUNDERBIRD
        if self.shape is Shape.LISTED:
            return first.is_obscured
        return self.shape is Shape.DATED and first.shape is Shape.LISTED


def separator_at(content: Content, start: int, *, is_first: bool = False) -> Separator | None:
    """The separator that stands here, before a header; None for any other line that begins with "From "."""
    line = _LINE.match(content, start + 5)
    assert line is not None  # it matches the empty string
    line_end = _LINE_END.match(content, line.end())
    if line_end is None:
        return None
    shape, is_obscured = _shape_of(content[start + 4 : line.end()])
    if shape is None:
        return None
    end = line_end.end()
    follows_empty_line = start == 0 or _EMPTY_BEFORE.search(content[max(0, start - 3) : start]) is not None
    is_weak = shape in _WEAK
    if not begins_header(content, end, 2 if is_weak and not is_first else 1):
        # A message may begin with an empty line that its sender left there (RFC 5322 knows no such thing).
        beyond = _EMPTY_LINES.match(content, end)
        if is_weak or not follows_empty_line or beyond is None or not begins_header(content, beyond.end(), 2):
            return None
    return Separator(
        start=start,
        end=end,
        shape=shape,
        is_obscured=is_obscured,
        follows_empty_line=follows_empty_line,
        by_mozilla=_has_mozilla_field(content, end),
        is_doubtful=is_weak and not _has_whole_header(content, end),
    )


def _shape_of(line: bytes) -> tuple[Shape | None, bool]:
    """The shape of what stands behind "From", and whether its address is obscured as list archives do it."""
    text = line.strip()
    if not text:
        return Shape.BARE, False
    if text == b"-":
        return Shape.DASH, False
    if _ANY_TIME.search(text):
        dated = _DATED.fullmatch(line.rstrip())
        if dated is None:
            return (Shape.DATED if _DATED_ABROAD.fullmatch(text) else None), False
        sender = dated["sender"].strip()
        if sender == b"-":
            return Shape.DASH_DATED, False
        is_spaced = len(dated["gap"]) >= 2
        if _SENDER.fullmatch(sender) is None:
            return (Shape.LISTED if is_spaced else None), is_spaced
        if dated["weekday"] is None and dated["other"] is None and b"@" not in sender:
            return None, False  # "From yesterday Mar 12 10:00"
        has_year = dated["year"] is not None or dated["other"] is not None
        return (Shape.DATED if has_year else Shape.YEARLESS), is_spaced and b" at " in sender
    if _ONLY_ADDRESS.fullmatch(text):
        return Shape.ADDRESS, False
    return (Shape.NAME if _ONE_WORD.fullmatch(text) else None), False


def _has_whole_header(content: Content, at: int) -> bool:
    """True for what a program wrote; who quotes by hand behind "From bob" does not repeat it as a field."""
    names = set(names_at(content, after_prelude(content, at)))
    return b"from" in names and not names.isdisjoint({b"date", b"message-id", b"received"})


def _has_mozilla_field(content: Content, at: int) -> bool:
    names = islice(names_at(content, after_prelude(content, at)), 4)  # its account and UIDL may stand before
    return any(name.startswith(b"x-mozilla-") for name in names)
