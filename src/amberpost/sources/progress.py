"""Cursors in the database: which UIDs of each folder are sealed, or known to hold nothing.

Written in the transaction that catalogues the captures, so it never runs ahead of them.
"""

from collections import defaultdict
from collections.abc import Sequence

from amberpost.sources.cursor import Cursor, FolderCursor, RemoteId
from amberpost.sources.models import SourceCursor
from amberpost.sources.uidset import UidSet

_Folder = tuple[int, str, int]  # source id, folder, UIDVALIDITY


def add_sealed(remote_ids: Sequence[tuple[int, str]]) -> None:
    """Remember (source id, remote id) of mailbox messages that are sealed."""
    uids: dict[_Folder, list[int]] = defaultdict(list)
    for source_id, text in remote_ids:
        remote = RemoteId.parse(text)
        uids[source_id, remote.folder, remote.uidvalidity].append(remote.uid)
    for folder, found in uids.items():
        _add(folder, UidSet.of(found))


def add_gone(source_id: int, gone: Cursor) -> None:
    """Remember UIDs that hold no message, so that the next poll does not ask for them."""
    for one in gone.folders:
        _add((source_id, one.folder, one.uidvalidity), one.uids)


def load_cursor(source_id: int) -> Cursor:
    """How far the source has been read."""
    rows = SourceCursor.objects.filter(source_id=source_id).order_by("folder", "uidvalidity")
    return Cursor(
        folders=tuple(
            FolderCursor(folder=row.folder, uidvalidity=row.uidvalidity, uids=UidSet.parse(row.uids))
            for row in rows
        )
    )


def _add(folder: _Folder, uids: UidSet) -> None:
    source_id, name, uidvalidity = folder
    row, _ = SourceCursor.objects.get_or_create(source_id=source_id, folder=name, uidvalidity=uidvalidity)
    row.uids = str(UidSet.parse(row.uids).union(uids))
    row.save(update_fields=["uids"])
