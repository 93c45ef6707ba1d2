"""A simulated disk: the system calls of amberpost.store.calls, with a memory for what was not synced.

Power loss keeps what was synced. Of the rest each write is kept, lost or torn at 512 bytes, and each
directory entry is as it was or as it became, all by a seeded choice: the worst a POSIX disk may do. Calls can
be made to fail (EIO, ENOSPC), to write short, or to be the last one before the lights go out. A failed sync
loses the dirty data and says nothing when it is called again, as Linux does.
"""

import errno
import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

SECTOR = 512
Change = tuple[str, int, bytes]  # ("write", offset, data) or ("cut", size, b"")


class PowerLoss(BaseException):
    """The process is gone. Not an Exception: nothing may catch it."""


@dataclass(eq=False)
class SimFile:
    cache: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    unsynced: list[Change] = field(default_factory=list)

    def change(self, one: Change) -> None:
        _apply(self.cache, one)
        self.unsynced.append(one)

    def sync(self) -> None:
        for one in self.unsynced:
            _apply(self.durable, one)
        self.unsynced.clear()

    def lose_dirty(self) -> None:
        """What a failed fsync does: the cache looks clean, the disk has not got it."""
        self.unsynced.clear()


@dataclass
class _Handle:
    path: str
    file: SimFile | None  # None: a folder
    append: bool


FOLDER = SimFile()


class SimDisk:
    """Implements Calls. `step_hook(kind, path)` may raise, or return "short", before each call."""

    def __init__(self, seed: int, root: str = "/data") -> None:
        self.random = random.Random(seed)
        self.names: dict[str, SimFile] = {root: FOLDER}
        self.durable_names: dict[str, SimFile] = {root: FOLDER}
        self.handles: dict[int, _Handle] = {}
        self.locks: dict[SimFile, int] = {}
        self.steps = 0
        self.crash_at: int | None = None
        self.dead = False
        self.fail: Callable[[int, str], str | None] = lambda step, kind: None
        self._next_handle = 3

    # What a test does to the machine

    def power_loss(self) -> None:
        """Everything that was not synced is at the mercy of the seed."""
        for path in sorted(self.names.keys() | self.durable_names.keys()):
            if self.names.get(path) is not self.durable_names.get(path) and self.random.random() < 0.5:
                _set(self.durable_names, path, self.names.get(path))
        for file in {id(one): one for one in self.durable_names.values()}.values():
            for change in file.unsynced:
                for part in self._survivors(change):
                    _apply(file.durable, part)
            file.unsynced.clear()
            file.cache = bytearray(file.durable)
        self.names = dict(self.durable_names)
        self.kill()

    def kill(self) -> None:
        """kill -9: handles and locks are gone, the page cache stays."""
        self.handles.clear()
        self.locks.clear()
        self.dead = False
        self.crash_at = None

    def _survivors(self, change: Change) -> list[Change]:
        kind, offset, data = change
        fate = self.random.random()
        if fate < 0.35:
            return []
        if fate < 0.65 or kind == "cut" or not data:
            return [change]
        if fate < 0.85:  # a prefix, as an append in progress leaves it
            return [("write", offset, data[: self.random.randrange(len(data) + 1)])]
        first = -offset % SECTOR or SECTOR
        starts = [0, *range(first, len(data), SECTOR)]
        ends = [*starts[1:], len(data)]
        kept = [pair for pair in zip(starts, ends, strict=True) if self.random.random() < 0.5]
        return [("write", offset + start, data[start:end]) for start, end in kept]

    def step(self, kind: str) -> str | None:
        """Count a call; die, fail or answer "short" where the test wants it."""
        if self.dead:
            raise PowerLoss
        self.steps += 1
        if self.crash_at is not None and self.steps >= self.crash_at:
            self.dead = True
            return "die"
        return self.fail(self.steps, kind)

    def _call(self, kind: str) -> str | None:
        fate = self.step(kind)
        if fate == "die":
            raise PowerLoss
        if fate in ("EIO", "ENOSPC"):
            raise OSError(getattr(errno, fate), fate)
        return fate

    # Calls

    def open(self, path: str, flags: int) -> int:
        self._call("open")
        file = self.names.get(path)
        if file is None:
            if not flags & os.O_CREAT or self.names.get(os.path.dirname(path)) is not FOLDER:
                raise FileNotFoundError(path)
            file = self.names[path] = SimFile()
        elif flags & os.O_EXCL:
            raise FileExistsError(path)
        if flags & os.O_TRUNC:
            file.change(("cut", 0, b""))
        self._next_handle += 1
        self.handles[self._next_handle] = _Handle(
            path, None if file is FOLDER else file, bool(flags & os.O_APPEND)
        )
        return self._next_handle

    def close(self, handle: int) -> None:
        gone = self.handles.pop(handle, None)
        if gone is not None and gone.file is not None and self.locks.get(gone.file) == handle:
            del self.locks[gone.file]

    def write(self, handle: int, data: bytes | memoryview) -> int:
        fate = self.step("write")
        if fate == "EIO":
            raise OSError(errno.EIO, "EIO")
        file = self._file(handle)
        length = len(data)
        if fate in ("short", "die", "ENOSPC"):
            length = self.random.randrange(1, length + 1)
        file.change(("write", len(file.cache), bytes(data[:length])))
        if fate == "die":
            raise PowerLoss
        if fate == "ENOSPC" and length == len(data):
            raise OSError(errno.ENOSPC, "ENOSPC")
        return length

    def pwrite(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        self._call("write")
        self._file(handle).change(("write", offset, bytes(data)))
        return len(data)

    def pread(self, handle: int, length: int, offset: int) -> bytes:
        self._alive()
        return bytes(self._file(handle).cache[offset : offset + length])

    def fsync(self, handle: int) -> None:
        fate = self.step("fsync")
        held = self.handles[handle]
        if fate == "die":
            if self.random.random() < 0.5:
                self._sync(held)
            raise PowerLoss
        if fate in ("EIO", "ENOSPC"):
            if held.file is not None:
                held.file.lose_dirty()
            raise OSError(getattr(errno, fate), fate)
        self._sync(held)

    fdatasync = fsync

    def ftruncate(self, handle: int, size: int) -> None:
        self._call("ftruncate")
        self._file(handle).change(("cut", size, b""))

    def rename(self, source: str, target: str) -> None:
        self._call("rename")
        self.names[target] = self.names.pop(source)

    def unlink(self, path: str) -> None:
        self._call("unlink")
        if path not in self.names:
            raise FileNotFoundError(path)
        del self.names[path]

    def mkdir(self, path: str) -> None:
        self._call("mkdir")
        self.names[path] = FOLDER

    def listdir(self, path: str) -> list[str]:
        self._alive()
        if self.names.get(path) is not FOLDER:
            raise FileNotFoundError(path)
        return [name[len(path) + 1 :] for name in self.names if os.path.dirname(name) == path]

    def size(self, handle: int) -> int:
        self._alive()
        return len(self._file(handle).cache)

    def exists(self, path: str) -> bool:
        self._alive()
        return path in self.names

    def lock(self, handle: int) -> bool:
        self._alive()
        file = self._file(handle)
        return self.locks.setdefault(file, handle) == handle

    def is_locked(self, handle: int) -> bool:
        self._alive()
        return self._file(handle) in self.locks

    def free_bytes(self, path: str) -> int:
        return 1 << 40

    def _alive(self) -> None:
        if self.dead:
            raise PowerLoss

    def _file(self, handle: int) -> SimFile:
        file = self.handles[handle].file
        assert file is not None
        return file

    def _sync(self, held: _Handle) -> None:
        if held.file is not None:
            held.file.sync()
            return
        for path in self.names.keys() | self.durable_names.keys():
            if os.path.dirname(path) == held.path:
                _set(self.durable_names, path, self.names.get(path))


class SimDatabase:
    """keys.db under the simulated disk: real SQLite in memory, durable as its image at each commit."""

    def __init__(self, disk: SimDisk, image: bytes) -> None:
        self.disk = disk
        self.image = image
        self.keeps_commits = True  # a mutant sets False: commits that are not synced

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=_SimConnection
        )
        if self.image:
            connection.deserialize(self.image)
        connection.owner = self
        return connection

    def commit(self, connection: "_SimConnection") -> None:
        fate = self.disk.step("commit")
        if fate == "die" and self.disk.random.random() < 0.5:
            raise PowerLoss
        if fate in ("EIO", "ENOSPC"):
            raise sqlite3.OperationalError("disk I/O error")
        sqlite3.Connection.commit(connection)
        if self.keeps_commits or self.disk.random.random() < 0.7:
            self.image = connection.serialize()
        if fate == "die":
            raise PowerLoss


class _SimConnection(sqlite3.Connection):
    owner: SimDatabase | None = None

    def commit(self) -> None:
        if self.owner is None:
            super().commit()
        else:
            self.owner.commit(self)


def _apply(data: bytearray, change: Change) -> None:
    kind, at, new = change
    if kind == "cut":
        del data[at:]
        data.extend(bytes(max(0, at - len(data))))
        return
    if at > len(data):
        data.extend(bytes(at - len(data)))
    data[at : at + len(new)] = new


def _set(names: dict[str, SimFile], path: str, file: SimFile | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file
