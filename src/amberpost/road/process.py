"""The main road after accept(): captures become sealed records, rows and index documents. Safe to repeat."""

from collections.abc import Sequence

from django.db import transaction

from amberpost.directory.archives.book import load_address_book
from amberpost.road.catalogue import CATALOGUE, Catalogued, catalogue, position
from amberpost.road.entries import LogEntry, parse_header, parse_leaf
from amberpost.road.frame import taken
from amberpost.road.open import Vault
from amberpost.road.pool import Pool
from amberpost.road.prepare import Prepared
from amberpost.road.seal import seal
from amberpost.search.document import Document

REPLAY_BATCH = 500


def process(vault: Vault, prepared: Sequence[Prepared]) -> Catalogued:
    """Seal prepared captures and remember them. The caller lets the intake forget them afterwards."""
    book = load_address_book()
    entries = seal(vault, prepared, book)  # store: bytes once, keys, segment; ledger: leaves
    with transaction.atomic():
        return catalogue(entries)  # rows, owners, cursors, what the index must learn


def catch_up(vault: Vault, pool: Pool) -> int:
    """Catalogue what is sealed and not yet remembered: after a crash, or all of it after a rebuild."""
    done = 0
    while (start := position(CATALOGUE)) < vault.mail.store.next_index:
        stop = min(start + REPLAY_BATCH, vault.mail.store.next_index)
        entries = read_entries(vault, pool, start, stop)
        with transaction.atomic():
            catalogue(entries)
        done += stop - start
    return done


def read_entries(vault: Vault, pool: Pool, start: int, stop: int) -> list[LogEntry]:
    """Entries of the mail log, with everything derived from their bytes again."""
    records = [vault.mail.store.read(index) for index in range(start, stop)]
    captures = {
        record.index: taken(parse_header(record.header), record.raw)  # type: ignore[arg-type]
        for record in records
        if record.raw is not None and parse_leaf(record.leaf)["t"] in {"ARCHIVE", "IMPORT"}
    }
    prepared = dict(zip(captures, pool.prepare(list(captures.values())), strict=True))
    return [
        LogEntry(
            index=record.index,
            leaf=parse_leaf(record.leaf),
            header=parse_header(record.header),
            prepared=prepared.get(record.index),
        )
        for record in records
    ]


def read_documents(vault: Vault, pool: Pool, message_ids: Sequence[int]) -> list[Document]:
    """The index documents of messages, without archives, derived from their bytes again."""
    captures = []
    for message_id in message_ids:
        record = vault.mail.store.read(message_id)
        captures.append(taken(parse_header(record.header), record.raw or b""))  # type: ignore[arg-type]
    return [prepared.document for prepared in pool.prepare(captures)]
