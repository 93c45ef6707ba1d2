"""Mail in files: .eml, folders of them, Maildir and mbox. Reads in bounded batches; junk is named, not taken.

Bytes are kept as they are. Only an mbox loses its separator lines: mboxrd (told by its name, or by a line of
>>From, which only mboxrd writes) is unquoted, anything else is left as it is, with a note.
"""

import mmap
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from amberpost.clock import now
from amberpost.errors import UserError
from amberpost.handover import Incoming, Origin

BATCH_BYTES = 8 * 1024 * 1024
BATCH_MESSAGES = 1000

_JUNK_NAMES = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_MAILDIR_INDEX = re.compile(r"dovecot|maildirfolder|subscriptions|courierimap", re.IGNORECASE)
# A separator stands after an empty line (or at the very start) and ends in a year (RFC 4155 and practice).
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\d{4}[^\r\n]*\r?\n")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_DEEP_QUOTE = re.compile(rb"^>>+From ", re.MULTILINE)  # only mboxrd writes it


@dataclass(slots=True, kw_only=True)
class FileReader:
    """Walks paths and hands over what is mail. `left` names what was not taken and why."""

    source_id: int
    evaluation: str = "journal"
    target_archive: int | None = None
    ceiling_bytes: int = 256 * 1024 * 1024
    left: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def fetch(self, paths: Sequence[Path]) -> Iterator[list[Incoming]]:
        """Batches of everything under `paths`."""
        batch: list[Incoming] = []
        size = 0
        for incoming in self._all(paths):
            if batch and (size + len(incoming.raw) > BATCH_BYTES or len(batch) >= BATCH_MESSAGES):
                yield batch
                batch, size = [], 0
            batch.append(incoming)
            size += len(incoming.raw)
        if batch:
            yield batch

    def _all(self, paths: Sequence[Path]) -> Iterator[Incoming]:
        for path in paths:
            for file in self._files(path):
                yield from self._file(file)

    def _files(self, path: Path) -> Iterator[Path]:
        """The files under a path in a stable order; symbolic links inside folders are not followed."""
        if not path.exists():
            raise UserError("There is no such file or folder", subject=str(path))
        if not path.is_dir():
            yield path
            return
        waiting = [str(path)]
        while waiting:  # no recursion: folders may be as deep as somebody likes
            entries = self._entries(waiting.pop())
            yield from (Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))
            waiting += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """Sorted by name; none where the folder cannot be read, or vanished, which `left` then tells."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.left.append((folder, f"cannot be read: {error.strerror}"))
            return []

    def _file(self, path: Path) -> Iterator[Incoming]:
        if is_junk(path):
            self.left.append((str(path), "not mail"))
            return
        try:
            size = path.stat().st_size
            if is_mbox(path):
                yield from self._mbox(path)
            elif self._fits(str(path), size):
                yield self._incoming(path.read_bytes(), str(path))
        except OSError as error:
            self.left.append((str(path), f"cannot be read: {error.strerror}"))

    def _mbox(self, path: Path) -> Iterator[Incoming]:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            is_mboxrd = "mboxrd" in path.name.lower() or _DEEP_QUOTE.search(content) is not None
            if not is_mboxrd and _QUOTED.search(content) is not None:
                self.notes.append(
                    (str(path), "lines that begin with >From are kept as they are: the file may be mboxo")
                )
            for number, (start, end) in enumerate(mbox_messages(content), start=1):
                name = f"{path}#{number}"
                if self._fits(name, end - start):
                    raw = content[start:end]
                    yield self._incoming(unquote_mboxrd(raw) if is_mboxrd else raw, name)

    def _fits(self, name: str, size: int) -> bool:
        if size > self.ceiling_bytes:
            self.left.append((name, f"larger than {self.ceiling_bytes} bytes"))
            return False
        return True

    def _incoming(self, raw: bytes, name: str) -> Incoming:
        return Incoming(
            raw=raw,
            origin=Origin(source_id=self.source_id, protocol="file", remote_id=name),
            envelope=None,
            received_at=now(),
            evaluation=self.evaluation,
            target_archive=self.target_archive,
        )


def is_junk(path: Path) -> bool:
    """Files that file managers and mail servers leave beside mail."""
    if path.name in _JUNK_NAMES or path.name.startswith("._") or "__MACOSX" in path.parts:
        return True
    return _is_in_maildir(path) and _MAILDIR_INDEX.search(path.name) is not None


def is_mbox(path: Path) -> bool:
    """True for a file that begins with a separator line and is no single message (.eml)."""
    if path.suffix.lower() in {".eml", ".msg", ".emlx"} or _is_in_maildir(path):
        return False
    with path.open("rb") as file:
        head = file.read(1024)
    match = _SEPARATOR.match(head)
    return match is not None and b":" in head[match.end() :].split(b"\n", 1)[0]


def mbox_messages(content: mmap.mmap | bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of each message, without its separator and without the empty line that ends it."""
    start: int | None = None
    for match in _SEPARATOR.finditer(content):
        if start is not None:
            yield start, _without_last_empty_line(content, start, match.start())
        start = match.end()
    if start is not None:
        yield start, _without_last_empty_line(content, start, len(content))


def unquote_mboxrd(raw: bytes) -> bytes:
    """mboxrd put one > before every line of >*From; take it away. mboxo did so only before From, and never undid it."""
    return _QUOTED.sub(rb"\1", raw)


def _without_last_empty_line(content: mmap.mmap | bytes, start: int, end: int) -> int:
    if content[end - 2 : end] == b"\r\n" and content[end - 4 : end - 2] == b"\r\n":
        return max(start, end - 2)
    if content[end - 1 : end] == b"\n" and content[end - 2 : end - 1] == b"\n":
        return max(start, end - 1)
    return end


def _is_in_maildir(path: Path) -> bool:
    return path.parent.name in {"cur", "new"} or _is_maildir(path.parent)


@lru_cache(maxsize=1)
def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir()
