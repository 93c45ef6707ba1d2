"""TNEF ("winmail.dat", MS-OXTNEF) read as far as an archive needs it: text, attachments, embedded messages.

Never raises and never recurses: a stream that breaks off gives what came before. Embedded messages are read
by the same loop. The original bytes stay what they are; nothing here is written back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct, error

from amberpost.message.charset import declared_in_html, decode
from amberpost.message.markup import html_text
from amberpost.message.rtf import rtf_text, uncompress_rtf
from amberpost.message.words import clean_filename

_SIGNATURE = b"\x78\x9f\x3e\x22"
_EMBEDDED = bytes.fromhex("0703020000000000C000000000000046")  # IID_IMessage before an embedded TNEF stream
_ATTRIBUTE = Struct("<BII")
_UINT32 = Struct("<I")
_PROPERTY = Struct("<HH")
# Outlook writes tens of each; what a stream claims beyond these numbers is not read.
_MAX_ATTACHMENTS = 1_000
_MAX_PROPERTIES = 5_000  # of one attribute, and values of one property
_MAX_EMBEDDED = 50  # messages in messages, each read by the same loop

# Attribute ids with their type word (MS-OXTNEF 2.1.3.2)
_SUBJECT, _BODY, _MAPI = 0x00018004, 0x0002800C, 0x00069003
_ATTACH_DATA, _ATTACH_TITLE, _ATTACH_START, _ATTACH_MAPI = 0x0006800F, 0x00018010, 0x00069002, 0x00069005
_CODEPAGE = 0x00069007

# MAPI property ids (MS-OXPROPS)
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML = 0x0037, 0x1000, 0x1009, 0x1013
_P_DATA, _P_NAME, _P_LONG_NAME, _P_MIME = 0x3701, 0x3704, 0x3707, 0x370E
_P_DISPLAY_NAME = 0x3001
_P_INTERNET_CODEPAGE, _P_MESSAGE_CODEPAGE = 0x3FDE, 0x3FFD

_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRINGS = {0x1E: "", 0x1F: "utf-16-le"}
_OBJECT = 0x0D
_VARIABLE = (_OBJECT, 0x1E, 0x1F, 0x102)
_MULTIVALUE = 0x1000


@dataclass(slots=True)
class TnefAttachment:
    name: str = ""
    content_type: str = "application/octet-stream"
    data: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What a TNEF stream holds; `subject` and `text` with those of embedded messages behind them."""

    text: str = ""
    attachments: list[TnefAttachment] = field(default_factory=list)
    is_complete: bool = True


def read_tnef(data: bytes) -> Tnef | None:
    """The content of a TNEF stream, None when it is none."""
    if not data.startswith(_SIGNATURE):
        return None
    found = Tnef()
    texts: list[str] = []
    waiting = [data]
    for _ in range(_MAX_EMBEDDED):
        if not waiting:
            break
        _read_stream(waiting.pop(), found, texts, waiting)
    found.text = "\n".join(text for text in texts if text)
    found.attachments = [file for file in found.attachments if file.data or file.name]
    for file in found.attachments:
        file.name = clean_filename(file.name)
    return found


@dataclass(slots=True)
class _Body:
    """What a stream says of its text, as bytes: which code page they are in may stand behind them."""

    subject: str = ""
    plain: str = ""
    html: bytes | str = b""
    rtf: bytes = b""
    waiting: dict[int, bytes] = field(default_factory=dict)  # 8-bit properties by id
    oem: str = ""  # attOemCodepage, for 8-bit texts
    internet: str = ""  # PidTagInternetCodepage, for HTML
    message: str = ""  # PidTagMessageCodepage

    @property
    def page(self) -> str:
        return self.oem or self.message or self.internet or "cp1252"


def _read_stream(data: bytes, found: Tnef, texts: list[str], waiting: list[bytes]) -> None:
    body = _Body()
    current = TnefAttachment()
    for identifier, value in _attributes(data, found):
        if identifier == _CODEPAGE and len(value) >= 4:
            body.oem = _page(value)
        elif identifier in (_SUBJECT, _BODY):
            body.waiting[_P_SUBJECT if identifier == _SUBJECT else _P_BODY] = value
        elif identifier == _MAPI:
            _take_message_properties(value, body)
        elif identifier == _ATTACH_START and len(found.attachments) < _MAX_ATTACHMENTS:
            current = TnefAttachment()
            found.attachments.append(current)
        elif identifier == _ATTACH_TITLE:
            current.name = _string(value, body.page)
        elif identifier == _ATTACH_DATA:
            current.data = value
        elif identifier == _ATTACH_MAPI:
            _take_attachment_properties(value, body.page, current, waiting)
    if _P_SUBJECT in body.waiting:
        body.subject = body.subject or _string(body.waiting[_P_SUBJECT], body.page)
    if _P_BODY in body.waiting:
        body.plain = body.plain or _string(body.waiting[_P_BODY], body.page)
    html = body.html
    if isinstance(html, bytes):
        # MS-OXCMAIL 2.1.3.5: HTML is in PidTagInternetCodepage, else in what it says itself.
        html = decode(html, body.internet or declared_in_html(html) or body.page)
    texts.append(body.subject)
    texts.append(body.plain.strip() or html_text(html) or rtf_text(body.rtf, body.page))


def _page(value: bytes) -> str:
    return f"cp{_UINT32.unpack_from(value)[0]}"


def _attributes(data: bytes, found: Tnef) -> Iterator[tuple[int, bytes]]:
    """(id, value) of each attribute; the checksum is not looked at, the archive keeps the bytes anyway."""
    position = 6
    while position + _ATTRIBUTE.size <= len(data):
        level, identifier, length = _ATTRIBUTE.unpack_from(data, position)
        start = position + _ATTRIBUTE.size
        if level not in (1, 2) or start + length > len(data):
            found.is_complete = False
            return
        yield identifier, data[start : start + length]
        position = start + length + 2


def _string(value: bytes, codepage: str) -> str:
    return decode(value.rstrip(b"\0"), codepage)


def _take_message_properties(value: bytes, body: _Body) -> None:
    for identifier, kind, data in _properties(value):
        if identifier in (_P_SUBJECT, _P_BODY) and kind not in _STRINGS:
            continue
        if identifier == _P_SUBJECT and _STRINGS[kind]:
            body.subject = _property_text(data, kind, body.page)
        elif identifier == _P_BODY and _STRINGS[kind]:
            body.plain = _property_text(data, kind, body.page)
        elif identifier in (_P_SUBJECT, _P_BODY):
            body.waiting[identifier] = data
        elif identifier == _P_HTML:
            body.html = _property_text(data, kind, body.page) if kind == 0x1F else data.rstrip(b"\0")
        elif identifier == _P_RTF:
            body.rtf = uncompress_rtf(data)
        elif identifier == _P_INTERNET_CODEPAGE and len(data) == 4:
            body.internet = _page(data)
        elif identifier == _P_MESSAGE_CODEPAGE and len(data) == 4:
            body.message = _page(data)


def _take_attachment_properties(
    value: bytes, codepage: str, current: TnefAttachment, waiting: list[bytes]
) -> None:
    display_name = ""
    long_name = ""
    for identifier, kind, data in _properties(value):
        if identifier == _P_LONG_NAME:
            long_name = _property_text(data, kind, codepage)
        elif identifier == _P_NAME:
            current.name = current.name or _property_text(data, kind, codepage)
        elif identifier == _P_DISPLAY_NAME:
            display_name = _property_text(data, kind, codepage)
        elif identifier == _P_MIME:
            current.content_type = _property_text(data, kind, codepage).lower() or current.content_type
        elif identifier == _P_DATA and data.startswith(_EMBEDDED):
            waiting.append(data[len(_EMBEDDED) :])
            current.data, current.content_type = data[len(_EMBEDDED) :], "application/ms-tnef"
        elif identifier == _P_DATA:
            current.data = (
                data[len(_EMBEDDED) :] if kind == _OBJECT else data
            )  # an object begins with its IID
    current.name = long_name or current.name or display_name


def _property_text(data: bytes, kind: int, codepage: str) -> str:
    text = decode(data, _STRINGS.get(kind) or codepage)
    return text.rstrip("\0")


def _properties(value: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(id, type, first value) of each MAPI property (MS-OXTNEF 2.1.3.4), up to where it makes sense."""
    try:
        count = _UINT32.unpack_from(value)[0]
        position = 4
        for _ in range(min(count, _MAX_PROPERTIES)):
            kind, identifier = _PROPERTY.unpack_from(value, position)
            position += 4
            if identifier >= 0x8000:
                # Named properties carry a GUID of 16 bytes, a kind, and a number or the length of a name.
                is_text = _UINT32.unpack_from(value, position + 16)[0] != 0
                length = _UINT32.unpack_from(value, position + 20)[0] if is_text else 0
                position += 24 + _padded(length)
            data, position = _values(value, position, kind)
            yield identifier, kind & ~_MULTIVALUE, data
    except (error, _Unknown):
        return


class _Unknown(Exception):
    """A property type whose length is not known; nothing behind it can be read."""


def _values(value: bytes, position: int, kind: int) -> tuple[bytes, int]:
    """(the first value of a property, where the next property begins)."""
    is_multiple, base = bool(kind & _MULTIVALUE), kind & ~_MULTIVALUE
    count = 1
    if is_multiple or base in _VARIABLE:  # strings and objects have a count even where they are single
        count = _UINT32.unpack_from(value, position)[0]
        position += 4
    first = b""
    for number in range(min(count, _MAX_PROPERTIES)):
        if base in _FIXED:
            length = skipped = _FIXED[base]
        elif base in _VARIABLE:
            length = _UINT32.unpack_from(value, position)[0]
            position += 4
            skipped = _padded(length)
        else:
            raise _Unknown
        if number == 0:
            first = value[position : position + length]
        position += skipped
    return first, position


def _padded(length: int) -> int:
    return (length + 3) & ~3
