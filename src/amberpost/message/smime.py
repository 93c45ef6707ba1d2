"""Opaque S/MIME (RFC 8551 3.5.2 and 3.8): the message inside a signed or compressed envelope of CMS.

Nothing is verified here and nothing decrypted: signed and compressed data lie open, encrypted data stay closed.
Never raises; BER with indefinite lengths and octet strings in pieces is what many mail programs write.
"""

import zlib
from typing import Literal

TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_NAMES = (".p7m", ".p7z")
_MAX_INFLATED = 64 * 1024 * 1024  # zlib makes up to a thousand bytes of one
# The object identifiers as they lie in the bytes (RFC 5652, RFC 3274, RFC 5083), to tell the kinds without reading on.
_SIGNED = bytes.fromhex("06092a864886f70d010702")
_COMPRESSED = bytes.fromhex("060b2a864886f70d0109100109")
_ENCRYPTED = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_HEAD = 64  # the identifier comes right behind the first tag and its length

SmimeKind = Literal["signed", "compressed", "encrypted"]


def is_smime(content_type: str, filename: str) -> bool:
    """Whether a part says that it is CMS; some gateways keep nothing but the name."""
    if content_type in TYPES:
        return True
    return content_type == "application/octet-stream" and filename.lower().endswith(_NAMES)


def kind_of(data: bytes) -> SmimeKind | None:
    """What kind of CMS the data begin with, None if it is none."""
    head = data[:_HEAD]
    if _SIGNED in head:
        return "signed"
    if _COMPRESSED in head:
        return "compressed"
    return "encrypted" if any(identifier in head for identifier in _ENCRYPTED) else None


def opened(data: bytes) -> bytes | None:
    """The MIME entity inside signed or compressed data, None if there is none that can be read."""
    kind = kind_of(data)
    if kind not in ("signed", "compressed"):
        return None
    from asn1crypto import cms  # noqa: PLC0415  20 ms that nearly no process needs

    try:
        content = cms.ContentInfo.load(data)["content"]["encap_content_info"]["content"].native
        if not isinstance(content, bytes):
            return None
        if kind == "compressed":  # zlib by RFC 3274 §2, and nothing else
            return zlib.decompressobj().decompress(content, _MAX_INFLATED)
        return content
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, zlib.error):
        return None  # what a reader of ASN.1 trips over in bytes that are none
