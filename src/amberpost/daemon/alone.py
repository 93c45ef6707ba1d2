"""One of a kind on a folder: a lock that ends with its process, and names it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amberpost.errors import StoreError, UserError


class NotAlone(UserError):
    """Another process does this already."""


@contextmanager
def alone(folder: Path, what: str, code: str) -> Iterator[None]:
    """Hold the lock `what` of this folder; NotAlone names the process that has it, and what it does."""
    path = folder / f"{what}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError("cannot_lock", subject=str(path)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "?"
            raise NotAlone(code, pid=pid, subject=str(folder)) from None
        with contextlib.suppress(OSError):  # a full disk does not keep anybody from serving
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
