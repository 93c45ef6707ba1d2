"""What a file is, told by its bytes. Its name says nothing: an export without endings is as good as any."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from amberpost.remark import Remark
from amberpost.sources.files.fields import LINE_END, Content, after_empty_lines, begins_header, is_mail
from amberpost.sources.files.mbox import mbox_habits
from amberpost.sources.files.separator import separator_at


class FileKind(Enum):
    """What can be taken in."""

    MAIL = auto()
    MBOX = auto()
    MMDF = auto()
    EMLX = auto()
    ZIP = auto()
    TAR = auto()
    GZIP = auto()
    BZIP2 = auto()
    XZ = auto()


_PACKED = {
    b"PK\x03\x04": FileKind.ZIP,
    b"PK\x05\x06": FileKind.ZIP,  # an empty one
    b"\x1f\x8b\x08": FileKind.GZIP,
    b"BZh": FileKind.BZIP2,
    b"\xfd7zXZ\x00": FileKind.XZ,
}
# First bytes of what is no mail, or not yet: the reason names it, so that nobody has to guess.
_NAMED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_outlook_message"),
    (b"!BDN", "file_outlook_data"),
    (b"\xcf\xad\x12\xfe", "file_outlook_express"),
    (b"*mbx*", "file_mbx"),
    (b"BABYL OPTIONS", "file_babyl"),
    (b"\x1a\x00\x00\x04\x00\x00", "file_notes"),
    (b"7z\xbc\xaf\x27\x1c", "file_7zip"),
    (b"Rar!", "file_rar"),
    (b"\x28\xb5\x2f\xfd", "file_zstd"),
    (b"// <!-- <mdb:mork", "file_thunderbird_index"),
    (b"SQLite format 3\x00", "file_database"),
    (b"\x89PNG", "file_picture"),
    (b"\xff\xd8\xff", "file_picture"),
    (b"GIF8", "file_picture"),
    (b"%PDF", "file_document"),
    (b"{\\rtf", "file_document"),
)
TEXT = Remark("file_text")
_EMLX_LENGTH = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
_PLIST = (b"<?xml", b"<!DOCTYPE plist", b"<plist", b"bplist")
_EMLX_FLAGS = re.compile(rb"<key>flags</key>\s*<integer>(\d{1,20})</integer>")
_EMLX_DELETED = 0x2
_MMDF_LINE = re.compile(rb"(?<![^\r\n])\x01\x01\x01\x01(?:" + LINE_END + rb"|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emlx:
    """Where the message stands in a file of Apple Mail's, between its length and a property list."""

    start: int
    end: int
    is_deleted: bool
    is_partial: bool


def kind_of(content: Content) -> FileKind | None:
    """What this is; None if it is no mail."""
    head = content[:262]
    for beginning, kind in _PACKED.items():
        if head.startswith(beginning):
            return kind
    if head.endswith(b"ustar"):
        return FileKind.TAR
    start = after_empty_lines(content)
    if content[start : start + 4] == b"\x01\x01\x01\x01" and _MMDF_LINE.match(content, start):
        return FileKind.MMDF
    if mbox_habits(content) is not None:
        return FileKind.MBOX
    if read_emlx(content) is not None:
        return FileKind.EMLX
    return FileKind.MAIL if is_mail(content) else None


def why_not(content: Content) -> Remark:
    """What this is, if it is no mail."""
    if len(content) == 0:
        return Remark("file_empty")
    head = content[:4096]
    for beginning, code in _NAMED:
        if head.startswith(beginning):
            return Remark(code)
    if b"\x00" in head:
        return Remark("file_binary")
    return TEXT


def read_emlx(content: Content) -> Emlx | None:
    """The message in a file of Apple Mail's (.emlx, .partial.emlx); None if it is none."""
    first_line = _EMLX_LENGTH.match(content)
    if first_line is None:
        return None
    start = first_line.end()
    end = start + int(first_line[1])
    rest = content[end : end + 100].lstrip() if end <= len(content) else b"?"
    if rest and not rest.startswith(_PLIST):  # the length is wrong: somebody edited the file
        end = content.rfind(b"<?xml", start)
        if end < 0 or content.find(b"<plist", end) < 0:
            return None
    if not begins_header(content, start, 1):
        return None
    flags = _EMLX_FLAGS.search(content, end)
    return Emlx(
        start=start,
        end=end,
        is_deleted=flags is not None and int(flags[1]) & _EMLX_DELETED != 0,
        is_partial=content.find(b"\nX-Apple-Content-Length:", start, end) >= 0,
    )


def mmdf_ranges(content: Content) -> Iterator[tuple[int, int]]:
    """Where each message of an MMDF mailbox stands: between lines of four ^A.

    Such a line within a letter is told by what follows: neither another one, nor a header, nor the end.
    """
    start = after_empty_lines(content)
    mark = _MMDF_LINE.match(content, start)
    at = start = mark.end() if mark is not None else len(content)
    while start < len(content):
        mark = _MMDF_LINE.search(content, at)
        end, behind = (mark.start(), mark.end()) if mark is not None else (len(content), len(content))
        if not content[start:end].strip():
            start = at = behind
        elif behind == len(content) or _MMDF_LINE.match(content, behind) or begins_header(content, behind, 2):
            if content[start : start + 5] == b"From " and (
                line := separator_at(content, start, is_first=True)
            ):
                start = line.end  # some writers keep it beside their own
            yield start, end
            start = at = behind
        else:
            at = behind
