"""The index follows the catalogue: new messages by position, changed ones by IndexJob rows.

Position and rows are moved only after the index has committed; a crash in between repeats, which is harmless.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from amberpost.road.catalogue import CATALOGUE, INDEX, archives_of, position, set_position
from amberpost.road.models import IndexJob, Message
from amberpost.road.open import Vault
from amberpost.road.pool import Pool
from amberpost.road.process import read_documents
from amberpost.road.rows import chunks
from amberpost.search.document import Document
from amberpost.search.index import Index

log = logging.getLogger(__name__)

_BATCH = 500


class Indexer:
    """Writes the search index of one worker."""

    def __init__(self, vault: Vault, pool: Pool, index: Index) -> None:
        self._vault = vault
        self._pool = pool
        self._index = index
        self._added_to = position(INDEX)  # messages below are in the index, committed or about to be
        self._dirty = False

    def add_new(self, documents: Sequence[Document]) -> None:
        """Documents of the batch that was just catalogued."""
        self._index.add(documents, known_new=True)
        self._added_to = position(CATALOGUE)
        self._dirty = True

    def catch_up(self) -> int:
        """Index messages that the catalogue has and the index lacks (after a crash, or a rebuild)."""
        done = 0
        fresh = self._index.count() == 0  # a commit may have come through just before its position
        end = position(CATALOGUE)
        ids = list(
            Message.objects.filter(id__gte=self._added_to, id__lt=end)
            .order_by("id")
            .values_list("id", flat=True)
        )
        for some in chunks(ids, _BATCH):
            self._add(some, known_new=fresh)
            done += len(some)
        self._added_to = max(self._added_to, end)
        return done

    def commit(self) -> None:
        """Make everything findable, replacing the documents of messages whose archives changed."""
        changed = list(IndexJob.objects.order_by("message_id").values_list("message_id", flat=True))
        for some in chunks([i for i in changed if i < self._added_to], _BATCH):
            self._add(some, known_new=False)
        if not (self._dirty or changed or self._added_to > position(INDEX)):
            return
        self._index.commit()
        with transaction.atomic():
            set_position(INDEX, self._added_to)
            for some in chunks(changed):
                IndexJob.objects.filter(message_id__in=some).delete()
        self._dirty = False

    def rest(self) -> None:
        """Nothing is to be indexed for a while: hold nothing that takes memory or time meanwhile."""
        if not self._dirty:
            self._index.rest()

    def _add(self, message_ids: Sequence[int], *, known_new: bool) -> None:
        archives = archives_of(message_ids)
        documents = read_documents(self._vault, self._pool, message_ids)
        self._index.add(
            [
                replace(document, message_id=message_id, archives=archives.get(message_id, ()))
                for message_id, document in zip(message_ids, documents, strict=True)
            ],
            known_new=known_new,
        )
        self._dirty = True


def index_lag() -> int:
    """Messages that are archived and not yet findable."""
    indexed_to = position(INDEX)
    behind = Message.objects.filter(id__gte=indexed_to).count()
    return behind + IndexJob.objects.filter(message_id__lt=indexed_to).count()
