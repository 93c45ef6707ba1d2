"""Files of a ledger in a dictionary, and plain second implementations to compare with."""

import base64
import hashlib
from collections.abc import Sequence

from amberpost.errors import StoreError

ORIGIN = "archive.example/mail"
SEED = bytes(range(32))


class MemoryFiles:
    """A dictionary that behaves as the store's disk does; counts what is written."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.unreadable: set[str] = set()
        self.written: list[str] = []

    def read(self, path: str) -> bytes:
        if path in self.unreadable:
            raise StoreError("cannot_read", subject=path)
        if path not in self.data:
            raise FileNotFoundError(path)
        return self.data[path]

    def replace(self, path: str, data: bytes) -> None:
        self.written.append(path)
        self.data[path] = data

    def list(self, path: str) -> list[str]:
        inside = [name[len(path) + 1 :] for name in self.data if name.startswith(f"{path}/")]
        return sorted({name.split("/")[0] for name in inside})

    def remove(self, path: str) -> None:
        del self.data[path]


def leaves(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def reference_root(items: Sequence[bytes]) -> bytes:
    """MTH word by word as in RFC 6962 section 2.1, with its recursion."""
    if not items:
        return sha256(b"")
    if len(items) == 1:
        return sha256(b"\x00" + items[0])
    k = 1
    while k * 2 < len(items):
        k *= 2
    return sha256(b"\x01" + reference_root(items[:k]) + reference_root(items[k:]))


def reference_inclusion(index: int, items: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(items) == 1:
        return []
    k = 1
    while k * 2 < len(items):
        k *= 2
    if index < k:
        return [*reference_inclusion(index, items[:k]), reference_root(items[k:])]
    return [*reference_inclusion(index - k, items[k:]), reference_root(items[:k])]


def reference_consistency(old: int, items: Sequence[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == len(items):
        return [] if is_whole else [reference_root(items)]
    k = 1
    while k * 2 < len(items):
        k *= 2
    if old <= k:
        return [*reference_consistency(old, items[:k], is_whole=is_whole), reference_root(items[k:])]
    return [*reference_consistency(old - k, items[k:], is_whole=False), reference_root(items[:k])]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
