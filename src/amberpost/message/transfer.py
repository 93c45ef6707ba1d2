"""Content-Transfer-Encoding undone.

Never raises: damaged base64 gives the bytes before the damage, and the caller is told.
"""

import binascii
import re

import pybase64

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_BLANKS = b" \t\r\n"


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """(bytes, whether the encoding was intact)."""
    packed = data.translate(None, _BLANKS)
    try:
        return pybase64.b64decode(packed, validate=True), True
    except binascii.Error:
        return _decode_damaged(packed), False


def _decode_damaged(packed: bytes) -> bytes:
    """Up to the first padding, foreign characters passed over, the odd rest dropped."""
    kept = packed.translate(None, _NOT_BASE64)
    kept = kept.partition(b"=")[0]
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return pybase64.b64decode(kept + b"=" * (-len(kept) % 4), validate=True)


def base64_size(data: bytes) -> int:
    """How many bytes intact base64 decodes to, without decoding it."""
    length = len(data) - sum(map(data.count, (b"\r", b"\n", b" ", b"\t", b"=")))
    return length * 3 // 4


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
    return data, True
