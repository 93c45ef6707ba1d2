"""Wakes the long-running processes of an archive: who leaves work for them rings, and nobody asks all the time.

The bell is an empty file in the data folder; to ring is to touch it, and who listens is told by the kernel
(inotify). A lost ring harms nothing: listeners look by themselves every few seconds as well.
"""

import contextlib
import ctypes
import os
import threading
from pathlib import Path

from amberpost.config import current

FILE_NAME = "bell"
LOOK_SECONDS = 30.0  # between looks of one who was not rung for: a lost ring delays no longer
_IN_ATTRIB = 0x4  # sys/inotify.h
_EVENTS_BYTES = 4096
_ASK_SECONDS = 1.0


def ring() -> None:
    """Tell whoever listens in this archive that something waits for them. Never fails."""
    with contextlib.suppress(OSError):  # nobody has listened here yet, or the medium is read-only
        os.utime(current().data / FILE_NAME)


class Bell:
    """What a process hears; any number of its threads may wait. Setting `stop` wakes them as well."""

    def __init__(self, folder: Path, stop: threading.Event) -> None:
        self.rings = 0
        self._file = folder / FILE_NAME
        self._stop = stop
        self._changed = threading.Condition()
        self._watch = _watch(self._file)
        self._touched = _touched(self._file)
        for listen in (self._hear_stop, self._hear_rings):
            threading.Thread(target=listen, daemon=True, name="bell").start()

    def wait(self, heard: int, seconds: float) -> None:
        """Until there are other than `heard` rings (read before looking for work), but not longer than this."""
        with self._changed:
            self._changed.wait_for(lambda: self.rings != heard or self._stop.is_set(), seconds)

    def wake(self) -> None:
        """As if somebody had rung, for this process alone."""
        with self._changed:
            self.rings += 1
            self._changed.notify_all()

    def _hear_stop(self) -> None:
        self._stop.wait()
        self.wake()
        with contextlib.suppress(OSError):
            os.utime(self._file)  # so that who reads below ends as well

    def _hear_rings(self) -> None:
        while not self._stop.is_set():
            if self._watch is not None:
                os.read(self._watch, _EVENTS_BYTES)
                self.wake()
            else:
                self._stop.wait(_ASK_SECONDS)
                before, self._touched = self._touched, _touched(self._file)
                if self._touched != before:
                    self.wake()
        if self._watch is not None:
            os.close(self._watch)


def _watch(file: Path) -> int | None:
    """A handle that can be read when the file is touched; None where the kernel cannot tell."""
    with contextlib.suppress(OSError):
        file.touch(mode=0o600)
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "inotify_init1"):
        return None
    handle: int = libc.inotify_init1(os.O_CLOEXEC)
    if handle < 0:  # a user may have 128 of them
        return None
    if libc.inotify_add_watch(handle, os.fsencode(file), _IN_ATTRIB) < 0:
        os.close(handle)
        return None
    return handle


def _touched(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns
    return 0
