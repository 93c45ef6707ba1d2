"""Hand-made mail for the tests of message/: plain mail, journal reports, TNEF streams."""

from struct import pack

REPORT_HEAD = "Sender: kim@own.example\r\nSubject: Hello\r\nMessage-Id: <one@own.example>\r\n"
INNER = (
    b"From: Kim <kim@own.example>\r\nTo: lee@other.example\r\nSubject: Hello\r\n"
    b"Date: Tue, 14 Feb 2023 08:41:05 +0000\r\nMessage-ID: <one@own.example>\r\n\r\nHello Lee\r\n"
)


def mail(*fields: str, body: str | bytes = b"text\r\n") -> bytes:
    """A message of these header lines."""
    data = body if isinstance(body, bytes) else body.encode()
    return "".join(f"{line}\r\n" for line in fields).encode() + b"\r\n" + data


def multipart(
    *parts: bytes, kind: str = "mixed", boundary: str = "b0", fields: tuple[str, ...] = ()
) -> bytes:
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    body += b"--" + boundary.encode() + b"--\r\n"
    return mail(*fields, f'Content-Type: multipart/{kind}; boundary="{boundary}"', body=body)


def nested(inner: bytes, *fields: str) -> bytes:
    return mail("Content-Type: message/rfc822", *fields, body=inner)


def report(
    text: str | bytes,
    *originals: bytes,
    text_fields: tuple[str, ...] = ("Content-Type: text/plain; charset=utf-8",),
    field: str = "X-MS-Journal-Report:",
    boundary: str = "_jr_",
) -> bytes:
    """A journal report with this text part and these (complete) parts behind it."""
    fields = ("From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@own.example", field)
    return multipart(mail(*text_fields, body=text), *originals, boundary=boundary, fields=fields)


def attribute(level: int, identifier: int, data: bytes) -> bytes:
    return pack("<BII", level, identifier, len(data)) + data + pack("<H", sum(data) & 0xFFFF)


def mapi(*properties: tuple[int, int, bytes]) -> bytes:
    """MAPI properties (type, id, value); variable types get their count and length."""
    out = pack("<I", len(properties))
    for kind, identifier, value in properties:
        out += pack("<HH", kind, identifier)
        if kind in (0x0D, 0x1E, 0x1F, 0x102):
            out += pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
        else:
            out += value
    return out


def tnef(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def tnef_file(name: str, data: bytes) -> bytes:
    return (
        attribute(2, 0x00069002, b"\1\0")
        + attribute(2, 0x00018010, name.encode("cp1252") + b"\0")
        + attribute(2, 0x0006800F, data)
    )
