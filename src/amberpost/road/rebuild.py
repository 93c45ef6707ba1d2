"""Drop what is derived and make it again from segments and keys."""

import logging
from pathlib import Path

from django.db import transaction

from amberpost.clock import now
from amberpost.road.catalogue import CATALOGUE, INDEX, REBUILT, position, set_position
from amberpost.road.indexing import Indexer
from amberpost.road.models import Assignment, Capture, IndexJob, Message, Party, PartyAddress, Position
from amberpost.road.open import Vault
from amberpost.road.pool import Pool
from amberpost.road.process import catch_up
from amberpost.search.index import Index
from amberpost.search.local import TantivyIndex
from amberpost.search.schema import SCHEMA_VERSION
from amberpost.sources.models import SourceCursor, SourceSignal, SourceUidl

log = logging.getLogger(__name__)


def rebuild_catalogue(vault: Vault, pool: Pool) -> int:
    """Every derived row, from the first record on. Returns the number of entries read."""
    with transaction.atomic():
        for model in (
            Assignment, Party, PartyAddress, Capture, IndexJob, SourceCursor, SourceUidl, Message,
        ):  # fmt: skip
            model.objects.all().delete()
        SourceSignal.objects.exclude(entry=None).delete()
        Position.objects.filter(name=CATALOGUE).delete()
        set_position(REBUILT, vault.mail.store.next_index)
    done = catch_up(vault, pool)
    log.info("catalogue rebuilt entries=%d", done)
    return done


def put_aside_damaged_index(vault: Vault) -> list[Path]:
    """Take an index that cannot be read out of the way. Returns where it is now; delete it, words stand in it."""
    path = vault.config.data / "index"
    is_of_this_version = (path / SCHEMA_VERSION).exists() or (path.exists() and not path.is_dir())
    if vault.index is not None or not is_of_this_version:
        return []
    moved = path.with_name(f"index.damaged-{now():%Y%m%dT%H%M%SZ}")
    path.rename(moved)
    moved.chmod(0o700)
    vault.disk.sync_folder("")
    return [moved]


def rebuild_index(vault: Vault, pool: Pool) -> int:
    """A new search index from the catalogue and the bytes. Returns the number of messages."""
    if vault.index is not None:
        vault.index.close()
    path = vault.config.data / "index"
    with transaction.atomic():
        set_position(INDEX, 0)
        IndexJob.objects.all().delete()
    TantivyIndex.create(path)
    index: Index = TantivyIndex.open_writer(path)
    try:
        indexer = Indexer(vault, pool, index)
        done = indexer.catch_up()
        indexer.commit()
    finally:
        index.close()
    assert position(INDEX) == position(CATALOGUE)
    log.info("index rebuilt messages=%d", done)
    return done
