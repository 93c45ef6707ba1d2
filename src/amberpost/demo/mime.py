"""Puts messages together byte by byte, in the manners of different mail programs.

A part is its header block, an empty line and its body, all with CR LF.
"""

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

from amberpost.demo.chance import Chance

STYLES = (  # charset, Content-Transfer-Encoding
    ("utf-8", "quoted-printable"),
    ("utf-8", "8bit"),
    ("utf-8", "base64"),
    ("iso-8859-15", "quoted-printable"),
    ("iso-8859-15", "8bit"),
)


def text_part(text: str, style: tuple[str, str], subtype: str = "plain", parameters: str = "") -> bytes:
    """A text part. What the charset lacks becomes a question mark, as careless programs do."""
    charset, encoding = style
    data = text.replace("\n", "\r\n").encode(charset, "replace")
    if data.isascii() and encoding != "base64":
        charset, encoding = "us-ascii", "7bit"
    head = f'Content-Type: text/{subtype}; charset="{charset}"{parameters}\r\n'
    head += f"Content-Transfer-Encoding: {encoding}\r\n"
    if encoding == "quoted-printable":
        data = binascii.b2a_qp(data, istext=True)
    elif encoding == "base64":
        data = _base64(data)
    return head.encode("ascii") + b"\r\n" + data


def file_part(name: str, content_type: str, data: bytes, *, cid: str = "") -> bytes:
    """An attachment in base64, or an inline image when it has a Content-ID."""
    disposition = "inline" if cid else "attachment"
    head = (
        f"Content-Type: {content_type};{_parameter('name', name)}\r\n"
        f"Content-Disposition: {disposition};{_parameter('filename', name)}\r\n"
    )
    if cid:
        head += f"Content-ID: <{cid}>\r\n"
    head += "Content-Transfer-Encoding: base64\r\n\r\n"
    return head.encode("ascii") + _base64(data)


def message_part(raw: bytes) -> bytes:
    """A whole message as an attachment."""
    encoding = b"" if raw.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n" + encoding + b"\r\n" + raw


def multipart(kind: str, parts: Sequence[bytes], chance: Chance, parameters: str = "") -> bytes:
    boundary = chance.one_of(("_000_{}_", "----=_NextPart_{}", "==={}==", "Apple-Mail={}")).format(
        chance.hex(16)
    )
    head = f'Content-Type: multipart/{kind};{parameters}\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    line = f"--{boundary}".encode("ascii")
    return head + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def words(text: str, style: str = "B") -> str:
    """Unstructured header text: as it is, or as encoded words of RFC 2047 §2."""
    if text.isascii():
        return text
    is_latin = max(map(ord, text)) < 256
    made = []
    # Twelve letters at most, so that no encoded word exceeds 75 characters; never cut inside a letter (§5).
    for piece in (text[at : at + 12] for at in range(0, len(text), 12)):
        if style == "B" or not is_latin:
            made.append(f"=?utf-8?B?{base64.b64encode(piece.encode('utf-8')).decode('ascii')}?=")
        else:
            q = (_q(byte) for byte in piece.encode("iso-8859-1"))
            made.append(f"=?iso-8859-1?Q?{''.join(q)}?=")
    return "\r\n ".join(made)


def mailbox(name: str, address: str, style: str = "B") -> str:
    if not name:
        return f"<{address}>"
    if not name.isascii():
        return f"{words(name, style)} <{address}>"
    return f'"{name}" <{address}>' if "," in name else f"{name} <{address}>"


def addresses(mailboxes: Sequence[str]) -> str:
    """An address list, folded so that no line grows long."""
    return ",\r\n ".join(mailboxes)


def _q(byte: int) -> str:
    """RFC 2047 §4.2; everything but letters and digits is escaped, which holds in a display name, too."""
    if byte == 0x20:
        return "_"
    return chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"={byte:02X}"


def _parameter(key: str, value: str) -> str:
    """RFC 2231 §4 for names that are not ASCII."""
    if value.isascii():
        return f'\r\n {key}="{value}"'
    return f"\r\n {key}*=utf-8''" + "".join(
        char
        if char.isascii() and (char.isalnum() or char in "._-")
        else "".join(f"%{byte:02X}" for byte in char.encode("utf-8"))
        for char in value
    )


@lru_cache(maxsize=128)
def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")
