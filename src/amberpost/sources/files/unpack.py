"""What lies in zip, tar and compressed files, within limits. Nothing is written under a name from inside."""

import bz2
import gzip
import io
import lzma
import mmap
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from amberpost.errors import remark_of
from amberpost.remark import Remark
from amberpost.sources.files.fields import Content
from amberpost.sources.files.kinds import FileKind

# Mail shrinks to a tenth; deflate can reach a thousandth. A file of zeros inside is no mail that anybody misses.
RATIO = 200
UNSUSPECTED_BYTES = 64 * 1024 * 1024  # nobody runs out of room for so little
ENTRIES = 1_000_000  # of one file, with all that is packed in it
IN_MEMORY_BYTES = 8 * 1024 * 1024  # larger things are inflated into a nameless temporary file
_BLOCK = 1024 * 1024

_BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, OverflowError, zlib.error, lzma.LZMAError, struct.error,
    zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip
_STREAMS: dict[FileKind, Callable[[BinaryIO], BinaryIO]] = {
    FileKind.GZIP: lambda file: cast("BinaryIO", gzip.GzipFile(fileobj=file)),
    FileKind.BZIP2: lambda file: cast("BinaryIO", bz2.BZ2File(file)),
    FileKind.XZ: lambda file: cast("BinaryIO", lzma.LZMAFile(file)),  # noqa: SIM115  who unpacks closes it
}
# A zip with one of these is a document or a program: its parts are nobody's mail.
_OF_DOCUMENTS = frozenset({"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"})


class _Left(Exception):
    """`remark`: the reason."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark)
        self.remark = remark


class NotRead(_Left):
    """Something packed that is left."""


class Swollen(_Left):
    """What is packed exceeds what one file may bring; nothing further of it is read."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What one file may swell to, everything in it together."""

    packed: int
    inflated: int = 0
    entries: int = 0

    def inflate(self, size: int) -> None:
        self.inflated += size
        if self.inflated > max(UNSUSPECTED_BYTES, RATIO * self.packed):
            raise Swollen(Remark("file_swollen", {"number": RATIO}))

    def enter(self) -> None:
        self.entries += 1
        if self.entries > ENTRIES:
            raise Swollen(Remark("file_too_many", {"number": ENTRIES}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A file inside another. `open` gives its bytes as a stream."""

    name: str
    open: Callable[[], BinaryIO]


def entries_of(kind: FileKind, content: Content, allowance: Allowance) -> Iterator[Enclosed]:
    """The files in a zip or tar, or the one that was compressed (whose name is empty). NotRead if it is damaged."""
    file = cast("BinaryIO", io.BufferedReader(_Within(content)))
    try:
        if kind is FileKind.ZIP:
            yield from _zip_entries(file, allowance)
        elif kind is FileKind.TAR:
            yield from _tar_entries(file, allowance)
        else:
            yield Enclosed(name="", open=partial(_STREAMS[kind], file))
    except _BROKEN as error:
        raise NotRead(_damaged(error)) from error


def _zip_entries(file: BinaryIO, allowance: Allowance) -> Iterator[Enclosed]:
    with zipfile.ZipFile(file) as opened:
        infos = opened.infolist()
        if not _OF_DOCUMENTS.isdisjoint(info.filename for info in infos):
            raise NotRead(Remark("file_document_or_program"))
        for info in infos:
            if not info.is_dir():
                allowance.enter()
                yield Enclosed(name=info.filename, open=partial(_open_zipped, opened, info))


def _open_zipped(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    if info.flag_bits & 1:
        raise NotRead(Remark("file_encrypted"))
    return cast("BinaryIO", opened.open(info))


def _tar_entries(file: BinaryIO, allowance: Allowance) -> Iterator[Enclosed]:
    with tarfile.open(fileobj=file, mode="r:") as opened:
        for info in opened:
            if not info.isdir():
                allowance.enter()
                yield Enclosed(name=info.name, open=partial(_open_tarred, opened, info))
            opened.members = []  # type: ignore[attr-defined]  # else it remembers them all
        file.seek(opened.offset)
        if file.read(tarfile.BLOCKSIZE).strip(
            b"\0"
        ):  # tarfile ends without a word at a header that makes no sense
            raise NotRead(Remark("file_rest_damaged"))


def _open_tarred(opened: tarfile.TarFile, info: tarfile.TarInfo) -> BinaryIO:
    stream = opened.extractfile(info) if info.isfile() else None
    if stream is None:
        raise NotRead(Remark("file_link_or_device"))
    return cast("BinaryIO", stream)


@contextmanager
def inflated(entry: Enclosed, allowance: Allowance) -> Iterator[Content]:
    """The bytes of an entry: in memory if they are few, else mapped from a nameless temporary file."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as room:
        try:
            with closing(entry.open()) as stream:
                while block := stream.read(_BLOCK):
                    allowance.inflate(len(block))
                    room.write(block)
        except _BROKEN as error:
            raise NotRead(_damaged(error)) from error
        size = room.tell()
        if size <= IN_MEMORY_BYTES:
            room.seek(0)
            yield room.read()
            return
        room.flush()
        with mmap.mmap(room.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def _damaged(error: BaseException) -> Remark:
    if isinstance(error, NotImplementedError):
        return Remark("file_packing_unknown")
    return Remark("file_damaged_inside", cause=remark_of(error))


class _Within(io.RawIOBase):
    """Bytes that are there already, as the file that unpackers want."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}[whence]
        if base + offset < 0:
            raise ValueError("a place before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        block = self._content[self._at : self._at + len(room)]
        room[: len(block)] = block
        self._at += len(block)
        return len(block)
