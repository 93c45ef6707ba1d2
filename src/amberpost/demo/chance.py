"""Chance that repeats: the same seed gives the same mail on every machine and Python version."""

import hashlib
import struct
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_NUMBERS = 256  # 32-bit numbers of one digest


class Chance:
    """A stream of numbers from SHAKE-128 of a seed. Good for sample mail, not for secrets."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode("utf-8")
        self._block = 0
        self._numbers: list[int] = []

    def number(self) -> int:
        """32 bits."""
        if not self._numbers:
            digest = hashlib.shake_128(b"%d/%b" % (self._block, self._seed)).digest(4 * _NUMBERS)
            self._numbers = list(struct.unpack(f">{_NUMBERS}I", digest))
            self._block += 1
        return self._numbers.pop()

    def below(self, limit: int) -> int:
        return self.number() % limit

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + self.number() % (high - low + 1)

    def is_in(self, percent: int) -> bool:
        """True that often in a hundred."""
        return self.number() % 100 < percent

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.number() % len(values)]

    def some_of(self, values: Sequence[T], count: int) -> list[T]:
        """`count` different ones in the order of chance, or all there are."""
        rest = list(values)
        return [rest.pop(self.number() % len(rest)) for _ in range(min(count, len(rest)))]

    def hex(self, digits: int) -> str:
        return "".join(f"{self.number():08x}" for _ in range(-(-digits // 8)))[:digits]

    def data(self, size: int) -> bytes:
        """Bytes that do not compress."""
        return hashlib.shake_128(b"data/%d/%b" % (self.number(), self._seed)).digest(size)
