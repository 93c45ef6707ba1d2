"""Mail in files: what is mail is handed over in bounded batches; what is not is named, with the reason.

Every file is judged by its content. Bytes are kept as they are; only what a mailbox put around or into its messages is
taken away: separators, the line that ends each, the > of an mboxrd, the length and the property list of Apple Mail.
"""

import mmap
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePath, PurePosixPath

from amberpost.clock import now
from amberpost.errors import UserError, remark_of
from amberpost.handover import Incoming, Origin
from amberpost.remark import Remark
from amberpost.sources.files.fields import Content
from amberpost.sources.files.kinds import TEXT, FileKind, kind_of, mmdf_ranges, read_emlx, why_not
from amberpost.sources.files.marks import header_marks
from amberpost.sources.files.mbox import has_quoted_line, is_mboxrd, mbox_habits, mbox_messages, unquote
from amberpost.sources.files.unpack import Allowance, NotRead, Swollen, entries_of, inflated

BATCH_BYTES = 8 * 1024 * 1024
BATCH_MESSAGES = 1000
DELETED = Remark("file_deleted")
_LINK = Remark("file_link")

_MAPPED_BYTES = 1024 * 1024  # files of this size and more are mapped, not read
_DEEPEST = 4  # a mailbox in a tar in a gz in a zip; nobody packs deeper on purpose
_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}
_MAILDIR_NAME = re.compile(r"\d{5,}[._]|.*[:;!]2,")  # seconds since 1970 and more, or flags
_MAILDIR_TRASHED = re.compile(r"[:;!]2,[A-Za-z]*T")  # ; and ! where a file system has no colon
_MH_REMOVED = re.compile(r"[,#]\d+")  # rmm renames, and leaves the rest to a nightly job


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Something that may be mail: a file, or a file inside another."""

    name: str  # as people are told
    path: PurePath  # in its tree
    content: Content
    depth: int = 0  # how often it was packed
    in_maildir: bool = False


@dataclass(slots=True, kw_only=True)
class FileReader:
    """Walks paths and hands over what is mail. `left` names what was not taken and why."""

    source_id: int
    evaluation: str = "journal"
    target_archive: int | None = None
    ceiling_bytes: int = 256 * 1024 * 1024
    takes_deleted: bool = False
    left: list[tuple[str, Remark]] = field(default_factory=list)
    notes: list[tuple[str, Remark]] = field(default_factory=list)

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
        """The files under a path in a stable order; symbolic links inside folders are named, not followed."""
        if not path.exists():
            raise UserError("no_such_file", subject=str(path))
        if not path.is_dir():
            yield path
            return
        waiting = [str(path)]
        while waiting:  # no recursion: folders may be as deep as somebody likes
            entries = self._entries(waiting.pop())
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)
                elif not entry.is_dir(follow_symlinks=False):
                    self._leave(entry.path, _LINK if entry.is_symlink() else Remark("file_no_file"))
            waiting += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """Sorted by name; none where the folder cannot be read, or vanished, which `left` then tells."""
        try:
            with os.scandir(folder) as found:
                return sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._leave(folder, Remark("file_unreadable_there", cause=remark_of(error)))
            return []

    def _file(self, path: Path) -> Iterator[Incoming]:
        try:
            if reason := _left_by_place(path):
                self._leave(str(path), reason)
                return
            with _opened(path) as content:
                found = _Found(name=str(path), path=path, content=content, in_maildir=_is_in_maildir(path))
                yield from self._found(found, Allowance(packed=len(content)))
        except OSError as error:
            self._leave(str(path), Remark("file_unreadable_there", cause=remark_of(error)))
        except Swollen as refusal:
            self._leave(str(path), refusal.remark)

    def _found(self, found: _Found, allowance: Allowance) -> Iterator[Incoming]:
        """The messages in something, whatever it is."""
        kind = kind_of(found.content)
        if kind is FileKind.MBOX:
            yield from self._mbox(found)
        elif kind is FileKind.MMDF:
            for number, (start, end) in enumerate(mmdf_ranges(found.content), start=1):
                is_deleted = header_marks(found.content, start, end).is_deleted
                yield from self._message(
                    f"{found.name}#{number}", found.content, start, end, is_deleted=is_deleted
                )
        elif kind is FileKind.EMLX:
            emlx = read_emlx(found.content)
            assert emlx is not None  # that made it one
            if emlx.is_partial or found.path.name.endswith(".partial.emlx"):
                self._note(found.name, Remark("file_note_partial"))
            yield from self._message(
                found.name, found.content, emlx.start, emlx.end, is_deleted=emlx.is_deleted
            )
        elif kind is FileKind.MAIL or (kind is None and _is_called_mail(found)):
            yield from self._whole(found)
        elif kind is None:
            self._leave(found.name, why_not(found.content))
        elif found.depth == _DEEPEST:
            self._leave(found.name, Remark("file_packed_deep", {"number": _DEEPEST}))
        else:
            yield from self._packed(kind, found, allowance)

    def _packed(self, kind: FileKind, found: _Found, allowance: Allowance) -> Iterator[Incoming]:
        """The messages in a zip, a tar or a compressed file."""
        try:
            for entry in entries_of(kind, found.content, allowance):
                inside = PurePosixPath(entry.name) if entry.name else found.path
                name = f"{found.name}!/{printable(entry.name)}" if entry.name else found.name
                if reason := _left_by_place(inside):
                    self._leave(name, reason)
                    continue
                try:
                    with inflated(entry, allowance) as content:
                        yield from self._found(
                            _Found(
                                name=name,
                                path=inside,
                                content=content,
                                depth=found.depth + 1,
                                in_maildir=_is_in_maildir(inside) if entry.name else found.in_maildir,
                            ),
                            allowance,
                        )
                except NotRead as refusal:
                    self._leave(name, refusal.remark)
        except NotRead as refusal:
            self._leave(found.name, refusal.remark)

    def _mbox(self, found: _Found) -> Iterator[Incoming]:
        content = found.content
        habits = mbox_habits(content)
        # A single message that is called one may have kept its separator: that line is then one of its bytes.
        if found.in_maildir or (_is_eml(found) and len(list(islice(mbox_messages(content, habits), 2))) == 1):
            yield from self._whole(found)
            return
        assert habits is not None  # that made it one
        is_quoted = is_mboxrd(content, habits, found.path.name)
        has_quotes, strangers = False, 0
        for number, message in enumerate(mbox_messages(content, habits), start=1):
            strangers += message.strangers
            for incoming in self._message(
                f"{found.name}#{number}", content, message.start, message.end, is_deleted=message.is_deleted
            ):
                if is_quoted:
                    incoming = replace(incoming, raw=unquote(incoming.raw))
                has_quotes = has_quotes or (not is_quoted and has_quoted_line(incoming.raw))
                yield incoming
        if has_quotes:
            self._note(found.name, Remark("file_note_mboxo"))
        if strangers:
            self._note(
                found.name,
                Remark("file_note_separators", {"number": strangers}),
            )

    def _whole(self, found: _Found) -> Iterator[Incoming]:
        """A file that is one message."""
        name, end = found.path.name, len(found.content)
        is_deleted = _MH_REMOVED.fullmatch(name) is not None
        if found.in_maildir:
            is_deleted = (
                _MAILDIR_TRASHED.search(name) is not None or header_marks(found.content, 0, end).is_deleted
            )
        yield from self._message(found.name, found.content, 0, end, is_deleted=is_deleted)

    def _leave(self, name: str, reason: Remark) -> None:
        self.left.append((printable(name), reason))

    def _note(self, name: str, note: Remark) -> None:
        self.notes.append((printable(name), note))

    def _message(
        self, name: str, content: Content, start: int, end: int, *, is_deleted: bool
    ) -> Iterator[Incoming]:
        """One message, or none, with the reason."""
        if is_deleted and not self.takes_deleted:
            self._leave(name, DELETED)
        elif end - start > self.ceiling_bytes:
            self._leave(name, Remark("file_above_ceiling", {"number": self.ceiling_bytes}))
        else:
            yield Incoming(
                raw=content[start:end],
                origin=Origin(source_id=self.source_id, protocol="file", remote_id=name),
                envelope=None,
                received_at=now(),
                evaluation=self.evaluation,
                target_archive=self.target_archive,
            )


def printable(name: str) -> str:
    """A name as it may be shown anywhere: what moves the cursor or turns the line around is written out."""
    if name.isprintable():
        return name
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode()
        for letter in name
    )


@contextmanager
def _opened(path: Path) -> Iterator[Content]:
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size < _MAPPED_BYTES:
            yield file.read()
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def _left_by_place(path: PurePath) -> Remark | None:
    """Why a file is left without a look into it; None if it is looked into."""
    if path.name in _FILE_MANAGERS or path.name.startswith("._") or "__MACOSX" in str(path):
        return Remark("file_of_manager")
    if path.parent.name == "tmp" and _MAILDIR_NAME.match(path.name):
        return Remark("file_being_delivered")
    return None


def _is_in_maildir(path: PurePath) -> bool:
    """Told by the name of the file, too: a folder called "new" may hold an mbox."""
    return path.parent.name in {"cur", "new"} and _MAILDIR_NAME.match(path.name) is not None


def _is_eml(found: _Found) -> bool:
    return found.path.suffix.lower() == ".eml"


def _is_called_mail(found: _Found) -> bool:
    """True for text that its name or place says is mail, though its header is missing: bad mail is kept, too."""
    return (found.in_maildir or _is_eml(found)) and why_not(found.content) == TEXT
