"""Write messages out: one file each, exact bytes, and a manifest with hashes. One bad message stops nothing."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from django.utils.timezone import get_current_timezone

from amberpost.accounts.models import User
from amberpost.accounts.permissions import scope_of
from amberpost.audit.actions import Action
from amberpost.audit.record import record_reading
from amberpost.errors import ArchiveError, DiskFull, NotPermitted, UserError, is_disk_full
from amberpost.reading.confidential import read_for
from amberpost.reading.find import readable_index
from amberpost.reading.read import get_visible
from amberpost.reading.visible import messages_within
from amberpost.road.models import Capture, Outcome
from amberpost.road.open import Vault
from amberpost.road.original import open_capture, open_original
from amberpost.search.index import Scope
from amberpost.search.query import parse_query

ExportedForm = Literal["original", "capture"]
ExportedBytes = tuple[bytes, bool]  # bytes, and whether they are a copy without what the user must not know

_PAGE = 1000
_FOLDER_FILES = 10_000  # more files in one folder make file managers slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an export wrote, and the messages whose bytes could not be had: id and reason."""

    path: Path
    count: int
    bytes: int
    unreadable: tuple[tuple[int, str], ...] = ()


def export_whole(vault: Vault, to: Path, *, query: str, what: ExportedForm, actor: str) -> Manifest:
    """Everything, by whoever holds the key file; recorded as such."""
    scope = Scope(everything=True)
    manifest = _write(to, _indexes(vault, scope, query, what), partial(_whole, vault, what))
    record_reading(
        vault.reserve, actor, Action.EXPORT_WHOLE, count=manifest.count, what=what, is_query=bool(query)
    )
    return manifest


def export_as(vault: Vault, user: User, to: Path, *, query: str, what: ExportedForm, actor: str) -> Manifest:
    """What `user` may see. Captures hold journal reports, and those name Bcc recipients: not for readers.

    A message that names blind copies they must not know is written as a copy without them, and marked so.
    """
    if what == "capture":
        raise NotPermitted("captures_whole_only")
    manifest = _write(to, _indexes(vault, scope_of(user), query, what), partial(_as_seen, vault, user))
    record_reading(vault.reserve, actor, Action.EXPORT_WRITTEN, count=manifest.count, is_query=bool(query))
    return manifest


def _indexes(vault: Vault, scope: Scope, query: str, what: ExportedForm) -> Iterator[int]:
    """Ledger indexes to export: first captures of messages, or every capture of them."""
    for message_ids in _pages(vault, scope, query):
        if what == "original":
            yield from message_ids
        else:
            captures = Capture.objects.filter(message_id__in=message_ids).exclude(outcome=Outcome.DUPLICATE)
            yield from captures.order_by("index").values_list("index", flat=True)


def _pages(vault: Vault, scope: Scope, query: str) -> Iterator[list[int]]:
    if not query.strip():
        ids = messages_within(scope).order_by("id").values_list("id", flat=True)
        for start in range(0, ids.count(), _PAGE):
            yield list(ids[start : start + _PAGE])
        return
    index, tree, offset = readable_index(vault), parse_query(query, get_current_timezone()), 0
    while found := index.find(tree, scope, sort="date", limit=_PAGE, offset=offset).ids:
        yield list(messages_within(scope).filter(id__in=found).values_list("id", flat=True))
        offset += len(found)


def _whole(vault: Vault, what: ExportedForm, index: int) -> ExportedBytes:
    raw = open_original(vault, index).shown if what == "original" else open_capture(vault, index).raw
    return raw, False


def _as_seen(vault: Vault, user: User, index: int) -> ExportedBytes:
    """Their rights are asked again for each message: an export takes long, and a release may end meanwhile."""
    reading = read_for(vault, user, get_visible(user, index))
    return reading.raw, reading.is_copy


def _write(to: Path, indexes: Iterable[int], read: Callable[[int], ExportedBytes]) -> Manifest:
    if to.exists() and any(to.iterdir()):
        raise UserError("folder_not_empty", subject=str(to))
    to.mkdir(parents=True, exist_ok=True)
    path, count, size = to / "manifest.jsonl", 0, 0
    unreadable: list[tuple[int, str]] = []
    try:
        with path.open("w", encoding="utf-8") as manifest:
            for index in indexes:
                line: dict[str, object]
                try:
                    raw, is_copy = read(index)
                    name = f"{index // _FOLDER_FILES:04d}/{index:010d}.eml"
                    (to / name).parent.mkdir(exist_ok=True)
                    (to / name).write_bytes(raw)
                    count, size = count + 1, size + len(raw)
                    digest = hashlib.sha256(raw).hexdigest()
                    line = {"file": name, "sha256": digest, "id": index, "size": len(raw)}
                    if is_copy:
                        line["is_copy"] = True
                except UserError as error:
                    # A right that ended meanwhile: the message is well, and no longer theirs.
                    line = {"id": index, "error": str(error)}
                except ArchiveError as error:
                    line = {"id": index, "error": str(error)}
                    unreadable.append((index, str(error)))
                manifest.write(json.dumps(line) + "\n")
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(str(to)) from error
        raise
    return Manifest(path=path, count=count, bytes=size, unreadable=tuple(unreadable))
