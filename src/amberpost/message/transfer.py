"""Content-Transfer-Encoding undone.

Never raises: damaged base64 gives all the bytes that are there, and the caller is told.
"""

import binascii
import re

import pybase64

from amberpost.message.uuencode import first_file

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_BLANKS = b" \t\r\n"
# A line of words, as the footer a mailing list hangs behind what it does not understand.
_TEXT_LINE = re.compile(rb"[A-Za-z0-9][,.:;!?]?[ \t]+[A-Za-z0-9]|^[^A-Za-z0-9+/=]*+$")
_DATA_LINE = 16  # characters that a line behind such words needs to be taken for data
UUENCODE = ("x-uuencode", "uuencode", "x-uue", "uue")


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """(bytes, whether the encoding was intact)."""
    packed = data.translate(None, _BLANKS)
    try:
        return pybase64.b64decode(packed, validate=True), True
    except binascii.Error:
        return _decode_damaged(data), False


def _decode_damaged(data: bytes) -> bytes:
    """All bytes of it: padding ends one piece and not the whole (two encoded texts put together), foreign
    characters are passed over, the odd rest of a piece is dropped; lines of words are no data."""
    lines: list[bytes] = []
    is_behind_words = False
    for line in data.split(b"\n"):
        line = line.strip(_BLANKS)
        if not line:
            continue
        if lines and _TEXT_LINE.search(line):
            is_behind_words = True
        elif not is_behind_words or (
            len(line) >= _DATA_LINE and len(line) % 4 == 0 and not line.translate(None, _ALPHABET)
        ):
            lines.append(line)
    decoded: list[bytes] = []
    for piece in re.split(rb"=+", b"".join(lines).translate(None, _NOT_BASE64)):
        if len(piece) % 4 == 1:  # six bits make no byte (RFC 4648 §4)
            piece = piece[:-1]
        decoded.append(pybase64.b64decode(piece + b"=" * (-len(piece) % 4), validate=True))
    return b"".join(decoded)


def base64_size(data: bytes) -> int:
    """How many bytes base64 decodes to; intact base64 is counted and not decoded."""
    packed = data.translate(None, _BLANKS)
    kept = packed.rstrip(b"=")
    if b"=" in kept or kept.translate(None, _ALPHABET):
        return len(decode_base64(data)[0])
    return len(kept) * 3 // 4


def looks_like_base64(data: bytes) -> bool:
    """False for plain text that only claims to be base64."""
    sample = data[:4096]
    before, _, _ = sample.partition(b"=")  # behind the padding often stands the footer of a list
    sample = before if len(before) > 8 else sample
    packed = sample.translate(None, _BLANKS)
    foreign = len(packed) - len(packed.translate(None, _NOT_BASE64))
    return foreign * 20 <= len(packed) and re.search(rb"[A-Za-z] [A-Za-z]+ [A-Za-z]", sample) is None


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """(decoded bytes, whether the encoding was intact); unknown encodings are left as they are."""
    if encoding == "base64":
        return decode_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), True
    if encoding in UUENCODE:
        content = first_file(data)
        return (data, False) if content is None else (content, True)
    return data, True
