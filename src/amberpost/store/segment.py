"""Segments: append-only files of records, and the 40-byte header that frames each record.

The checksums find torn writes and bit rot; that nobody changed a record on purpose is the business of its
encryption and of the ledger. Numbers are big-endian.
"""

import re
import struct
from dataclasses import dataclass
from zlib import crc32

MAGIC = b"AMB1"
HEADER = 40
SEGMENT_LIMIT = 256 * 1024 * 1024  # a backup copies no file anew but the last; four to a GB are few names
LEAF_LIMIT = 1024  # several times what a leaf has
PUNCHED, OBJECT = 1, 2
_FRAME = struct.Struct(">4sIQQIIII")
_CRC = struct.Struct(">I")
_NAME = re.compile(r"(\d{20})\.seg")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHeader:
    """What precedes leaf and payload. An object has its id for a leaf, and index 0."""

    leaf_length: int
    payload_length: int
    index: int
    flags: int
    leaf_crc: int
    payload_crc: int

    @property
    def length(self) -> int:
        """Of the whole record."""
        return HEADER + self.leaf_length + self.payload_length

    @property
    def is_object(self) -> bool:
        return bool(self.flags & OBJECT)

    @property
    def is_punched(self) -> bool:
        return bool(self.flags & PUNCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies."""

    segment: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length

    def __str__(self) -> str:
        return f"{self.segment:020d}.seg@{self.offset}"


def segment_path(log: str, number: int) -> str:
    """Twenty digits: names sort as numbers do, for every number of 64 bits."""
    return f"{log}/segments/{number:020d}.seg"


def segment_number(name: str) -> int | None:
    """The number in a file name; None if it is no segment."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def frame(leaf: bytes, payload: bytes, *, index: int, flags: int) -> bytes:
    """The header of a record."""
    head = _FRAME.pack(MAGIC, len(leaf), len(payload), index, flags, crc32(leaf), crc32(payload), 0)[:-4]
    return head + _CRC.pack(crc32(head))


def parse_header(data: bytes | memoryview) -> RecordHeader:
    """ValueError unless the bytes start with a sound header."""
    if len(data) < HEADER:
        raise ValueError("record header is cut off")
    magic, leaf_length, payload_length, index, flags, leaf_crc, payload_crc, crc = _FRAME.unpack(
        data[:HEADER]
    )
    if magic != MAGIC:
        raise ValueError("not a record")
    if crc != crc32(data[: HEADER - 4]):
        raise ValueError("record header is damaged")
    if leaf_length > LEAF_LIMIT or flags > (PUNCHED | OBJECT):
        raise ValueError("record header is of an unknown kind")
    return RecordHeader(
        leaf_length=leaf_length, payload_length=payload_length, index=index, flags=flags,
        leaf_crc=leaf_crc, payload_crc=payload_crc,
    )  # fmt: skip


def leaf_of(header: RecordHeader, record: bytes | memoryview) -> bytes:
    """ValueError if the leaf is cut off or damaged."""
    leaf = bytes(record[HEADER : HEADER + header.leaf_length])
    if len(leaf) != header.leaf_length or crc32(leaf) != header.leaf_crc:
        raise ValueError("leaf is damaged")
    return leaf


def payload_of(header: RecordHeader, record: bytes | memoryview) -> memoryview:
    """ValueError if the payload is cut off or damaged."""
    payload = memoryview(record)[HEADER + header.leaf_length : header.length]
    if len(payload) != header.payload_length or crc32(payload) != header.payload_crc:
        raise ValueError("payload is damaged")
    return payload
