"""The system calls the store makes, and nothing else.

All file access of store and ledger goes through these few calls, so that a test can put a simulated disk in
their place: one that loses what was not synced, tears writes and fails at a chosen call.
"""

import fcntl
import os
from typing import Protocol

Buffer = bytes | bytearray | memoryview


class Calls(Protocol):
    """What LocalDisk asks of the operating system; each may raise OSError, write() may be short."""

    def open(self, path: str, flags: int) -> int: ...
    def close(self, handle: int) -> None: ...
    def write(self, handle: int, data: Buffer) -> int: ...
    def pwrite(self, handle: int, data: Buffer, offset: int) -> int: ...
    def pread(self, handle: int, length: int, offset: int) -> bytes: ...
    def fsync(self, handle: int) -> None: ...
    def fdatasync(self, handle: int) -> None: ...
    def ftruncate(self, handle: int, size: int) -> None: ...
    def rename(self, source: str, target: str) -> None: ...
    def unlink(self, path: str) -> None: ...
    def mkdir(self, path: str) -> None: ...
    def listdir(self, path: str) -> list[str]: ...
    def size(self, handle: int) -> int: ...
    def exists(self, path: str) -> bool: ...
    def lock(self, handle: int) -> bool: ...
    def is_locked(self, handle: int) -> bool: ...
    def free_bytes(self, path: str) -> int: ...


class SystemCalls:
    """The real ones. Files are made readable for their owner only."""

    def open(self, path: str, flags: int) -> int:
        return os.open(path, flags | os.O_CLOEXEC, 0o600)

    def close(self, handle: int) -> None:
        os.close(handle)

    def write(self, handle: int, data: Buffer) -> int:
        return os.write(handle, data)

    def pwrite(self, handle: int, data: Buffer, offset: int) -> int:
        return os.pwrite(handle, data, offset)

    def pread(self, handle: int, length: int, offset: int) -> bytes:
        return os.pread(handle, length, offset)

    def fsync(self, handle: int) -> None:
        os.fsync(handle)

    def fdatasync(self, handle: int) -> None:
        os.fdatasync(handle)

    def ftruncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def rename(self, source: str, target: str) -> None:
        os.rename(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def mkdir(self, path: str) -> None:
        os.mkdir(path, 0o700)

    def listdir(self, path: str) -> list[str]:
        return os.listdir(path)

    def size(self, handle: int) -> int:
        return os.fstat(handle).st_size

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def lock(self, handle: int) -> bool:
        """An exclusive lock that ends with the handle; False if another holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_locked(self, handle: int) -> bool:
        """Whether another holds the exclusive lock; the handle may be one for reading."""
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(handle, fcntl.LOCK_UN)
        return False

    def free_bytes(self, path: str) -> int:
        state = os.statvfs(path)
        return state.f_bavail * state.f_frsize
