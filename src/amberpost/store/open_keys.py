"""Making and opening the keys of a data folder: origin.json, keys.db and the key file outside."""

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from amberpost.clock import milliseconds, now
from amberpost.errors import ConfigError, IntegrityError, StoreError
from amberpost.store.disk import Disk, LocalDisk
from amberpost.store.keydb import KeyDatabase, connector
from amberpost.store.keyfile import KeyFile, read_key_file, write_key_file
from amberpost.store.keys import KeyStore
from amberpost.store.secret import Secret
from amberpost.store.slots import Slot, close_slot, open_slot, passphrase_key, passphrase_params
from amberpost.store.untouched import reader
from amberpost.store.wrap import KEY

ORIGIN_FILE = "origin.json"
KEYS_FILE = "keys.db"
PublicKeys = Callable[[KeyStore], Mapping[str, str]]


def create_keys(
    data: Path, key_file: Path, *, passphrase: str | None = None, public_keys: PublicKeys | None = None
) -> KeyStore:
    """Make master key, key file, keys.db and, last, origin.json: with it the archive exists.

    `public_keys` is asked, once the labels can be derived, what origin.json shall say. ConfigError for a key file
    within `data`, StoreError if one of the files is there already; then nothing was made.
    """
    # Whoever copies the folder must not have copied the key with it.
    if key_file.resolve().is_relative_to(data.resolve()):
        raise ConfigError("key_file_within_data", subject=str(key_file))
    for path in (data / ORIGIN_FILE, data / KEYS_FILE, key_file):
        if path.exists():
            raise StoreError("there_already", subject=str(path))
    disk = LocalDisk(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    origin, master = f"amberpost/{secrets.token_hex(8)}", Secret(secrets.token_bytes(KEY))
    keys = KeyStore(connector(data / KEYS_FILE), origin=origin, master=master)
    keys.database.create()
    file_key = Secret(secrets.token_bytes(KEY))
    _add_slot(keys, 1, kind="key-file", params="", slot_key=file_key)
    if passphrase is not None:
        params = passphrase_params()
        _add_slot(keys, 2, kind="passphrase", params=params, slot_key=passphrase_key(passphrase, params))
    keys.kek("intake")
    keys.kek("objects")
    # The key file before origin.json: an archive never exists without the means to open it.
    write_key_file(key_file, KeyFile(origin=origin, slot=1, key=file_key))
    write_origin(disk, origin, public_keys(keys) if public_keys else {})
    return keys


def open_keys(
    data: Path, key_file: Path | None = None, passphrase: str | None = None, *, read_only: bool = False
) -> KeyStore:
    """Open the archive's keys with a key file or a passphrase. `read_only`: without changing any file.

    ConfigError if neither is given; StoreError if it is no archive, or the key is another one's; IntegrityError if a
    file is damaged.
    """
    origin = str(read_origin(LocalDisk(data))["origin"])
    if not (data / KEYS_FILE).exists():
        raise StoreError("key_database_missing", subject=str(data / KEYS_FILE))
    if not (data / KEYS_FILE).stat().st_size:  # SQLite would make a new one of it
        raise IntegrityError("key_database_empty", subject=str(data / KEYS_FILE))
    connect = reader(data / KEYS_FILE) if read_only else connector(data / KEYS_FILE)
    database = KeyDatabase(connect)
    database.require_format()
    slots = read_slots(database)
    if key_file is not None:
        master = _open_with_file(slots, origin, key_file)
    elif passphrase is not None:
        master = _open_with_passphrase(slots, origin, passphrase)
    else:
        raise ConfigError("key_not_given")
    database.close()
    return KeyStore(connect, origin=origin, master=master)


def write_origin(disk: Disk, origin: str, public_keys: Mapping[str, str]) -> None:
    """Write origin.json, in one spelling, durable on return."""
    content = {
        "created_at": milliseconds(now()),
        "format": 1,
        "origin": origin,
        "public_keys": dict(public_keys),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    disk.replace(ORIGIN_FILE, text.encode() + b"\n")


def read_origin(disk: Disk) -> dict[str, object]:
    """What origin.json says; StoreError if there is no archive here."""
    try:
        content = json.loads(disk.read(ORIGIN_FILE))
    except FileNotFoundError as error:
        raise StoreError("archive_none", subject=ORIGIN_FILE) from error
    except ValueError as error:
        raise IntegrityError("file_damaged", subject=ORIGIN_FILE) from error
    if not isinstance(content, dict) or not isinstance(content.get("origin"), str):
        raise IntegrityError("file_damaged", subject=ORIGIN_FILE)
    if content.get("format") != 1:
        raise IntegrityError("format_version_unknown", subject=ORIGIN_FILE)
    return content


def read_slots(database: KeyDatabase) -> list[Slot]:
    """The unlock slots in order, without damaged rows, which check_keys() counts."""
    rows = database.rows("SELECT id, kind, params, wrapped, mac FROM slot ORDER BY id")
    return [
        Slot(id=id, kind=kind, params=params, wrapped=wrapped, mac=mac)
        for id, kind, params, wrapped, mac in rows
        if isinstance(id, int) and isinstance(kind, str) and isinstance(params, str)
        if isinstance(wrapped, bytes) and isinstance(mac, bytes)
    ]


def _add_slot(keys: KeyStore, id: int, *, kind: str, params: str, slot_key: Secret) -> None:
    slot = close_slot(
        id=id, kind=kind, params=params, origin=keys.origin, slot_key=slot_key, master=keys.master
    )
    with keys.transaction() as connection:
        row = (slot.id, slot.kind, slot.params, slot.wrapped, slot.mac)
        connection.execute("INSERT INTO slot VALUES (?, ?, ?, ?, ?)", row)


def _open_with_file(slots: list[Slot], origin: str, path: Path) -> Secret:
    content = read_key_file(path)
    if content.origin != origin:
        raise StoreError("key_file_foreign", subject=str(path))
    for slot in slots:
        if slot.id == content.slot and slot.kind == "key-file":
            try:
                return open_slot(slot, origin, content.key)
            except ValueError as error:
                raise IntegrityError("key_file_does_not_open", subject=str(path)) from error
    raise IntegrityError("key_file_slot_none", subject=str(path))


def _open_with_passphrase(slots: list[Slot], origin: str, passphrase: str) -> Secret:
    for slot in slots:
        if slot.kind == "passphrase":
            try:
                return open_slot(slot, origin, passphrase_key(passphrase, slot.params))
            except ValueError:
                continue
    raise StoreError("passphrase_wrong_slot", subject=KEYS_FILE)
