"""Opening an SQLite file for reading without changing a byte in its folder: no log, no shared memory, no times.

A write-ahead log beside a database holds commits that the database itself does not have yet, so each of the
three states of the two files needs a way of its own (https://www.sqlite.org/wal.html sections 5 and 6):

* log and shared memory are there: a process has it open, or died with it open. `readonly_shm` reads the log
  through the shared memory if somebody keeps that up to date, and by itself if nobody does.
* no log, or an empty one: everything is in the database. `immutable` reads it without a lock.
* a log without its shared memory, as in a copy: SQLite would make the shared memory anew, and `immutable`
  would not see the log. Both files are copied into a private folder, which goes with the process.

The second and third hold only while nobody begins to write; state_of() tells whether somebody did.
"""

import shutil
import sqlite3
import tempfile
from functools import lru_cache
from pathlib import Path

from amberpost.store.keydb import Connect


def reader(path: Path) -> Connect:
    """Opens connections to the file at `path` that change nothing."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            reading_uri(path), uri=True, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cache_size=-16000")
        return connection

    return connect


def reading_uri(path: Path) -> str:
    """What SQLite is to be given to read the file as it is now."""
    log, memory = _beside(path)
    if log.exists() and memory.exists():
        return f"{path.as_uri()}?mode=ro&readonly_shm=1"
    if not log.exists() or not log.stat().st_size:
        return f"{path.as_uri()}?mode=ro&immutable=1"
    copies = _copied(path, state_of(path))
    return f"{(Path(copies.name) / path.name).as_uri()}?mode=rw"


def state_of(path: Path) -> tuple[int, ...]:
    """Stays the same as long as what was read from the file so far is still right."""
    log, memory = _beside(path)
    if log.exists() and memory.exists():
        return (memory.stat().st_ino,)  # locks and snapshots work as ever, whatever is written
    facts = [file.stat() for file in (path, log) if file.exists()]
    return tuple(number for fact in facts for number in (fact.st_ino, fact.st_size, fact.st_mtime_ns))


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


@lru_cache(maxsize=4)  # each thread has its connection; they share the copy
def _copied(path: Path, _state: tuple[int, ...]) -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory(prefix="amberpost-")
    for file in (path, _beside(path)[0]):
        shutil.copyfile(file, Path(folder.name) / file.name)
    return folder
