"""The files of a tantivy index: are they whole, are they synced, who writes them.

tantivy maps its files into memory and trusts them. Each file that meta.json names ends with a footer: JSON
with the CRC-32 of what stands before it, the length of the JSON, a magic number.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import BinaryIO

from amberpost.errors import Finding, FindingKind, NotReadable, StoreError
from amberpost.remark import Remark

_PARTS = ("idx", "pos", "term", "fast", "fieldnorm", "store")
_MAGIC = 1337  # tantivy, directory/footer.rs: FOOTER_MAGIC_NUMBER
_TRAILER = struct.Struct("<II")
_MAX_FOOTER = 4096  # it is some 90 bytes long
_BLOCK = 1 << 20


def check_files(folder: Path, *, deep: bool = False) -> Iterator[Finding]:
    """What is missing, cut short or, if `deep`, altered. Quick without: no file is read but for its end.
    May run beside the writer."""
    try:
        for name in _named(folder):
            problem = _problem(folder / name, deep=deep)
            if problem and name in _named(folder):  # else a commit has just replaced it
                yield _finding(name, problem)
    except PermissionError as error:
        raise NotReadable("not_readable", subject=str(error.filename)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield _finding("meta.json", Remark("index_file_unreadable", {"kind": type(error).__name__}))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writer_lock(folder: Path, *, busy: str) -> Iterator[None]:
    """Keep tantivy's own writer out; StoreError(busy) if there is one. A folder not there has none."""
    if not folder.is_dir():
        yield
        return
    with (folder / ".tantivy-writer.lock").open("wb") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise StoreError(busy) from None
        yield


def _named(folder: Path) -> list[str]:
    """The files that the last commit consists of."""
    meta = json.loads((folder / "meta.json").read_bytes())
    names = []
    for segment in meta["segments"]:
        stem = str(segment["segment_id"]).replace("-", "")
        names += [f"{stem}.{part}" for part in _PARTS]
        if deletes := segment["deletes"]:
            names.append(f"{stem}.{deletes['opstamp']}.del")
    return names


def _problem(path: Path, *, deep: bool) -> Remark | None:
    try:
        with path.open("rb") as file:
            left, crc = _footer(file)
            if not deep:
                return None
            file.seek(0)
            found = 0
            while left > 0:
                block = file.read(min(_BLOCK, left))
                found, left = zlib.crc32(block, found), left - (len(block) or left)
            return None if found == crc else Remark("index_checksum_differs")
    except FileNotFoundError:
        return Remark("index_file_missing")
    except PermissionError:
        raise
    except (OSError, ValueError, KeyError, TypeError):
        return Remark("index_file_cut")


def _footer(file: BinaryIO) -> tuple[int, int]:
    """(length of what stands before the footer, its CRC-32)."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MAX_FOOTER))
    tail = file.read()
    length, magic = _TRAILER.unpack(tail[-_TRAILER.size :].rjust(_TRAILER.size, b"\0"))
    if magic != _MAGIC or length + _TRAILER.size > len(tail):
        raise ValueError("no footer")
    footer = json.loads(tail[-_TRAILER.size - length : -_TRAILER.size])
    return size - length - _TRAILER.size, int(footer["crc"])


def _finding(where: str, remark: Remark) -> Finding:
    return Finding(kind=FindingKind.INDEX_DAMAGED, where=where, remark=remark)
