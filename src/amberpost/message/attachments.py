"""The files a message carries: names, types, sizes, bytes.

Contents of a readable winmail.dat stand in its place, as "1.2/tnef/0"; files that are uuencoded in a text are
"1/uu/0", those of a message that lies encoded in a part "2/in/1".
"""

from dataclasses import dataclass

from amberpost.errors import NotFound
from amberpost.message import limits
from amberpost.message.body import decode_part, files_in_text, is_tnef
from amberpost.message.charset import decode
from amberpost.message.contents import INSIDE, LocatedPart, content_inside, places
from amberpost.message.headers import text_field
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.parse import parse
from amberpost.message.scan import readable, scan_header
from amberpost.message.tnef import TnefAttachment, read_tnef
from amberpost.message.transfer import UUENCODE, base64_size
from amberpost.message.types import ParsedMessage, Part
from amberpost.message.uuencode import EncodedFile, take_files
from amberpost.message.words import clean_filename

_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/pgp-signature": "asc",
    "application/ms-tnef": "dat",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
}


_TNEF, _UU = "/tnef/", "/uu/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    path: str  # of the part, see contents.Place; "PATH/tnef/N" and "PATH/uu/N" for a file inside it
    name: str  # never empty, safe as a file name
    content_type: str
    size_bytes: int  # decoded


def attachments(raw: bytes, parsed: ParsedMessage) -> tuple[Attachment, ...]:
    """All attachments in document order, those of nested messages too."""
    found: list[Attachment] = []
    for place in places(raw, parsed):
        part = place.part
        inside = _tnef_files(place.raw, part)
        if inside is not None:
            # A winmail.dat that can be read is a wrapper and no file anybody meant to send.
            found += (
                Attachment(
                    path=f"{place.path}{_TNEF}{number}",
                    name=file.name or f"attachment-{number + 1}.bin",
                    content_type=file.content_type,
                    size_bytes=len(file.data),
                )
                for number, file in enumerate(inside)
            )
        elif part.is_attachment:
            found.append(
                Attachment(
                    path=place.path,
                    name=attachment_name(place.raw, part, _subject(place.raw, part)),
                    content_type=part.content_type,
                    size_bytes=_size(place.raw, part),
                )
            )
        found += (
            Attachment(
                path=f"{place.path}{_UU}{number}",
                name=clean_filename(file.name) or f"attachment-{number + 1}.bin",
                content_type="application/octet-stream",
                size_bytes=len(file.data),
            )
            for number, file in enumerate(_uuencoded(place))
        )
        # Places are bounded, but each may hold many files: the list stops where the parts of a message do.
        if len(found) > limits.PARTS:
            break
    return tuple(found[: limits.PARTS])


def count_at(place: LocatedPart) -> int:
    """How many attachments() lists of one place; names and sizes cost more than all the rest of it."""
    inside = _tnef_files(place.raw, place.part)
    return (len(inside) if inside is not None else place.part.is_attachment) + len(_uuencoded(place))


def _uuencoded(place: LocatedPart) -> tuple[EncodedFile, ...]:
    """Those of a text that is a message itself are listed where that is opened."""
    return files_in_text(place.raw, place.part) if place.inside is None else ()


def open_attachment(raw: bytes, parsed: ParsedMessage, path: str) -> bytes:
    """The decoded bytes of one attachment or part; NotFound for a path that names none."""
    *outer, last = path.split(INSIDE)
    if len(outer) > limits.DEPTH:
        raise _not_found(path)
    for step in outer:
        part = _part(parsed, step)
        inside = content_inside(raw, part) if part is not None else None
        if inside is None:
            raise _not_found(path)
        raw, parsed = inside, parse(inside)
    # What is left names a part, or the number of a file that lies inside one.
    mark = next((mark for mark in (_TNEF, _UU) if mark in last), "")
    part_path, _, number = last.partition(mark) if mark else (last, "", "")
    part = _part(parsed, part_path)
    if part is None:
        raise _not_found(path)
    if not mark:
        return decode_part(raw, part)
    files = (_tnef_files(raw, part) or ()) if mark == _TNEF else files_in_text(raw, part)
    # Four digits reach beyond limits.PARTS; int() of a long row of digits is slow, and refused from 4,300 on.
    if not number.isdecimal() or len(number) > 4 or int(number) >= len(files):
        raise _not_found(path)
    return files[int(number)].data


def _part(parsed: ParsedMessage, path: str) -> Part | None:
    return next((part for part in parsed.parts if part.path == path and not part.is_multipart), None)


def _not_found(path: str) -> NotFound:
    return NotFound("attachment_unknown", subject=path[:40])


def _tnef_files(raw: bytes, part: Part) -> list[TnefAttachment] | None:
    """The files inside a TNEF part; None when it is none or cannot be read."""
    if not is_tnef(part):
        return None
    content = read_tnef(decode_part(raw, part))
    return content.attachments if content is not None else None


def attachment_name(raw: bytes, part: Part, subject: str) -> str:
    """The name given, else the `subject` of the nested message it is, else one made of the path and type."""
    if part.filename:
        return part.filename
    if part.content_type in NESTED_TYPES:
        return (clean_filename(subject)[:100] or f"message-{part.path}") + ".eml"
    if part.encoding == UUENCODE[0]:
        _, files = take_files(decode(raw[part.body.start : part.body.end], None).replace("\r\n", "\n"))
        if files and (name := clean_filename(files[0].name)):
            return name
    return f"attachment-{part.path}.{_EXTENSIONS.get(part.content_type, 'bin')}"


def _subject(raw: bytes, part: Part) -> str:
    """That of a nested message without a name."""
    if part.filename or part.content_type not in NESTED_TYPES:
        return ""
    view = readable(decode_part(raw, part))
    return text_field(view, scan_header(view, 0, len(view), set()), b"subject", set())


def _size(raw: bytes, part: Part) -> int:
    # Of intact base64 the size follows from the letters: a list of attachments of 100 MB decodes none of them.
    if part.encoding == "base64":
        return base64_size(raw[part.body.start : part.body.end])
    return len(decode_part(raw, part))
