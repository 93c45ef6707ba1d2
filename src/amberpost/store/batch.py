"""One batch of records: numbers, keys and places for all of them before the first byte is written.

Builds what store.append() then makes durable in the order of formats.md section 4. Touches no disk.
"""

import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from amberpost.errors import StoreError
from amberpost.store.keys import Kek
from amberpost.store.pack import pack
from amberpost.store.rows import BY_CAPTURE, BY_OBJECT, CaptureRow, LogRows, ObjectRow
from amberpost.store.segment import LEAF_LIMIT, OBJECT, SEGMENT_LIMIT, Place, frame
from amberpost.store.split import Split, SplitObject
from amberpost.store.stream import seal
from amberpost.store.wrap import KEY, bound, wrap

HEADER_LENGTH = struct.Struct(">I")
_INDEX = struct.Struct(">Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """What the vault wants sealed. `header` is opaque to the store; no split: the record is header only."""

    capture_id: bytes | None
    leaf: bytes
    header: bytes
    split: Split | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where the next record goes, and which numbers it gets."""

    next_index: int
    next_number: int
    segment: int
    end: int


@dataclass(slots=True, kw_only=True)
class Binding:
    """Associated data of payloads: origin and log, then what the record is."""

    prefix: bytes

    @classmethod
    def of(cls, origin: str, log: str) -> "Binding":
        return cls(prefix=bound(origin, log))

    def capture(self, index: int, leaf: bytes) -> bytes:
        """Of a record's payload: it opens at this index and under this leaf only."""
        return b"".join((self.prefix, b"CAP", _INDEX.pack(index), leaf))

    def object(self, id: bytes) -> bytes:
        """Of an object's payload: it opens under this id only, wherever it lies."""
        return b"".join((self.prefix, b"OBJ", id))


@dataclass(slots=True, kw_only=True)
class Batch:
    """Filled by add(); `writes` holds the bytes for each segment, in order."""

    rows: LogRows
    binding: Binding
    tail: Tail
    record_kek: Kek
    object_kek: Kek
    known: dict[bytes, int]  # numbers of objects that are kept already
    captures: list[CaptureRow] = field(default_factory=list)
    objects: list[ObjectRow] = field(default_factory=list)
    references: list[tuple[int, int, int]] = field(default_factory=list)
    writes: list[tuple[int, list[bytes]]] = field(default_factory=list)
    fresh_keys: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def add_all(self, records: Sequence[NewRecord]) -> None:
        """Seal them, in order. StoreError for a leaf of the wrong size or a reference to nothing that is kept."""
        # One system call for all keys of the batch: three a record cost more than the encryption.
        wanted = len(records) + sum(len(one.split.objects) for one in records if one.split is not None)
        random = memoryview(secrets.token_bytes(KEY * wanted))
        self.fresh_keys = (bytes(random[at : at + KEY]) for at in range(0, KEY * wanted, KEY))
        for record in records:
            self._add(record)

    def _add(self, record: NewRecord) -> None:
        """The objects of a record first: what refers never comes before what it refers to."""
        if not 0 < len(record.leaf) <= LEAF_LIMIT:
            raise StoreError("leaf_size_wrong", subject=str(len(record.leaf)))
        index = self.tail.next_index
        if record.split is not None:
            for one in record.split.objects:
                if one.id not in self.known:
                    self._add_object(one)
            self._refer(record.split.references, BY_CAPTURE, index)
        key = next(self.fresh_keys)
        payload = seal(key, payload_plain(record), self.binding.capture(index, record.leaf))
        place = self._place(frame(record.leaf, payload, index=index, flags=0), record.leaf, payload)
        aad = self.rows.bound_capture(index, record.capture_id, place, self.record_kek.id)
        wrapped = wrap(self.record_kek.cipher, key, aad)
        self.captures.append(
            CaptureRow(
                index=index,
                capture_id=record.capture_id,
                place=place,
                kek=self.record_kek.id,
                wrapped=wrapped,
            )
        )
        self.tail = _advanced(self.tail, place, indexes=1)

    def _add_object(self, one: SplitObject) -> None:
        number, key = self.tail.next_number, next(self.fresh_keys)
        payload = seal(key, one.packed, self.binding.object(one.id))
        place = self._place(frame(one.id, payload, index=0, flags=OBJECT), one.id, payload)
        aad = self.rows.bound_object(number, one.id, place, self.object_kek.id)
        wrapped = wrap(self.object_kek.cipher, key, aad)
        self.objects.append(
            ObjectRow(number=number, id=one.id, place=place, kek=self.object_kek.id, wrapped=wrapped)
        )
        self.tail = _advanced(self.tail, place, numbers=1)
        self.known[one.id] = number
        self._refer(one.references, BY_OBJECT, number)

    def _refer(self, ids: Sequence[bytes], kind: int, referrer: int) -> None:
        for id in ids:
            number = self.known.get(id)
            if number is None:
                raise StoreError("object_not_kept", subject=id.hex())
            self.references.append((number, kind, referrer))

    def _place(self, *parts: bytes) -> Place:
        length = sum(map(len, parts))
        segment, offset = self.tail.segment, self.tail.end
        if offset and offset + length > SEGMENT_LIMIT:
            segment, offset = segment + 1, 0
        if not self.writes or self.writes[-1][0] != segment:
            self.writes.append((segment, []))
        self.writes[-1][1].extend(parts)
        return Place(segment=segment, offset=offset, length=length)


def payload_plain(record: NewRecord) -> bytes:
    """Packed header with its length, then the packed body if there is one."""
    header = pack(record.header)
    body = record.split.skeleton if record.split is not None else b""
    return b"".join((HEADER_LENGTH.pack(len(header)), header, body))


def _advanced(tail: Tail, place: Place, *, indexes: int = 0, numbers: int = 0) -> Tail:
    return Tail(
        next_index=tail.next_index + indexes,
        next_number=tail.next_number + numbers,
        segment=place.segment,
        end=place.end,
    )
