"""The rows of keys.db that belong to one log: data keys with the place of their record, objects, references.

Each row's wrapped key is bound to all other columns of the row: a change of any of them is found when the
key is opened. Decides nothing; store.py and check.py do.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from amberpost.errors import IntegrityError
from amberpost.store.keys import KeyStore
from amberpost.store.segment import Place
from amberpost.store.wrap import unwrap

BY_CAPTURE, BY_OBJECT = 0, 1
_CAPTURES = "SELECT idx, capture_id, segment, offset, length, kek, wrapped FROM LOG_capture"
_OBJECTS = "SELECT number, id, segment, offset, length, kek, wrapped FROM LOG_object"
_BOUND = struct.Struct(">QQQQQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRow:
    index: int
    capture_id: bytes | None
    place: Place
    kek: int
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRow:
    number: int
    id: bytes
    place: Place
    kek: int
    wrapped: bytes


_NEXT_INDEX = "SELECT coalesce(max(idx), -1) + 1 FROM LOG_capture"
_NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM LOG_object"


class LogRows:
    """The tables of one log."""

    def __init__(self, keys: KeyStore, log: str) -> None:
        if not log.isalpha():
            raise ValueError(log)
        self.log = log
        self._keys = keys
        self._capture_tag = f"{keys.origin}/{log}/capture".encode()
        self._object_tag = f"{keys.origin}/{log}/object".encode()

    # Opening the key of a row

    def bound_capture(self, index: int, capture_id: bytes | None, place: Place, kek: int) -> bytes:
        """What a capture's wrapped key is bound to."""
        numbers = _BOUND.pack(index, place.segment, place.offset, place.length, kek)
        return b"".join((self._capture_tag, numbers, b"" if capture_id is None else b"\x01" + capture_id))

    def bound_object(self, number: int, id: bytes, place: Place, kek: int) -> bytes:
        """What an object's wrapped key is bound to."""
        numbers = _BOUND.pack(number, place.segment, place.offset, place.length, kek)
        return b"".join((self._object_tag, numbers, id))

    def capture_key(self, row: CaptureRow) -> bytes:
        """IntegrityError if the row is damaged."""
        aad = self.bound_capture(row.index, row.capture_id, row.place, row.kek)
        return self._open(row.kek, row.wrapped, aad, f"{self.log}_capture {row.index}")

    def object_key(self, row: ObjectRow) -> bytes:
        """IntegrityError if the row is damaged."""
        aad = self.bound_object(row.number, row.id, row.place, row.kek)
        return self._open(row.kek, row.wrapped, aad, f"{self.log}_object {row.number}")

    def _open(self, kek: int, wrapped: bytes, aad: bytes, where: str) -> bytes:
        try:
            return unwrap(self._keys.kek_by_id(kek).cipher, wrapped, aad)
        except (ValueError, OverflowError) as error:
            raise IntegrityError("data_key_does_not_open", subject=f"keys.db {where}") from error

    # Reading

    # Each of these raises IntegrityError where keys.db or the row is damaged.

    def find_capture(self, index: int) -> CaptureRow | None:
        """The row of a ledger index, None if it has none. Its key is not opened yet, so it is not verified yet."""
        rows = self._rows(f"{_CAPTURES} WHERE idx = ?", index)
        return _capture(rows[0]) if rows else None

    def find_object(self, id: bytes) -> ObjectRow | None:
        """The same of an object's id."""
        rows = self._rows(f"{_OBJECTS} WHERE id = ?", id)
        return _object(rows[0]) if rows else None

    def captures(self, start: int = 0) -> Iterator[CaptureRow]:
        """By index. Read in pages, so that a long walk holds no read transaction open."""
        sql = f"{_CAPTURES} WHERE idx >= ? ORDER BY idx LIMIT 1000"
        while page := [_capture(row) for row in self._rows(sql, start)]:
            yield from page
            start = page[-1].index + 1

    def objects(self, start: int = 0) -> Iterator[ObjectRow]:
        """By number, which is the order in which they were written."""
        sql = f"{_OBJECTS} WHERE number >= ? ORDER BY number LIMIT 1000"
        while page := [_object(row) for row in self._rows(sql, start)]:
            yield from page
            start = page[-1].number + 1

    def find_indexes(self, capture_ids: Iterable[bytes]) -> dict[bytes, int]:
        """Ledger indexes of those captures that are known."""
        sql = "SELECT idx FROM LOG_capture WHERE capture_id = ?"
        found = ((id, self._rows(sql, id)) for id in capture_ids)
        return {id: _number(rows[0][0]) for id, rows in found if rows}

    def find_numbers(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """Numbers of those objects that are known."""
        sql = "SELECT number FROM LOG_object WHERE id = ?"
        found = ((id, self._rows(sql, id)) for id in ids)
        return {id: _number(rows[0][0]) for id, rows in found if rows}

    def has_reference(self, number: int, kind: int, referrer: int) -> bool:
        """Whether the referrer, an index (BY_CAPTURE) or a number (BY_OBJECT), refers to this object."""
        sql = "SELECT 1 FROM LOG_reference WHERE object = ? AND kind = ? AND referrer = ?"
        return bool(self._rows(sql, number, kind, referrer))

    def count_references(self, next_index: int, next_number: int) -> int:
        """How many references come from captures and objects below these numbers."""
        sql = (
            "SELECT count(*) FROM LOG_reference WHERE (kind = 0 AND referrer < ?)"
            " OR (kind = 1 AND referrer < ?) OR kind NOT IN (0, 1)"
        )
        return _number(self._rows(sql, next_index, next_number)[0][0])

    def first_number_after(self, segment: int, end: int) -> int:
        """The number of the first object written there or later."""
        # Numbers rise as places do, so one number divides what lies before a place from what lies behind it.
        sql = "SELECT min(number) FROM LOG_object WHERE segment > ? OR (segment = ? AND offset >= ?)"
        found = self._rows(sql, segment, segment, end)[0][0]
        return self.next_number() if found is None else _number(found)

    def next_index(self) -> int:
        """One more than the highest index that has a key, whether its record is written or not."""
        return _number(self._rows(_NEXT_INDEX)[0][0])

    def next_number(self) -> int:
        """One more than the highest number of an object. A number that was dropped may come again."""
        return _number(self._rows(_NEXT_NUMBER)[0][0])

    def next_numbers(self) -> tuple[int, int]:
        """(next_index, next_number) of one moment, whatever is being committed."""
        index, number = self._rows(f"SELECT ({_NEXT_INDEX}), ({_NEXT_NUMBER})")[0]
        return _number(index), _number(number)

    def _rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        return self._keys.database.rows(self._named(sql), values)

    def _named(self, sql: str) -> str:
        """The statement for the tables of this log."""
        return sql.replace("LOG_", f"{self.log}_")

    # Writing, inside a transaction of the caller

    def add_captures(self, connection: Connection, rows: Sequence[CaptureRow]) -> None:
        """sqlite3.IntegrityError if one of the indexes or capture ids is there."""
        sql = self._named("INSERT INTO LOG_capture VALUES (?, ?, ?, ?, ?, ?, ?)")
        values = [(row.index, row.capture_id, *_place_values(row)) for row in rows]
        connection.executemany(sql, values)

    def add_objects(self, connection: Connection, rows: Sequence[ObjectRow]) -> None:
        """sqlite3.IntegrityError if one of the numbers or ids is there."""
        sql = self._named("INSERT INTO LOG_object VALUES (?, ?, ?, ?, ?, ?, ?)")
        connection.executemany(sql, [(row.number, row.id, *_place_values(row)) for row in rows])

    def add_references(self, connection: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
        """(object number, BY_CAPTURE or BY_OBJECT, index or number of the referrer)"""
        connection.executemany(self._named("INSERT INTO LOG_reference VALUES (?, ?, ?)"), rows)

    def drop_after(self, connection: Connection, next_index: int, segment: int, end: int) -> int:
        """Remove rows whose record was never written; how many."""
        numbers = {"index": next_index, "segment": segment, "end": end}
        count = 0
        for sql in _DROP_AFTER:
            count += connection.execute(self._named(sql), numbers).rowcount
        return count

    def drop_orphans(self, connection: Connection) -> int:
        """Remove objects nobody refers to, and what only they referred to; how many."""
        count = 0
        while dropped := connection.execute(self._named(_DROP_ORPHANS)).rowcount:
            count += dropped
            connection.execute(self._named(_DROP_THEIR_REFERENCES))
        return count


_DROP_AFTER = (
    "DELETE FROM LOG_reference WHERE kind = 0 AND referrer >= :index",
    "DELETE FROM LOG_reference WHERE kind = 1 AND referrer IN (SELECT number FROM LOG_object"
    " WHERE segment > :segment OR (segment = :segment AND offset >= :end))",
    "DELETE FROM LOG_capture WHERE idx >= :index",
    "DELETE FROM LOG_object WHERE segment > :segment OR (segment = :segment AND offset >= :end)",
)
_DROP_ORPHANS = "DELETE FROM LOG_object WHERE number NOT IN (SELECT object FROM LOG_reference)"
_DROP_THEIR_REFERENCES = (
    "DELETE FROM LOG_reference WHERE kind = 1 AND referrer NOT IN (SELECT number FROM LOG_object)"
)


def _place_values(row: CaptureRow | ObjectRow) -> tuple[int, int, int, int, bytes]:
    return row.place.segment, row.place.offset, row.place.length, row.kek, row.wrapped


def _capture(row: tuple[object, ...]) -> CaptureRow:
    index, capture_id, segment, offset, length, kek, wrapped = row
    numbers = [_number(value) for value in (index, segment, offset, length, kek)]
    if not isinstance(wrapped, bytes) or not isinstance(capture_id, bytes | None):
        raise IntegrityError("row_damaged", subject=f"keys.db capture {index}")
    place = Place(segment=numbers[1], offset=numbers[2], length=numbers[3])
    return CaptureRow(index=numbers[0], capture_id=capture_id, place=place, kek=numbers[4], wrapped=wrapped)


def _object(row: tuple[object, ...]) -> ObjectRow:
    number, id, segment, offset, length, kek, wrapped = row
    numbers = [_number(value) for value in (number, segment, offset, length, kek)]
    if not isinstance(wrapped, bytes) or not isinstance(id, bytes):
        raise IntegrityError("row_damaged", subject=f"keys.db object {number}")
    place = Place(segment=numbers[1], offset=numbers[2], length=numbers[3])
    return ObjectRow(number=numbers[0], id=id, place=place, kek=numbers[4], wrapped=wrapped)


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise IntegrityError("number_damaged", subject="keys.db")
    return value
