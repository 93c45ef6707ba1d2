"""mbox in all its kinds: where each message starts and ends, and what its writer added.

Nothing in an mbox says which kind it is, so the file is asked: its first separator gives the shape of all; its first
messages tell whether an empty line ends each, and whether Content-Length counts; lines of >>From tell mboxrd.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from amberpost.sources.files.fields import LINE_END, Content, after_empty_lines
from amberpost.sources.files.marks import Marks, header_marks
from amberpost.sources.files.separator import OF_THUNDERBIRD, Separator, Shape, separator_at

_SURVEYED = 50  # messages at the beginning tell the habits of whoever wrote the file
_EVIDENCE = 1000  # lines of >>From that are looked at, …
_CONTEXT = 2000  # … with so many bytes before and behind

_CANDIDATE = re.compile(rb"\nFrom ")
_CANDIDATE_CR = re.compile(rb"[\r\n]From ")
_QUOTED = re.compile(rb"(\A|[\r\n])>(>*From )")
_DEEP_QUOTE = re.compile(
    rb">>+From "
)  # that it begins a line is asked later: asked here, it takes twenty times as long
_LINE_ENDS = re.compile(rb"(?:" + LINE_END + rb"){0,2}")
_DEPTH = re.compile(rb"[> ]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MboxMessage:
    """One message of a mailbox: its range, and what its owner's program and ours noticed."""

    start: int
    end: int
    is_deleted: bool  # in the mailbox, by its owner
    strangers: int  # lines in it that look like separators of another writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the writer of a file does."""

    first: Separator
    candidate: re.Pattern[bytes]  # a line that may be a separator: depends on the line ends
    counts: bool = True  # Content-Length is the writer's
    adds_empty_line: bool = True  # behind each message; it is not part of it
    needs_empty_line: bool = False  # before a doubtful separator


def mbox_habits(content: Content) -> Habits | None:
    """How this mbox is written; None if it is none: it must begin with a separator and a header behind it."""
    start = after_empty_lines(content)
    first = separator_at(content, start, is_first=True) if content[start : start + 5] == b"From " else None
    if first is None:
        return None
    is_old_mac = content[first.end - 1 : first.end] == b"\r"
    habits = Habits(first=first, candidate=_CANDIDATE_CR if is_old_mac else _CANDIDATE)
    seen: list[Separator] = []
    counted, separator = 0, first
    while len(seen) < _SURVEYED:
        marks = header_marks(content, separator.end, len(content))
        counted += marks.length is not None
        following = _find_end(content, separator.end, marks, habits).following
        if following is None:
            break
        seen.append(following)
        separator = following
    counts = counted * 2 > len(seen) + 1
    spaced = sum(one.follows_empty_line for one in seen)
    needs = first.shape in {Shape.NAME, Shape.ADDRESS} and spaced * 2 > len(seen)
    if needs:
        seen = [one for one in seen if one.follows_empty_line or not one.is_doubtful]
    # Here and there one is missing; where several are, those that are there are the letters' own. Thunderbird of late
    # adds none, ever.
    is_regular = spaced * 10 >= len(seen) * 9 if first.shape not in OF_THUNDERBIRD else spaced == len(seen)
    adds = is_regular and (bool(seen) or first.shape is not Shape.BARE)
    return replace(habits, counts=counts, adds_empty_line=adds, needs_empty_line=needs)


def mbox_messages(content: Content, habits: Habits | None = None) -> Iterator[MboxMessage]:
    """Each message, without its separator and without the empty line that ends it; none if this is no mbox."""
    habits = habits or mbox_habits(content)
    separator = habits.first if habits is not None else None
    while habits is not None and separator is not None:
        start = separator.end
        marks = header_marks(content, start, len(content))
        found = _find_end(content, start, marks, habits)
        yield MboxMessage(start=start, end=found.end, is_deleted=marks.is_deleted, strangers=found.strangers)
        separator = found.following


@dataclass(frozen=True, slots=True)
class _End:
    """Where a message ends, the separator behind it, and the lines in it that might have been one."""

    end: int
    following: Separator | None
    strangers: int = 0


def _find_end(content: Content, start: int, marks: Marks, habits: Habits) -> _End:
    if habits.counts and marks.length is not None and marks.body + marks.length <= len(content):
        # mboxcl, mboxcl2: the length counts if it lands on a separator or the end, whatever stands in between.
        end = marks.body + marks.length
        landing = _LINE_ENDS.match(content, end)
        at = landing.end() if landing is not None else end
        if at == len(content):
            return _End(end, None)
        if content[at : at + 5] == b"From " and content[at - 1] in b"\r\n":
            following = separator_at(content, at)
            if following is not None and following.begins_like(habits.first):
                return _End(end, following)
    strangers, at = 0, start
    while line := habits.candidate.search(content, at):  # no finditer: it would hold on to the mapped file
        at = line.end()
        found = separator_at(content, line.start() + 1)
        if found is None:
            continue
        if not found.begins_like(habits.first):
            strangers += found.follows_empty_line and not found.is_doubtful
        elif found.follows_empty_line or not (found.is_doubtful and habits.needs_empty_line):
            return _End(_without_empty_line(content, start, found.start, habits), found, strangers)
    return _End(_without_empty_line(content, start, len(content), habits), None, strangers)


def _without_empty_line(content: Content, start: int, end: int, habits: Habits) -> int:
    """The end of a message before the empty line its writer added, if this one does."""
    if not habits.adds_empty_line:
        return end
    if content[end - 2 : end] == b"\r\n":
        return max(start, end - 2) if content[end - 4 : end - 2] == b"\r\n" else end
    last = content[end - 1 : end]
    return max(start, end - 1) if last in {b"\n", b"\r"} and content[end - 2 : end - 1] == last else end


def is_mboxrd(content: Content, habits: Habits, name: str) -> bool:
    """True if > was put before every line of >*From, so that taking one away gives the bytes as they were.

    mboxo put it before From alone: such a file looks the same, and who takes it away changes what people wrote.
    In mboxrd, a line of >>From stands one level deeper than the quoted lines around it; where a person quoted a
    quotation, it stands level with them. One such line is no proof. Neither is, against all of it, a file in which
    some line of a letter begins with From unquoted. The name of a file may say what its bytes cannot: *mboxrd*.
    """
    deeper = level = at = 0
    while deeper + level < _EVIDENCE and (found := _DEEP_QUOTE.search(content, at)):
        at = found.end()
        if content[max(0, found.start() - 1) : found.start()] not in {b"", b"\r", b"\n"}:
            continue
        above = content[max(0, found.start() - _CONTEXT) : found.start()].splitlines()
        below = content[found.end() : found.end() + _CONTEXT].splitlines()[1:]
        depth = found[0].count(b">")
        is_level = max(_quote_depth(reversed(above)), _quote_depth(below)) >= depth
        level += is_level
        deeper += not is_level
    is_proved = deeper >= 2 and deeper > 10 * level
    return (is_proved or "mboxrd" in name.lower()) and not _has_unquoted_line(content, habits)


def _quote_depth(lines: Iterable[bytes]) -> int:
    """How many > stand before the nearest line that was not itself quoted by the writer of the file."""
    prefixes = (_DEPTH.match(line) for line in lines if _QUOTED.match(line) is None)
    nearest = next(prefixes, None)
    return nearest[0].count(b">") if nearest is not None else 0


def _has_unquoted_line(content: Content, habits: Habits) -> bool:
    at = habits.first.end
    while found := habits.candidate.search(content, at):
        line = separator_at(content, found.start() + 1)
        if line is None or not line.begins_like(habits.first):
            return True
        at = line.end - 1
    return False


def unquote(raw: bytes) -> bytes:
    """A message of an mboxrd as it was: one > less before each line of >*From."""
    return _QUOTED.sub(rb"\1\2", raw) if b">From " in raw else raw  # the plain search is 50 times faster


def has_quoted_line(raw: bytes) -> bool:
    """True if a line begins with >From."""
    return b"\n>From " in raw or b"\r>From " in raw or raw.startswith(b">From ")
