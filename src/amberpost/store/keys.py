"""The keys of an archive: the master key in memory, everything else wrapped in keys.db.

master key -> labels (HKDF) and KEKs -> data keys, one per record. Deleting a wrapped data key is deleting its
record. Every row is authenticated together with what it stands for. Safe to use from several threads.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amberpost.errors import IntegrityError, StoreError
from amberpost.store.keydb import Connect, KeyDatabase
from amberpost.store.secret import Secret
from amberpost.store.wrap import KEY, bound, unwrap, wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Kek:
    """A key that wraps keys, and its class. Its cipher is kept, never shown."""

    id: int
    name: str
    cipher: AESGCM


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """How far a log is known to be synced: records below next_index end at `end` of `segment`."""

    next_index: int = 0
    segment: int = 0
    end: int = 0


def month_class(log: str, year: int, month: int) -> str:
    """The class of the KEK for a log's records of one month."""
    return f"{log}-{year:04d}-{month:02d}"


class ReservationLost(StoreError):
    """The worker has swept the reserved key of a log that was just being begun; nothing was promised yet."""


class KeyStore:
    """An opened key database. Make one with open_keys() or create_keys()."""

    def __init__(self, connect: Connect, *, origin: str, master: Secret) -> None:
        self.origin = origin
        self.database = KeyDatabase(connect)
        self._master = master
        self._master_cipher = AESGCM(master.reveal())
        self._labels: dict[str, bytes] = {}
        self._keks: dict[int, Kek] = {}
        self._kek_ids: dict[str, int] = {}
        self._pending: dict[str, Durable] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database; the keys stay in memory as long as the object lives."""
        self.database.close()

    @property
    def master(self) -> Secret:
        """The master key, for unlock slots only; whatever else needs a key takes a label."""
        return self._master

    def label(self, name: str) -> bytes:
        """32 bytes derived from the master key for one purpose (HKDF-SHA256, RFC 5869)."""
        found = self._labels.get(name)
        if found is None:
            info = bound("amberpost", self.origin, name)
            derive = HKDF(algorithm=SHA256(), length=KEY, salt=None, info=info)
            found = self._labels[name] = derive.derive(self._master.reveal())
        return found

    def seal_setting(self, row: str, field: str, plain: bytes) -> bytes:
        """Encrypt a secret setting; it opens only in the same row and field."""
        return wrap(AESGCM(self.label("settings")), plain, bound("setting", row, field))

    def open_setting(self, row: str, field: str, sealed: bytes) -> bytes:
        """The inverse; IntegrityError if the bytes were changed or moved."""
        try:
            return unwrap(AESGCM(self.label("settings")), sealed, bound("setting", row, field))
        except ValueError as error:
            raise IntegrityError("setting_does_not_open", subject=f"{row} {field}") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A durable change of keys.db; carries the durable marks that are due."""
        with self._lock, self.database.transaction() as connection:
            marks = dict(self._pending)
            for log, mark in marks.items():
                row = (log, mark.next_index, mark.segment, mark.end, self._mark_mac(log, mark))
                connection.execute("INSERT OR REPLACE INTO durable VALUES (?, ?, ?, ?, ?)", row)
            yield connection
        for log, mark in marks.items():
            if self._pending.get(log) == mark:  # else a newer one came meanwhile, which is due next
                del self._pending[log]

    # KEKs

    def kek(self, name: str) -> Kek:
        """The KEK of a class ("mail-2026-11", "objects", "intake"); made at first use."""
        with self._lock:
            if name not in self._kek_ids:
                self._load_keks()
            if name not in self._kek_ids:
                self._add_kek(name)
            return self._keks[self._kek_ids[name]]

    def month_kek(self, log: str, at: datetime) -> Kek:
        """The KEK for records a log seals at this time."""
        return self.kek(month_class(log, at.year, at.month))

    def kek_by_id(self, id: int) -> Kek:
        """IntegrityError if there is none, or it does not open."""
        with self._lock:
            if id not in self._keks:
                self._load_keks()
            if id not in self._keks:
                raise IntegrityError("kek_unknown", subject=f"keys.db kek {id}")
            return self._keks[id]

    def open_kek(self, id: int, name: str, wrapped: bytes) -> AESGCM:
        """The cipher of a kek row; ValueError if the row is damaged."""
        return AESGCM(unwrap(self._master_cipher, wrapped, bound("kek", self.origin, id, name)))

    def _load_keks(self) -> None:
        for id, name, wrapped in self.database.rows("SELECT id, class, wrapped FROM kek"):
            if not isinstance(id, int) or not isinstance(name, str) or not isinstance(wrapped, bytes):
                continue  # damage; check() names it
            # One damaged KEK must not lock the records of all other months.
            try:
                self._keks[id] = Kek(id=id, name=name, cipher=self.open_kek(id, name, wrapped))
            except ValueError:
                continue
            self._kek_ids[name] = id

    def _add_kek(self, name: str) -> None:
        with self.transaction() as connection:
            cursor = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM kek")
            id: int = cursor.fetchone()[0]
            key = secrets.token_bytes(KEY)
            wrapped = wrap(self._master_cipher, key, bound("kek", self.origin, id, name))
            connection.execute("INSERT INTO kek VALUES (?, ?, ?)", (id, name, wrapped))
        self._keks[id] = Kek(id=id, name=name, cipher=AESGCM(key))
        self._kek_ids[name] = id

    # How far each log is synced

    def note_durable(self, log: str, mark: Durable) -> None:
        """Remember for the next transaction; recovery never cuts what is marked."""
        with self._lock:
            self._pending[log] = mark

    def settle(self) -> None:
        """Write the marks that are due now."""
        if self._pending:
            with self.transaction():
                pass

    def durable(self, log: str) -> Durable:
        """The newest mark on disk; IntegrityError if it was changed."""
        rows = self.database.rows("SELECT next_index, segment, end, mac FROM durable WHERE log = ?", (log,))
        if not rows:
            return Durable()
        next_index, segment, end, mac = rows[0]
        if not (isinstance(next_index, int) and isinstance(segment, int) and isinstance(end, int)):
            raise IntegrityError("durable_mark_damaged", subject=f"keys.db durable {log}")
        mark = Durable(next_index=next_index, segment=segment, end=end)
        if not isinstance(mac, bytes) or not hmac.compare_digest(mac, self._mark_mac(log, mark)):
            raise IntegrityError("durable_mark_damaged", subject=f"keys.db durable {log}")
        return mark

    def _mark_mac(self, log: str, mark: Durable) -> bytes:
        text = bound(self.origin, log, mark.next_index, mark.segment, mark.end)
        # 128 bits: nobody can try a forgery anywhere but here.
        return hmac.digest(self.label("durable"), text, hashlib.sha256)[:16]

    # Keys of intake logs

    def reserve_intake(self, name: str) -> bytes:
        """A key for a new intake log, durable before the log exists."""
        key = secrets.token_bytes(KEY)
        kek = self.kek("intake")
        wrapped = wrap(kek.cipher, key, bound("intake", self.origin, name))
        with self.transaction() as connection:
            connection.execute("INSERT INTO intake VALUES (?, 0, ?, ?)", (name, kek.id, wrapped))
        return key

    def confirm_intake(self, name: str) -> None:
        """The file of the log is durable. ReservationLost if the worker has swept the reservation meanwhile."""
        with self.transaction() as connection:
            changed = connection.execute(
                "UPDATE intake SET opened = 1 WHERE name = ? AND wrapped IS NOT NULL", (name,)
            ).rowcount
        if changed != 1:
            raise ReservationLost("intake_key_gone", subject=name)

    def intake_names(self) -> dict[str, str]:
        """Every intake log known: name -> "reserved", "open" or "released"."""
        rows = self.database.rows("SELECT name, opened, wrapped IS NULL FROM intake")
        return {
            str(name): "released" if released else "open" if opened else "reserved"
            for name, opened, released in rows
        }

    def intake_key(self, name: str) -> bytes:
        """IntegrityError if there is none, or it does not open."""
        rows = self.database.rows("SELECT kek, wrapped FROM intake WHERE name = ?", (name,))
        if not rows or not isinstance(rows[0][1], bytes) or not isinstance(rows[0][0], int):
            raise IntegrityError("intake_key_none", subject=f"intake/{name}")
        try:
            return self.open_intake(name, rows[0][0], rows[0][1])
        except ValueError as error:
            raise IntegrityError("intake_key_does_not_open", subject=f"intake/{name}") from error

    def open_intake(self, name: str, kek: int, wrapped: bytes) -> bytes:
        """The key of an intake row; ValueError if the row is damaged."""
        return unwrap(self.kek_by_id(kek).cipher, wrapped, bound("intake", self.origin, name))

    def release_intake(self, name: str) -> None:
        """Destroy the key of a log. The row stays until the file is gone: a log without a row is an alarm."""
        with self.transaction() as connection:
            connection.execute("UPDATE intake SET wrapped = NULL WHERE name = ?", (name,))
        self.database.truncate_wal()

    def forget_reservation(self, name: str) -> None:
        """Forget the key of a log that was never begun; one whose writer confirmed it meanwhile keeps its key."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM intake WHERE name = ? AND opened = 0", (name,))

    def forget_intake(self, name: str) -> None:
        """Take the row away, durably; the file must be gone. A name that is unknown is no error."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM intake WHERE name = ?", (name,))
