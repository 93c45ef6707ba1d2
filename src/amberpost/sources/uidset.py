"""Sets of IMAP UIDs, kept as ranges.

An archived mailbox is a few long ranges with holes, so 100,000 UIDs cost a few hundred bytes. Values are
immutable; text is the sequence-set of RFC 9051 §9 ("1:5000,5003"), without "*".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Self

MAX_UID = 2**32 - 1

Range = tuple[int, int]  # both ends included


@dataclass(frozen=True, slots=True)
class UidSet:
    """An immutable set of UIDs; `ranges` is sorted, without overlap and without neighbours that touch."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, uids: Iterable[int]) -> Self:
        return cls(_merged((uid, uid) for uid in sorted(uids)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a sequence-set; ValueError for anything else."""
        return cls(_merged(sorted(_range(item) for item in text.split(",")))) if text else cls()

    def __str__(self) -> str:
        return ",".join(f"{start}:{end}" if start != end else str(start) for start, end in self.ranges)

    def __len__(self) -> int:
        return sum(end - start + 1 for start, end in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for start, end in self.ranges:
            yield from range(start, end + 1)

    def __contains__(self, uid: object) -> bool:
        if not isinstance(uid, int):
            return False
        low, high = 0, len(self.ranges)
        while low < high:
            middle = (low + high) // 2
            if self.ranges[middle][1] < uid:
                low = middle + 1
            else:
                high = middle
        return low < len(self.ranges) and self.ranges[low][0] <= uid

    @property
    def highest(self) -> int:
        """The greatest UID in the set; 0 for none."""
        return self.ranges[-1][1] if self.ranges else 0

    def union(self, other: "UidSet") -> "UidSet":
        return UidSet(_merged(sorted((*self.ranges, *other.ranges))))

    def add(self, uids: Iterable[int]) -> "UidSet":
        return self.union(UidSet.of(uids))

    def difference(self, other: "UidSet") -> "UidSet":
        """What is here and not there."""
        return UidSet(tuple(_subtracted(self.ranges, other.ranges)))

    def chunks(self, size: int) -> Iterator[list[int]]:
        """The UIDs in ascending order, `size` at a time."""
        uids = iter(self)
        while chunk := list(islice(uids, size)):
            yield chunk


def _range(item: str) -> Range:
    first, colon, last = item.partition(":")
    start, end = int(first), int(last) if colon else int(first)
    start, end = min(start, end), max(start, end)  # RFC 9051: 4:2 means 2:4
    if start < 1 or end > MAX_UID:
        raise ValueError(f"not a UID range: {item[:40]!r}")
    return start, end


def _merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1] + 1:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def _subtracted(ranges: tuple[Range, ...], holes: tuple[Range, ...]) -> Iterator[Range]:
    at = 0
    for start, end in ranges:
        while at < len(holes) and holes[at][1] < start:
            at += 1
        hole = at  # a hole may reach into the next range: `at` stays on it
        while hole < len(holes) and holes[hole][0] <= end:
            if holes[hole][0] > start:
                yield start, holes[hole][0] - 1
            start = holes[hole][1] + 1
            hole += 1
        if start <= end:
            yield start, end
