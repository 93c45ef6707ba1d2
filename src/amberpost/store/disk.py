"""Files that do not forget: append, sync, replace, read; paths are relative to the data folder.

Promises: a write is whole or an error; what was synced is there after a power loss, directory entry
included; after any write or sync error the handle never writes again (a second fsync may lie, PostgreSQL's
"fsyncgate"). Does not repair anything.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from amberpost.errors import DiskFull, NotReadable, StoreError, is_disk_full
from amberpost.store.calls import Buffer, Calls, SystemCalls

_JOIN_BELOW = 1024 * 1024  # smaller buffers are joined, larger ones written without a copy


class NewFileTaken(StoreError):
    """Somebody who tidies up took a new file away before it had its lock; trying again helps."""


class AppendFile(Protocol):
    """One file that only grows, with one writer."""

    @property
    def size(self) -> int:
        """Bytes in the file, those included that are not synced yet."""

    def write(self, parts: Sequence[Buffer]) -> None:
        """Append all parts, in order. DiskFull or StoreError: nobody knows what was written, and nothing more is."""

    def sync(self) -> None:
        """When this returns, what was written survives a power loss. StoreError: it may or may not."""

    def close(self) -> None:
        """Promises nothing of what was not synced; a second close does nothing."""


class Lock(Protocol):
    """Held until released, or until the process ends."""

    def release(self) -> None:
        """Let it go; a second release does nothing."""


class Disk(Protocol):
    """Everything the store does to files. Paths are relative, with slashes; sizes and offsets are bytes.

    Reading raises FileNotFoundError where there is no file and NotReadable where it may not be read. What writes
    raises DiskFull where there is no room. Every other trouble is a StoreError that names the path.
    """

    def read(self, path: str) -> bytes:
        """All bytes of a file."""

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end of the file, none beyond it."""

    def size(self, path: str) -> int:
        """Bytes in a file."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that name."""

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted; empty if there is no folder."""

    def replace(self, path: str, data: bytes) -> None:
        """The file has the old bytes or the new ones, never a mixture; durable on return; makes folders."""

    def create(self, path: str, *, locked: bool = False) -> AppendFile:
        """A new empty file, its name durable; StoreError if it is there. Locked: nobody ever sees it without its
        lock; then NewFileTaken may come."""

    def append(self, path: str) -> AppendFile:
        """An existing file, open for appending; StoreError if there is none."""

    def truncate(self, path: str, size: int) -> None:
        """Cut a file, durably."""

    def settle(self, path: str, offset: int) -> None:
        """What is read from `offset` on afterwards is on the disk, whatever failed before."""

    def overwrite(self, path: str, offset: int, data: bytes) -> None:
        """Write over bytes that the file has, durably; StoreError if it has fewer."""

    def remove(self, path: str) -> None:
        """Take a file away, durably; FileNotFoundError if there is none."""

    def make_folder(self, path: str) -> None:
        """The folder and its parents exist, durably; no error if they do already."""

    def sync_folder(self, path: str) -> None:
        """What was created, renamed or removed in the folder survives a power loss."""

    def lock(self, path: str) -> Lock | None:
        """Take the lock on a file (made if it is missing), or None if another holds it. Never waits."""

    def is_locked(self, path: str) -> bool:
        """Whether somebody holds the lock on a file; makes no file and needs none."""

    def free_bytes(self) -> int:
        """Room that a process without privileges may still use."""


@contextlib.contextmanager
def _as_store_error(code: str, path: str, root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(str(root / path)) from error
        raise StoreError(code, subject=path) from error


class LocalAppendFile:
    """An append handle; dead after its first error."""

    def __init__(self, calls: Calls, root: Path, path: str, handle: int) -> None:
        self._calls = calls
        self._root = root
        self._path = path
        self._handle: int | None = handle
        self._failed = False
        self.size = calls.size(handle)

    def write(self, parts: Sequence[Buffer]) -> None:
        """Append all parts, in order. They are safe only after sync()."""
        with self._fail_stop("cannot_write"):
            for block in _blocks(parts):
                self._write_all(block)

    def sync(self) -> None:
        """When this returns, what was written survives a power loss."""
        with self._fail_stop("cannot_sync") as handle:
            self._calls.fdatasync(handle)

    def close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self._calls.close(handle)

    def _write_all(self, block: Buffer) -> None:
        rest = memoryview(block)
        while rest:  # short writes are legal
            written = self._calls.write(self._open_handle(), rest)
            self.size += written
            rest = rest[written:]

    @property
    def handle(self) -> int:
        return self._open_handle()

    def _open_handle(self) -> int:
        if self._handle is None or self._failed:
            raise StoreError("file_closed", subject=self._path)
        return self._handle

    @contextlib.contextmanager
    def _fail_stop(self, code: str) -> Iterator[int]:
        handle = self._open_handle()
        try:
            with _as_store_error(code, self._path, self._root):
                yield handle
        except BaseException:
            self._failed = True
            raise


def _blocks(parts: Sequence[Buffer]) -> Iterator[Buffer]:
    small: list[Buffer] = []
    for part in parts:
        if len(part) < _JOIN_BELOW:
            small.append(part)
            continue
        if small:
            yield b"".join(small)
            small = []
        yield part
    if small:
        yield b"".join(small)


class LocalLock:
    def __init__(self, calls: Calls, handle: int) -> None:
        self._calls = calls
        self._handle: int | None = handle

    def release(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            self._calls.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class LocalDisk:
    """A folder of this machine."""

    def __init__(self, root: Path, calls: Calls | None = None) -> None:
        self.root = root
        self._calls: Calls = SystemCalls() if calls is None else calls
        self._sure_folders: set[str] = set()

    def read(self, path: str) -> bytes:
        """All bytes of a file; FileNotFoundError if there is none."""
        with self._opened(path) as handle:
            return self._pread(handle, 0, self._calls.size(handle))

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end of the file."""
        with self._opened(path) as handle:
            there = max(0, self._calls.size(handle) - offset)
            return self._pread(handle, offset, min(length, there)) if there else b""

    def size(self, path: str) -> int:
        with self._opened(path) as handle:
            return self._calls.size(handle)

    def exists(self, path: str) -> bool:
        return self._calls.exists(self._full(path))

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted; empty if there is no folder."""
        try:
            return sorted(self._calls.listdir(self._full(path)))
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise NotReadable("not_readable", subject=path) from error

    def replace(self, path: str, data: bytes) -> None:
        """The file has the old bytes or the new ones, never a mixture; durable on return."""
        self.make_folder(os.path.dirname(path))
        temporary = f"{path}.new"
        handle = self._create(temporary, os.O_TRUNC)
        try:
            handle.write([data])
            handle.sync()
        finally:
            handle.close()
        with _as_store_error("cannot_replace", path, self.root):
            self._calls.rename(self._full(temporary), self._full(path))
        self.sync_folder(os.path.dirname(path))

    def create(self, path: str, *, locked: bool = False) -> AppendFile:
        """A new empty file, its directory entry durable. Locked: nobody ever sees it without its lock; then
        NewFileTaken may come."""
        self.make_folder(os.path.dirname(path))
        handle = self._create(f"{path}.new" if locked else path, os.O_EXCL)
        try:
            if locked:
                self._lock_and_show(handle, path)
            else:
                handle.sync()
            self.sync_folder(os.path.dirname(path))
        except BaseException:
            handle.close()
            raise
        return handle

    def append(self, path: str) -> AppendFile:
        """Open an existing file for appending."""
        with _as_store_error("cannot_open", path, self.root):
            handle = self._calls.open(self._full(path), os.O_WRONLY | os.O_APPEND)
        return LocalAppendFile(self._calls, self.root, path, handle)

    def truncate(self, path: str, size: int) -> None:
        """Cut a file, durably."""
        with _as_store_error("cannot_cut", path, self.root):
            handle = self._calls.open(self._full(path), os.O_WRONLY)
            try:
                self._calls.ftruncate(handle, size)
                self._calls.fsync(handle)
            finally:
                self._calls.close(handle)

    def settle(self, path: str, offset: int) -> None:
        """Write the bytes from `offset` on once more and sync: what is read afterwards is on the disk.

        A sync alone proves nothing when one failed before: the cache then looks clean and is not.
        """
        with _as_store_error("cannot_write_again", path, self.root):
            handle = self._calls.open(self._full(path), os.O_RDWR)
            try:
                while block := self._calls.pread(handle, _JOIN_BELOW, offset):
                    offset += self._calls.pwrite(handle, block, offset)
                self._calls.fsync(handle)
            finally:
                self._calls.close(handle)

    def overwrite(self, path: str, offset: int, data: bytes) -> None:
        """Write over bytes that the file has, durably. Where files are changed in place that takes no room."""
        with _as_store_error("cannot_write", path, self.root):
            handle = self._calls.open(self._full(path), os.O_WRONLY)
            try:
                if offset + len(data) > self._calls.size(handle):
                    raise StoreError("not_within_file", subject=path)
                rest = memoryview(data)
                while rest:
                    written = self._calls.pwrite(handle, rest, offset)
                    offset += written
                    rest = rest[written:]
                self._calls.fdatasync(handle)
            finally:
                self._calls.close(handle)

    def remove(self, path: str) -> None:
        """Take a file away, durably; FileNotFoundError if there is none."""
        try:
            self._calls.unlink(self._full(path))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError("cannot_remove", subject=path) from error
        self.sync_folder(os.path.dirname(path))

    def make_folder(self, path: str) -> None:
        """The folder and its parents exist, durably: one left by a killed process may not be synced yet."""
        if not path or path in self._sure_folders:
            return
        parent = os.path.dirname(path)
        self.make_folder(parent)
        with _as_store_error("cannot_make_folder", path, self.root), contextlib.suppress(FileExistsError):
            if not self.exists(path):
                self._calls.mkdir(self._full(path))
        self.sync_folder(parent)
        self._sure_folders.add(path)

    def sync_folder(self, path: str) -> None:
        """What was created, renamed or removed in the folder survives a power loss."""
        with _as_store_error("cannot_sync_folder", path or ".", self.root):
            handle = self._calls.open(self._full(path), os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._calls.fsync(handle)
            finally:
                self._calls.close(handle)

    def lock(self, path: str) -> Lock | None:
        """Take the lock on a file (made if it is missing), or None if another holds it."""
        with _as_store_error("cannot_lock", path, self.root):
            handle = self._calls.open(self._full(path), os.O_RDWR | os.O_CREAT)
            if self._calls.lock(handle):
                return LocalLock(self._calls, handle)
            self._calls.close(handle)
        return None

    def is_locked(self, path: str) -> bool:
        """Whether somebody holds the lock on a file; makes no file and needs none."""
        try:
            with self._opened(path) as handle:
                return self._calls.is_locked(handle)
        except FileNotFoundError:
            return False

    def free_bytes(self) -> int:
        return self._calls.free_bytes(str(self.root))

    def _full(self, path: str) -> str:
        return os.path.join(self.root, path) if path else str(self.root)

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        try:
            handle = self._calls.open(self._full(path), os.O_RDONLY)
        except FileNotFoundError:
            raise
        except PermissionError as error:
            raise NotReadable("not_readable", subject=path) from error
        except OSError as error:
            raise StoreError("cannot_open", subject=path) from error
        try:
            with _as_store_error("cannot_read", path, self.root):
                yield handle
        finally:
            self._calls.close(handle)

    def _pread(self, handle: int, offset: int, length: int) -> bytes:
        first = self._calls.pread(handle, length, offset)
        if len(first) == length or not first:
            return first
        parts = [first]
        got = len(first)
        while got < length and (part := self._calls.pread(handle, length - got, offset + got)):
            parts.append(part)
            got += len(part)
        return b"".join(parts)

    def _create(self, path: str, flags: int) -> LocalAppendFile:
        with _as_store_error("cannot_create", path, self.root):
            handle = self._calls.open(self._full(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT | flags)
        return LocalAppendFile(self._calls, self.root, path, handle)

    def _lock_and_show(self, file: LocalAppendFile, path: str) -> None:
        with _as_store_error("cannot_lock", path, self.root):
            if self._calls.lock(file.handle):
                file.sync()
                with contextlib.suppress(FileNotFoundError):
                    self._calls.rename(self._full(f"{path}.new"), self._full(path))
                    return
        raise NewFileTaken("new_file_taken", subject=path)
