"""Room that is kept for entries which must not be lost when the disk is full.

`reserve/entries` is a file of zeros with all its blocks; entries are written over them, sealed, one behind
another. That takes no room where a file system changes files in place (ext4, XFS); one that copies what is
written (btrfs, ZFS, a volume with a snapshot) gives no such promise. Any process may append; whoever drains
it must take an entry again that it has taken before. Bytes in docs/formats/store.md.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from struct import Struct
from zlib import crc32

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amberpost.errors import ReserveFull
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.wrap import bound, unwrap, wrap

RESERVE = "reserve/entries"
LARGEST = 4096  # of an entry; it is full when one of this size has no room
ROOM = "reserve/room"
ROOM_BYTES = 256 * 1024  # SQLite needs 32 KiB for each database that several processes share
_LOCK = "reserve/lock"
_MAGIC = b"AMBR"
_HEADER = Struct(">4sI16sII")  # magic, length, run, number, CRC-32 of these and what follows
_WAIT_SECONDS = 0.005  # one entry takes a sync, which a disk does in as long

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Where the next entry goes. A run is what was written since the file was last drained."""

    run: bytes
    number: int
    offset: int


def give_room(disk: LocalDisk) -> None:
    """Let processes that share the databases start on a full disk; the worker takes the room back later."""
    if disk.exists(ROOM) and disk.free_bytes() < ROOM_BYTES:
        disk.remove(ROOM)


class Reserve:
    """The reserve of one archive. Safe to use from several threads and processes."""

    def __init__(self, disk: LocalDisk, keys: KeyStore | None = None) -> None:
        """Without keys it only tells its state."""
        self._disk = disk
        self._keys = keys
        self._guard = threading.Lock()
        self._end: _End | None = None  # as we last saw it

    def prepare(self, size: int) -> None:
        """Keep so many bytes from now on, if the disk has them and no entries lie in a smaller file."""
        is_wanted = self.size() < size and self.is_empty()
        if not size or (self._disk.exists(ROOM) and not is_wanted):
            return
        if self._disk.free_bytes() < 2 * (size + ROOM_BYTES):
            _log.warning("no room for the reserve bytes=%d", size)
            return
        self._disk.make_folder("reserve")
        with self._alone():  # written, not only promised to us by the file system
            if is_wanted:
                self._disk.replace(RESERVE, bytes(size))
            self._disk.replace(ROOM, bytes(ROOM_BYTES))

    def size(self) -> int:
        """Bytes that are kept."""
        return self._disk.size(RESERVE) if self._disk.exists(RESERVE) else 0

    def used(self) -> int:
        """Bytes that entries take."""
        return 0 if self.is_empty() else self._find_end().offset

    def is_empty(self) -> bool:
        """True also where nothing is kept at all."""
        return not self._disk.exists(RESERVE) or _parse(self._disk.read_at(RESERVE, 0, _HEADER.size)) is None

    def is_full(self) -> bool:
        """Whether the next entry would be refused."""
        return self.size() - self.used() < LARGEST

    def append(self, entry: bytes) -> None:
        """When this returns the entry survives a power loss. ReserveFull if it has no room."""
        if not self.size():
            raise ReserveFull(str(self._disk.root))
        with self._alone():
            end = self._find_end()
            cipher, place = self._cipher(end.run, end.number)
            sealed = wrap(cipher, entry, place)
            header = _Header(length=len(sealed), run=end.run, number=end.number, crc=0)
            record = _HEADER.pack(_MAGIC, len(sealed), end.run, end.number, _crc(header, sealed)) + sealed
            if len(record) > LARGEST or end.offset + LARGEST > self.size():
                raise ReserveFull(str(self._disk.root))
            self._disk.overwrite(RESERVE, end.offset, record)
            self._end = _End(run=end.run, number=end.number + 1, offset=end.offset + len(record))

    def drain(self, keep: Callable[[list[bytes]], None]) -> int:
        """Hand all entries to `keep` and forget them once it has returned. Returns how many there were."""
        if self.is_empty():
            return 0
        with self._alone():
            entries: list[bytes] = []
            first = _parse(self._disk.read_at(RESERVE, 0, _HEADER.size))
            # Another process may have drained it while we waited for the lock.
            walk = self._walk(_End(run=first.run, number=0, offset=0)) if first is not None else ()
            for end, sealed in walk:
                cipher, place = self._cipher(end.run, end.number - 1)
                try:
                    entries.append(unwrap(cipher, sealed, place))
                except ValueError:  # the others must not be lost with it
                    _log.error("damaged entry in the reserve number=%d", end.number - 1)
            keep(entries)
            self._disk.overwrite(RESERVE, 0, bytes(_HEADER.size))
        return len(entries)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Neither another thread nor another process writes meanwhile."""
        with self._guard:
            while (lock := self._disk.lock(_LOCK)) is None:
                time.sleep(_WAIT_SECONDS)
            try:
                yield
            finally:
                lock.release()

    def _cipher(self, run: bytes, number: int) -> tuple[AESGCM, bytes]:
        """What seals an entry, and what it is bound to: it opens in its own place only."""
        assert self._keys is not None
        cipher = AESGCM(self._keys.label("reserve"))
        return cipher, bound("reserve", self._keys.origin, run, number)

    def _find_end(self) -> _End:
        """Behind the last entry of the run that begins the file; of a new run, if there is none."""
        first = _parse(self._disk.read_at(RESERVE, 0, _HEADER.size))
        if first is None:
            return _End(run=secrets.token_bytes(16), number=0, offset=0)
        end = self._end
        if end is None or end.run != first.run:
            end = _End(run=first.run, number=0, offset=0)
        if _parse(self._disk.read_at(RESERVE, end.offset, _HEADER.size)) is not None:
            end = max((later for later, _ in self._walk(end)), key=lambda one: one.offset, default=end)
        self._end = end
        return end

    def _walk(self, start: _End) -> Iterator[tuple[_End, bytes]]:
        """(where it ends, sealed bytes) of each whole entry of the run from `start` on."""
        data = memoryview(self._disk.read_at(RESERVE, start.offset, self.size()))
        end, at = start, 0
        while (header := _parse(data[at : at + _HEADER.size])) is not None:
            stop = at + _HEADER.size + header.length
            sealed = bytes(data[at + _HEADER.size : stop])
            if (header.run, header.number) != (end.run, end.number):
                return  # of an earlier run
            if header.crc != _crc(header, sealed):
                behind = _parse(data[stop : stop + _HEADER.size])
                if behind is None or (behind.run, behind.number) != (end.run, end.number + 1):
                    return  # cut off by a loss of power: nobody was promised it
            end = _End(run=end.run, number=end.number + 1, offset=start.offset + stop)
            yield end, sealed
            at = stop


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    length: int
    run: bytes
    number: int
    crc: int


def _parse(data: bytes | memoryview) -> _Header | None:
    """None where no entry begins."""
    if len(data) < _HEADER.size:
        return None
    magic, length, run, number, crc = _HEADER.unpack(data)
    return _Header(length=length, run=run, number=number, crc=crc) if magic == _MAGIC else None


def _crc(header: _Header, sealed: bytes) -> int:
    return crc32(_HEADER.pack(_MAGIC, header.length, header.run, header.number, 0) + sealed)
