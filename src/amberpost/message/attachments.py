"""The files a message carries: names, types, sizes, bytes.

Contents of a readable winmail.dat stand in its place, as "1.2/tnef/0". Nothing is unpacked beyond that.
"""

from dataclasses import dataclass

from amberpost.errors import NotFound
from amberpost.message.body import decode_part, is_tnef
from amberpost.message.headers import text_field
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.scan import readable, scan_header
from amberpost.message.tnef import TnefAttachment, read_tnef
from amberpost.message.transfer import base64_size
from amberpost.message.types import ParsedMessage, Part
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    path: str  # Part.path; "PATH/tnef/N" for a file inside TNEF
    name: str  # never empty, safe as a file name
    content_type: str
    size_bytes: int  # decoded


def attachments(raw: bytes, parsed: ParsedMessage) -> tuple[Attachment, ...]:
    """All attachments in document order, those of nested messages too."""
    found: list[Attachment] = []
    for part in parsed.parts:
        if not part.is_attachment:
            continue
        inside = _tnef_files(raw, part)
        if inside is None:
            found.append(_listed(raw, part))
        else:
            found += (_listed_in_tnef(part.path, number, file) for number, file in enumerate(inside))
    return tuple(found)


def open_attachment(raw: bytes, parsed: ParsedMessage, path: str) -> bytes:
    """The decoded bytes of one attachment or part; NotFound for a path that names none."""
    part_path, _, number = path.partition("/tnef/")
    part = next((part for part in parsed.parts if part.path == part_path and not part.is_multipart), None)
    if part is None:
        raise NotFound("No such attachment", subject=path[:40])
    if not number:
        return decode_part(raw, part)
    inside = _tnef_files(raw, part) or []
    if not number.isdecimal() or len(number) > 4 or int(number) >= len(inside):
        raise NotFound("No such attachment", subject=path[:40])
    return inside[int(number)].data


def _tnef_files(raw: bytes, part: Part) -> list[TnefAttachment] | None:
    """The files inside a TNEF part; None when it is none or cannot be read."""
    if not is_tnef(part):
        return None
    content = read_tnef(decode_part(raw, part))
    return content.attachments if content is not None else None


def _listed(raw: bytes, part: Part) -> Attachment:
    return Attachment(
        path=part.path,
        name=attachment_name(raw, part),
        content_type=part.content_type,
        size_bytes=_size(raw, part),
    )


def _listed_in_tnef(path: str, number: int, file: TnefAttachment) -> Attachment:
    return Attachment(
        path=f"{path}/tnef/{number}",
        name=file.name or f"attachment-{number + 1}.bin",
        content_type=file.content_type,
        size_bytes=len(file.data),
    )


def attachment_name(raw: bytes, part: Part) -> str:
    """The name given, else the subject of a nested message, else one made of the path and type."""
    if part.filename:
        return part.filename
    if part.content_type in NESTED_TYPES:
        return (_nested_subject(raw, part)[:100] or f"message-{part.path}") + ".eml"
    return f"attachment-{part.path}.{_EXTENSIONS.get(part.content_type, 'bin')}"


def _nested_subject(raw: bytes, part: Part) -> str:
    data = readable(decode_part(raw, part))
    return clean_filename(text_field(data, scan_header(data, 0, len(data), set()), b"subject", set()))


def _size(raw: bytes, part: Part) -> int:
    if part.encoding == "base64":
        return base64_size(raw[part.body.start : part.body.end])
    return len(decode_part(raw, part))
