"""Are keys.db and origin.json what they were? Every row is authenticated; SQLite checks its own structure.

What SQLite never reads (free pages and free space inside pages) has no meaning and is not checked.
"""

import time
from collections.abc import Iterator

from amberpost.errors import ArchiveError, Finding, FindingKind, IntegrityError, StoreError
from amberpost.remark import Remark
from amberpost.store.disk import Disk
from amberpost.store.keydb import LOGS, SCHEMA
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import KEYS_FILE, ORIGIN_FILE, read_origin, read_slots
from amberpost.store.slots import slot_mac

_WAL_FILE = f"{KEYS_FILE}-wal"
# Three seconds in all, in which a checkpoint has long come to its last page.
_TRIES = 30
_PAUSE_SECONDS = 0.1


def check_keys(keys: KeyStore, disk: Disk, *, deep: bool) -> Iterator[Finding]:
    """Findings in what all logs share."""
    yield from _check_origin(keys, disk)
    try:
        keys.database.require_format()
        yield from _check_length(keys, disk)
        if deep:
            yield from _check_structure(keys)
        yield from _check_slots(keys)
        yield from _check_keks(keys)
        yield from _check_intake(keys)
        yield from _check_marks(keys)
    except (IntegrityError, StoreError) as error:
        yield _finding(FindingKind.KEYS_DAMAGED, "keys.db", error.remark)


def _check_origin(keys: KeyStore, disk: Disk) -> Iterator[Finding]:
    try:
        if read_origin(disk)["origin"] != keys.origin:
            yield _finding(FindingKind.ORIGIN_DAMAGED, ORIGIN_FILE, Remark("origin_other"))
    except ArchiveError as error:
        yield _finding(FindingKind.ORIGIN_DAMAGED, ORIGIN_FILE, error.remark)


def _check_structure(keys: KeyStore) -> Iterator[Finding]:
    for (text,) in keys.database.rows("PRAGMA integrity_check"):
        if text != "ok":
            yield _finding(FindingKind.KEYS_DAMAGED, "keys.db", Remark("sqlite_says", {"said": str(text)}))
    found = {row[0] for row in keys.database.rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}
    if found != set(SCHEMA):
        yield _finding(FindingKind.KEYS_DAMAGED, "keys.db", Remark("key_tables_other"))


def _check_length(keys: KeyStore, disk: Disk) -> Iterator[Finding]:
    """SQLite reads a cut page as zeros: compare the length with what the file's own header says."""
    if not disk.exists(KEYS_FILE):
        return
    for _ in range(_TRIES):
        if keys.database.has_whole_file():
            return
        if not disk.exists(_WAL_FILE) or not disk.size(_WAL_FILE):
            break
        time.sleep(_PAUSE_SECONDS)  # a checkpoint writes the header first and the last pages last
    yield _finding(FindingKind.KEYS_DAMAGED, KEYS_FILE, Remark("file_cut"))


def _check_slots(keys: KeyStore) -> Iterator[Finding]:
    slots = read_slots(keys.database)
    (count,) = keys.database.rows("SELECT count(*) FROM slot")[0]
    if not slots or count != len(slots):
        yield _finding(FindingKind.SLOT_DAMAGED, "keys.db slot", Remark("slots_missing"))
    for slot in slots:
        if slot_mac(keys.master, keys.origin, slot) != slot.mac:
            yield _finding(FindingKind.SLOT_DAMAGED, f"keys.db slot {slot.id}", Remark("slot_changed"))


def _check_keks(keys: KeyStore) -> Iterator[Finding]:
    for id, name, wrapped in keys.database.rows("SELECT id, class, wrapped FROM kek"):
        try:
            if not (isinstance(id, int) and isinstance(name, str) and isinstance(wrapped, bytes)):
                raise ValueError("a damaged row")
            keys.open_kek(id, name, wrapped)
        except (ValueError, OverflowError):
            yield _finding(FindingKind.KEK_DAMAGED, f"keys.db kek {id}", Remark("key_row_damaged"))


def _check_intake(keys: KeyStore) -> Iterator[Finding]:
    for name, kek, wrapped in keys.database.rows("SELECT name, kek, wrapped FROM intake"):
        if wrapped is None:
            continue
        try:
            if not (isinstance(name, str) and isinstance(kek, int) and isinstance(wrapped, bytes)):
                raise ValueError("a damaged row")
            keys.open_intake(name, kek, wrapped)
        except IntegrityError as error:
            yield _finding(FindingKind.INTAKE_KEY_DAMAGED, f"keys.db intake {name!r}", error.remark)
        except (ValueError, OverflowError):
            yield _finding(
                FindingKind.INTAKE_KEY_DAMAGED, f"keys.db intake {name!r}", Remark("key_row_damaged")
            )


def _check_marks(keys: KeyStore) -> Iterator[Finding]:
    for log in LOGS:
        try:
            keys.durable(log)
        except IntegrityError as error:
            yield _finding(FindingKind.DURABLE_MARK_DAMAGED, f"keys.db durable {log}", error.remark)
    names = {row[0] for row in keys.database.rows("SELECT log FROM durable")}
    if names - set(LOGS):
        yield _finding(FindingKind.DURABLE_MARK_DAMAGED, "keys.db durable", Remark("mark_of_unknown_log"))


def _finding(kind: FindingKind, where: str, remark: Remark) -> Finding:
    return Finding(kind=kind, where=where, remark=remark)
