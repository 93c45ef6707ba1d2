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
    style = style if _is_latin(text) else "B"
    return "\r\n ".join(_encoded_word(piece, style) for piece in _pieces(text))


def mailbox(name: str, address: str, style: str = "B") -> str:
    if not name:
        return f"<{address}>"
    if not name.isascii():
        return f"{words(name, style)} <{address}>"
    return f'"{name}" <{address}>' if "," in name else f"{name} <{address}>"


def addresses(mailboxes: Sequence[str]) -> str:
    """An address list, folded so that no line grows long."""
    return ",\r\n ".join(mailboxes)


def _pieces(text: str) -> list[str]:
    """Cut so that no encoded word exceeds 75 characters; never inside a character."""
    return [text[at : at + 12] for at in range(0, len(text), 12)]


def _encoded_word(text: str, style: str) -> str:
    if style == "B":
        return f"=?utf-8?B?{base64.b64encode(text.encode('utf-8')).decode('ascii')}?="
    data = text.encode("iso-8859-1")
    return "=?iso-8859-1?Q?" + "".join(_q(byte) for byte in data) + "?="


def _is_latin(text: str) -> bool:
    return max(map(ord, text)) < 256


def _q(byte: int) -> str:
    if byte == 0x20:
        return "_"
    return chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"={byte:02X}"


def _parameter(key: str, value: str) -> str:
    """RFC 2231 §4 for names that are not ASCII."""
    if value.isascii():
        return f'\r\n {key}="{value}"'
    return f"\r\n {key}*=utf-8''" + "".join(
        char if char.isascii() and (char.isalnum() or char in "._-") else _percent(char) for char in value
    )


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8"))


@lru_cache(maxsize=128)
def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")
