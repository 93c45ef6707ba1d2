"""What to mark in a found text, and the stretch of it that shows why it was found. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from amberpost.search.tree import All, Any, Field, Query, Text
from amberpost.search.words import Word, words

MAX_SCANNED = 200_000  # characters of a text that are looked through for an excerpt
_NEAR_MARKS = 50  # more do not fit into an excerpt
_LEAD = 3  # an excerpt begins so many words before its first mark
_SHOWN_FIELDS = (None, Field.SUBJECT, Field.BODY)

Segment = tuple[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """Folded words that stand one behind the other; `prefix`: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False

    def begins_at(self, text: Sequence[Word], place: int) -> bool:
        """Whether all its words stand in the text from this word on."""
        found = [word.text for word in text[place : place + len(self.words)]]
        *firsts, last = self.words
        if len(found) < len(self.words) or found[:-1] != firsts:
            return False
        return found[-1].startswith(last) if self.prefix else found[-1] == last


def highlight_terms(query: Query) -> tuple[Highlight, ...]:
    """What a query asks for in subject or body, each once, without what it excludes."""
    return tuple(dict.fromkeys(_wanted(query)))


def _wanted(query: Query) -> Iterator[Highlight]:
    if isinstance(query, All | Any):
        for item in query.items:
            yield from _wanted(item)
    elif isinstance(query, Text) and query.field in _SHOWN_FIELDS:
        found = tuple(word.text for word in words(query.text))
        if found:
            yield Highlight(words=found, prefix=query.prefix)


def excerpt(text: str, query: Query, length: int = 240) -> list[Segment]:
    """About `length` characters of the text around what was searched for, as (piece, marked).

    The pieces joined are the excerpt with white space made single; "…" stands where text was left out.
    Nothing found, or nothing to mark: the beginning of the text, unmarked.
    """
    text = " ".join(text[:MAX_SCANNED].split())
    found = list(words(text))
    marks = list(_marks(found, highlight_terms(query)))
    start, end = _window(text, found, marks, length)
    segments = list(_cut(text, [(found[a].start, found[b].end) for a, b in marks], start, end))
    if start > 0:
        segments.insert(0, ("… ", False))
    if end < len(text):
        segments.append((" …", False))
    return segments


def _marks(found: list[Word], terms: tuple[Highlight, ...]) -> Iterator[tuple[int, int]]:
    """(first, last) word of each hit, in order, not overlapping."""
    by_first = {term.words[0] for term in terms if len(term.words) > 1 or not term.prefix}
    prefixes = tuple(term.words[0] for term in terms if len(term.words) == 1 and term.prefix)
    after = 0
    for place, word in enumerate(found):
        if place < after or not (word.text in by_first or (prefixes and word.text.startswith(prefixes))):
            continue
        hits = [len(term.words) for term in terms if term.begins_at(found, place)]
        if hits:
            after = place + max(hits)
            yield place, after - 1


def _window(text: str, found: list[Word], marks: list[tuple[int, int]], length: int) -> tuple[int, int]:
    """Where the excerpt begins and ends: the stretch in which most different words are marked."""
    if len(text) <= length:
        return 0, len(text)
    if not marks:
        return 0, _word_end(text, length)

    def variety(mark: int) -> int:
        """How many different marked words a stretch beginning with this mark would show."""
        limit = found[marks[mark][0]].start + length * 3 // 4
        near = islice(marks, mark, mark + _NEAR_MARKS)
        return len({found[a].text for a, b in near if found[b].end <= limit})

    best = max(range(len(marks)), key=lambda mark: (variety(mark), -mark))
    start = found[max(0, marks[best][0] - _LEAD)].start
    start = 0 if start < length // 4 and found[marks[best][1]].end < length else start
    return start, _word_end(text, start + length)


def _word_end(text: str, end: int) -> int:
    """The end moved back to the end of a word, if there is one near."""
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", max(0, end - 40), end + 1)
    return end if space < 0 else space


def _cut(text: str, marked: list[tuple[int, int]], start: int, end: int) -> Iterator[Segment]:
    place = start
    for begin, stop in marked:
        if begin < place or stop > end:
            continue
        if begin > place:
            yield text[place:begin], False
        yield text[begin:stop], True
        place = stop
    if place < end:
        yield text[place:end], False
