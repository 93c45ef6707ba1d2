"""The composition root: one Vault per process, made of store, ledger, index and keys.

There is one writer. Whoever opens a Vault for writing holds the worker lock; everybody else reads.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from amberpost.clock import from_milliseconds
from amberpost.config import Config
from amberpost.errors import ConfigError
from amberpost.ledger.log import Log
from amberpost.search.index import Index, IndexDamaged
from amberpost.search.local import TantivyIndex
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import open_keys
from amberpost.store.reserve import Reserve
from amberpost.store.store import Store
from amberpost.store.worker_lock import take_worker_lock

log = logging.getLogger(__name__)

LOGS = ("mail", "audit")


@dataclass(slots=True, kw_only=True)
class LogPair:
    """One of the two logs: its records and its Merkle tree."""

    name: str
    store: Store
    ledger: Log
    last_sealed_at: datetime | None = None

    def publish(self) -> None:
        """Sign a checkpoint that covers everything synced so far."""
        checkpoint = self.ledger.checkpoint
        if checkpoint is None or checkpoint.size < self.ledger.size:
            self.ledger.integrate()


class Releasable(Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The tools of the main road, in one hand."""

    config: Config
    disk: LocalDisk
    keys: KeyStore
    mail: LogPair
    audit: LogPair
    reserve: Reserve
    index: Index | None  # None: it needs a rebuild
    is_writer: bool
    _held: tuple[Releasable, ...] = field(default=(), repr=False)

    @property
    def dedup_key(self) -> bytes:
        return self.keys.label("dedup")

    def publish(self) -> None:
        """Checkpoints of both logs."""
        self.mail.publish()
        self.audit.publish()

    def close(self) -> None:
        """Give back locks, handles and keys."""
        for held in self._held:
            held.close()


def open_keys_of(config: Config) -> KeyStore:
    """Unlock the master key of the archive in config.data; ConfigError if there is no archive."""
    _require_archive(config)
    passphrase = None
    if config.passphrase_file is not None:
        passphrase = config.passphrase_file.read_text(encoding="utf-8").rstrip("\n")
    return open_keys(config.data, config.key_file, passphrase, read_only=config.read_only)


def _require_archive(config: Config) -> None:
    if not (config.data / "origin.json").exists():
        raise ConfigError(
            "archive_none_here",
            subject=str(config.data),
        )


def open_vault(config: Config) -> Vault:
    """Open the archive for reading; any number of processes may. With config.read_only no file is changed."""
    keys = open_keys_of(config)
    disk = LocalDisk(config.data)
    mail, audit = (_open_pair(disk, keys, name, read_only=True) for name in LOGS)
    index = _reader(config.data / "index", untouched=config.read_only)
    held = tuple(thing for thing in (index, mail.store, audit.store, keys) if thing is not None)
    return Vault(
        config=config,
        disk=disk,
        keys=keys,
        mail=mail,
        audit=audit,
        reserve=Reserve(disk, keys),
        index=index,
        is_writer=False,
        _held=held,
    )


@contextmanager
def open_writer_vault(config: Config) -> Iterator[Vault]:
    """Open the archive as its one writer: takes the worker lock and recovers what a crash left."""
    _require_archive(config)
    disk = LocalDisk(config.data)
    with ExitStack() as held:  # each is given back, though another one finds no room to close
        held.callback(take_worker_lock(disk).release)
        keys = open_keys_of(config)
        held.callback(keys.close)
        pairs = []
        for name in LOGS:
            pairs.append(_open_pair(disk, keys, name, read_only=False))
            held.callback(pairs[-1].store.close)
        mail, audit = pairs
        index = _writer(config.data / "index", fresh=mail.store.next_index == 0)
        if index is not None:
            held.callback(index.close)
        yield Vault(
            config=config,
            disk=disk,
            keys=keys,
            mail=mail,
            audit=audit,
            reserve=Reserve(disk, keys),
            index=index,
            is_writer=True,
        )


def _open_pair(disk: LocalDisk, keys: KeyStore, name: str, *, read_only: bool) -> LogPair:
    seed = keys.label(f"checkpoint-{name}")
    ledger = Log.open(disk, f"{name}/ledger", f"{keys.origin}/{name}", seed, read_only=read_only)
    covered = ledger.checkpoint.size if ledger.checkpoint else 0
    store = Store.open(disk, keys, name, checkpoint_size=covered, read_only=read_only)
    pair = LogPair(name=name, store=store, ledger=ledger)
    if read_only:
        return pair
    # A crash may lie between the records and the tree: bring it up to what is synced, and find the time of the last.
    if ledger.size < store.next_index:
        ledger.append_many([leaf for _, leaf in store.leaves(ledger.size)])
    if store.next_index:
        leaf, _ = store.read_header(store.next_index - 1)
        pair.last_sealed_at = from_milliseconds(int(json.loads(leaf)["ts"]))
    return pair


def _reader(path: Path, *, untouched: bool) -> Index | None:
    try:
        return TantivyIndex.open_reader(path, untouched=untouched)
    except IndexDamaged as damaged:
        log.warning("index needs a rebuild reason=%s", damaged.code)
        return None


def _writer(path: Path, *, fresh: bool) -> Index | None:
    """A damaged index stops nobody from archiving: the messages wait for its rebuild."""
    if fresh:
        TantivyIndex.create(path)
    try:
        return TantivyIndex.open_writer(path)
    except IndexDamaged as damaged:
        log.error("index needs a rebuild reason=%s", damaged.code)
        return None
