"""Cursors in the database: what of each mailbox is sealed, or known to hold nothing.

Written in the transaction that catalogues the captures, so it never runs ahead of them.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from amberpost.sources.cursor import Cursor, FolderCursor, Gap, RemoteId
from amberpost.sources.models import SourceCursor, SourceUidl
from amberpost.sources.uidset import UidSet

_Folder = tuple[int, str, int]  # source id, folder, UIDVALIDITY
_ROWS = 500


def add_sealed(remote_ids: Sequence[tuple[int, str]]) -> None:
    """Remember (source id, remote id) of IMAP messages that are sealed."""
    uids: dict[_Folder, list[int]] = defaultdict(list)
    for source_id, text in remote_ids:
        remote = RemoteId.parse(text)
        uids[source_id, remote.folder, remote.uidvalidity].append(remote.uid)
    for folder, found in uids.items():
        _add(folder, UidSet.of(found))


def add_sealed_uidls(remote_ids: Sequence[tuple[int, str]]) -> None:
    """Remember (source id, UIDL) of POP3 messages that are sealed."""
    rows = [SourceUidl(source_id=source_id, uidl=uidl) for source_id, uidl in remote_ids]
    SourceUidl.objects.bulk_create(rows, batch_size=_ROWS, ignore_conflicts=True)


def add_gone(source_id: int, gone: Cursor) -> None:
    """Remember UIDs that hold no message, so that the next poll does not ask for them; forget UIDLs gone."""
    for one in gone.folders:
        _add((source_id, one.folder, one.uidvalidity), one.uids, baseline=one.baseline)
    uidls = sorted(gone.uidls)
    for start in range(0, len(uidls), _ROWS):
        SourceUidl.objects.filter(source_id=source_id, uidl__in=uidls[start : start + _ROWS]).delete()


def add_gap(source_id: int, gap: Gap) -> None:
    """The UIDs of a sealed gap are no news any more."""
    _add((source_id, gap.folder, gap.uidvalidity), UidSet(((gap.first, gap.last),)))


def load_cursor(source_id: int) -> Cursor:
    """How far the source has been read."""
    rows = SourceCursor.objects.filter(source_id=source_id).order_by("folder", "uidvalidity")
    uidls = SourceUidl.objects.filter(source_id=source_id).values_list("uidl", flat=True)
    return Cursor(
        folders=tuple(
            FolderCursor(
                folder=row.folder,
                uidvalidity=row.uidvalidity,
                uids=UidSet.parse(row.uids),
                baseline=row.baseline,
            )
            for row in rows
        ),
        uidls=frozenset(uidls),
    )


def _add(folder: _Folder, uids: UidSet, *, baseline: int = 0) -> None:
    """Both the worker (sealed) and the collector (gone) come here: the row is locked while it grows."""
    source_id, name, uidvalidity = folder
    with transaction.atomic():
        SourceCursor.objects.get_or_create(source_id=source_id, folder=name, uidvalidity=uidvalidity)
        row = SourceCursor.objects.select_for_update().get(
            source_id=source_id, folder=name, uidvalidity=uidvalidity
        )
        row.uids = str(UidSet.parse(row.uids).union(uids))
        row.baseline = row.baseline or baseline
        row.save(update_fields=["uids", "baseline"])
