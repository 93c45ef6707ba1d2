"""Encryption of a payload in chunks of 1 MiB.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): nonce = 11-byte counter || 1 byte that is
1 on the last chunk. A key is used for one payload only. Cutting, reordering or adding is an error, as is
any changed bit of payload or associated data.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1024 * 1024  # a header is read without opening more than this of its record
TAG = 16  # bytes, of GCM (NIST SP 800-38D)
_ONLY = bytes(11) + b"\x01"


def sealed_length(plain_length: int) -> int:
    """How long seal() makes so many bytes."""
    return plain_length + TAG * max(1, -(-plain_length // CHUNK))


def seal(key: bytes, plain: bytes, aad: bytes) -> bytes:
    """Encrypt with a fresh key."""
    cipher = AESGCM(key)
    if len(plain) <= CHUNK:
        return cipher.encrypt(_ONLY, plain, aad)
    view = memoryview(plain)
    starts = range(0, len(plain), CHUNK)
    return b"".join(
        cipher.encrypt(_nonce(number, last=start == starts[-1]), view[start : start + CHUNK], aad)
        for number, start in enumerate(starts)
    )


def unseal(key: bytes, sealed: bytes | memoryview, aad: bytes) -> bytes:
    """Decrypt; ValueError if anything was changed."""
    cipher, view = AESGCM(key), memoryview(sealed)
    try:
        if len(view) <= CHUNK + TAG:
            return cipher.decrypt(_ONLY, view, aad)
        starts = range(0, len(view), CHUNK + TAG)
        chunks = [
            cipher.decrypt(_nonce(number, last=start == starts[-1]), view[start : start + CHUNK + TAG], aad)
            for number, start in enumerate(starts)
        ]
        return b"".join(chunks)
    except InvalidTag:
        raise ValueError("authentication failed") from None


def unseal_first(key: bytes, first: bytes, aad: bytes, *, only: bool) -> bytes:
    """Decrypt the first chunk alone; `only` tells that it is also the last."""
    try:
        return AESGCM(key).decrypt(_nonce(0, last=only), first, aad)
    except InvalidTag:
        raise ValueError("authentication failed") from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
