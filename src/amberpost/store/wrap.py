"""Wrapping one key with another: AES-256-GCM with a random nonce, kept as nonce || ciphertext || tag."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = 32  # bytes, of AES-256
NONCE = 12  # bytes; random ones are safe for 2**32 keys under one KEK (NIST SP 800-38D section 8.3)


def wrap(cipher: AESGCM, plain: bytes, aad: bytes) -> bytes:
    """Encrypt, bound to `aad`: unwrap() opens it with the very same only."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + cipher.encrypt(nonce, plain, aad)


def unwrap(cipher: AESGCM, wrapped: bytes, aad: bytes) -> bytes:
    """ValueError if the bytes or what they are bound to were changed."""
    try:
        return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], aad)
    except InvalidTag:
        raise ValueError("authentication failed") from None


def bound(*parts: str | int | bytes) -> bytes:
    """Associated data that means one list of values only: each part carries its length."""
    pieces: list[bytes] = []
    for part in parts:
        if isinstance(part, int):
            part = part.to_bytes(8, "big", signed=True)  # a damaged row may hold any 64-bit number
        data = part.encode() if isinstance(part, str) else part
        pieces += (len(data).to_bytes(4, "big"), data)
    return b"".join(pieces)
