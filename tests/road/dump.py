"""Everything an archive knows, as plain values that can be compared before and after."""

from collections.abc import Iterable
from typing import Any

from amberpost.accounts.models import User
from amberpost.audit.models import AuditEvent
from amberpost.governance.state import take_snapshot
from amberpost.road.models import Assignment, Capture, Message, Party
from amberpost.search.index import Scope
from amberpost.search.query import parse_query
from amberpost.sources.models import SourceCursor, SourceSignal, SourceUidl
from tests.opened import Opened

QUERIES = (
    "",
    "Guten",
    "subject:Brief",
    "from:kunde",
    "to:alice",
    "has:attachment",
    "after:2023-02-01",
    "-Brief",
)
_SIGNAL = (
    "kind", "source_id", "at", "since", "folder", "uidvalidity", "first_uid", "last_uid", "entry",
)  # fmt: skip


def dump(opened: Opened) -> dict[str, Any]:
    """The decisions, the catalogue and what each user finds."""
    return {"state": take_snapshot(), **catalogue(), "found": found(opened)}


def catalogue() -> dict[str, Any]:
    """Every derived row; only numbers that the database gives by itself are left out."""
    return {
        "messages": _rows(Message.objects.order_by("id").values()),
        "captures": _rows(Capture.objects.order_by("index").values()),
        "parties": sorted(Party.objects.values_list("capture_index", "address__address", "reason")),
        "assignments": sorted(Assignment.objects.values_list("message_id", "archive_id", "reason", "entry")),
        "cursors": sorted(SourceCursor.objects.values_list("source_id", "folder", "uidvalidity", "uids")),
        "uidls": sorted(SourceUidl.objects.values_list("source_id", "uidl")),
        "signals": list(SourceSignal.objects.exclude(entry=None).order_by("entry").values_list(*_SIGNAL)),
        "events": sorted(
            (event.entry or 0, event.at, event.actor, event.action, event.target, str(event.detail))
            for event in AuditEvent.objects.exclude(entry=None)
        ),
    }


def found(opened: Opened) -> dict[str, Any]:
    """Query -> ids, for the whole archive and for every user."""
    scopes = {"": Scope(everything=True, archives=frozenset())}
    for user in User.objects.exclude(private_archive=None):
        scopes[user.login] = Scope(everything=False, archives=frozenset({user.private_archive_id}))
    with opened.reading() as vault:
        assert vault.index is not None
        return {
            f"{login} {query}": vault.index.find(
                parse_query(query), scope, sort="date", limit=10**6, offset=0
            ).ids
            for login, scope in scopes.items()
            for query in QUERIES
        }


def _rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
        for row in rows
    ]
