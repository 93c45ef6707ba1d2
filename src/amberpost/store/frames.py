"""Frames of an intake log: header, then a compressed and encrypted payload.

Frame n of a log uses nonce n of the log's own key; a log has one writer that stops for ever at its first
error, so no nonce is used twice. `synced` tells how many frames were on disk when this one was written: with
it a reader can tell a torn end, which nobody was promised, from damage.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amberpost.store.pack import pack, unpack

MAGIC = b"AMBI"
VERSION = 1
FRAME_HEADER = 28
_HEAD = struct.Struct(">4sHHIIQ")  # magic, version, 0, number, synced, length
_CRC = struct.Struct(">I")
_MAX_FRAMES = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHeader:
    number: int
    synced: int
    length: int  # of the sealed payload


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFrame:
    """A frame as it lies in the file, checksum verified."""

    header: FrameHeader
    sealed: bytes


class FrameCipher:
    """Seals and opens the payloads of one log."""

    def __init__(self, key: bytes, name: str) -> None:
        self._cipher = AESGCM(key)
        self._aad = f"amberpost intake {name}".encode()

    def seal(self, packed: bytes, number: int) -> bytes:
        """Encrypt with the number for a nonce: it must be new in this log, or the key is given away."""
        return self._cipher.encrypt(number.to_bytes(12, "big"), packed, self._aad)

    def unseal(self, frame: SealedFrame) -> bytes:
        """The packed payload; ValueError if it is damaged."""
        try:
            nonce = frame.header.number.to_bytes(12, "big")
            return self._cipher.decrypt(nonce, frame.sealed, self._aad)
        except InvalidTag:
            raise ValueError("authentication failed") from None


def pack_payload(payload: bytes) -> bytes:
    """Level 1: the log is read once and soon gone."""
    return pack(payload, level=1)


def unpack_payload(packed: bytes) -> bytes:
    """The inverse of pack_payload(); left to whoever has the time, since it is the costly part of reading."""
    return unpack(packed)


def frame_header(sealed: bytes, *, number: int, synced: int) -> bytes:
    """What stands before a sealed payload, with a checksum of both."""
    head = _HEAD.pack(MAGIC, VERSION, 0, number, synced, len(sealed))
    return head + _CRC.pack(crc32(sealed, crc32(head)))


def read_frame(data: memoryview, at: int) -> SealedFrame | None:
    """The sound frame at this place, or None."""
    header = _parse(data[at : at + FRAME_HEADER])
    if header is None:
        return None
    sealed = data[at + FRAME_HEADER : at + FRAME_HEADER + header.length]
    if len(sealed) != header.length:
        return None
    (crc,) = _CRC.unpack(data[at + FRAME_HEADER - 4 : at + FRAME_HEADER])
    if crc != crc32(sealed, crc32(data[at : at + FRAME_HEADER - 4])):
        return None
    return SealedFrame(header=header, sealed=bytes(sealed))


def sound_frames(data: bytes) -> Iterator[SealedFrame]:
    """Every sound frame, also those behind damaged bytes."""
    view, at = memoryview(data), 0
    while 0 <= at < len(data):
        frame = read_frame(view, at)
        if frame is None:
            at = data.find(MAGIC, at + 1)
            continue
        yield frame
        at += FRAME_HEADER + frame.header.length


def frame_length(head: bytes) -> int | None:
    """How long the frame is that starts with this header; None if it is no header."""
    header = _parse(memoryview(head))
    return None if header is None else FRAME_HEADER + header.length


def _parse(head: memoryview) -> FrameHeader | None:
    if len(head) < FRAME_HEADER:
        return None
    magic, version, zero, number, synced, length = _HEAD.unpack(head[: _HEAD.size])
    if (magic, version, zero) != (MAGIC, VERSION, 0):
        return None
    return FrameHeader(number=number, synced=synced, length=length)
