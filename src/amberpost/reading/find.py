"""Find mail for a user: their scope is part of the index query; what comes back is read through visible_messages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.timezone import get_current_timezone

from amberpost.accounts.models import User
from amberpost.accounts.permissions import scope_of
from amberpost.audit.actions import Action
from amberpost.audit.record import record_reading
from amberpost.directory.models import Archive
from amberpost.message.text import index_text
from amberpost.message.types import Flag
from amberpost.reading.confidential import is_anothers_copy, knows_recipients, read_for
from amberpost.reading.visible import messages_within, visible_messages
from amberpost.road.catalogue import CATALOGUE, INDEX, REBUILT, position
from amberpost.road.indexing import index_lag
from amberpost.road.models import Assignment, Message, Position
from amberpost.road.open import Vault
from amberpost.road.rows import chunks
from amberpost.search.excerpt import excerpt as make_excerpt
from amberpost.search.index import Index, IndexDamaged, Scope, Sort
from amberpost.search.query import Query, parse_query
from amberpost.search.tree import IsTruncated


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One line of a result list."""

    id: int
    sha256: str  # "" if the user may not have the exact bytes
    message_id: str
    subject: str
    from_name: str
    from_address: str
    sent_at: datetime
    captured_at: datetime
    archives: tuple[str, ...]  # names of those the user may see
    attachment_count: int
    size_bytes: int
    flags: frozenset[str]
    likeness: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """Some hits of `count`; `lag` messages are archived and not yet findable, `truncated` not by all their words."""

    count: int
    hits: tuple[Hit, ...]
    lag: int
    truncated: int
    is_incomplete: bool = False  # the catalogue does not yet have all that the index knows


def find(
    vault: Vault,
    user: User,
    text: str,
    *,
    sort: Sort = "relevance",
    limit: int = 25,
    offset: int = 0,
    actor: str | None = None,
    zone: tzinfo | None = None,
) -> ResultPage:
    """Search as `user`. QueryError if the text cannot be understood. Recorded, without the words.

    Days are those of `zone`, else of the time zone that is active.
    """
    query = parse_query(text, zone=zone or get_current_timezone())
    page = find_within(vault, scope_of(user), query, sort=sort, limit=limit, offset=offset)
    if offset == 0:
        record_reading(
            vault.reserve, actor or user.login, Action.SEARCH_MADE, count=page.count, characters=len(text)
        )
    return page


def find_within(
    vault: Vault, scope: Scope, query: Query, *, sort: Sort, limit: int, offset: int = 0
) -> ResultPage:
    """Search within a scope; the callers decide whose. What is counted can be listed."""
    index = readable_index(vault)
    truncated = index.find(IsTruncated(), scope, sort="date", limit=0).count
    if not _is_ahead(index):
        found = index.find(query, scope, sort=sort, limit=limit, offset=offset)
        listed = hits(scope, found.ids)
        if len(listed) == len(found.ids):
            return ResultPage(count=found.count, hits=listed, lag=index_lag(), truncated=truncated)
    # The catalogue is being made anew: what counts is what it has, not what the index remembers.
    matches = index.find(query, scope, sort=sort, limit=index.count()).ids
    known = {
        message_id
        for some in chunks(matches)
        for message_id in messages_within(scope).filter(id__in=some).values_list("id", flat=True)
    }
    ids = [message_id for message_id in matches if message_id in known]
    asked = ids[offset : offset + limit]
    listed = hits(scope, asked)
    gone = len(asked) - len(listed)  # a rebuild began a moment ago
    return ResultPage(
        count=len(ids) - gone, hits=listed, lag=index_lag(), truncated=truncated, is_incomplete=True
    )


def _is_ahead(index: Index) -> bool:
    """Whether the index knows messages, or owners of messages, that the catalogue does not have yet."""
    positions = dict(Position.objects.values_list("name", "next_index"))
    catalogued = positions.get(CATALOGUE, 0)
    if catalogued < max(positions.get(REBUILT, 0), positions.get(INDEX, 0)):
        return True
    while index.has_after(catalogued - 1):
        before, catalogued = catalogued, position(CATALOGUE)
        if catalogued == before:  # else a worker has just sealed, catalogued and indexed something
            return True
    return False


def readable_index(vault: Vault) -> Index:
    """The index, or a clear word that it must be made anew; never an answer from a part."""
    if vault.index is None:
        raise IndexDamaged("index_missing")
    return vault.index


def hits(scope: Scope, ids: Sequence[int]) -> tuple[Hit, ...]:
    """Hits for message ids, in their order; those outside the scope are left out."""
    rows = messages_within(scope).in_bulk(ids)
    names = _archive_names(scope, ids)
    reasons: dict[int, set[int]] = defaultdict(set)
    assigned = Assignment.objects.filter(message_id__in=ids, archive_id__in=scope.archives)
    for message_id, reason in assigned.values_list("message_id", "reason"):
        reasons[message_id].add(reason)
    found = []
    for row in (rows[i] for i in ids if i in rows):
        assert row.sent_at is not None
        assert row.captured_at is not None
        is_exact = scope.everything or _may_have_exact(row, reasons[row.id])
        found.append(
            Hit(
                id=row.id,
                sha256=bytes(row.sha256).hex() if is_exact else "",
                message_id=row.message_id,
                subject=row.subject,
                from_name=row.from_name,
                from_address=row.from_address,
                sent_at=row.sent_at,
                captured_at=row.captured_at,
                archives=names.get(row.id, ()),
                attachment_count=row.attachment_count,
                size_bytes=row.size_bytes,
                # that there was a blind copy is a hint, too
                flags=frozenset(row.flags.split()) - {Flag.BCC_FIELD},
                likeness=bytes(row.likeness),
            )
        )
    return tuple(found)


def excerpt(vault: Vault, user: User, message_id: int, text: str) -> list[tuple[str, bool]]:
    """A piece of the message around the words of the query: (text, is marked). Empty if it may not be seen."""
    message = visible_messages(user).filter(id=message_id).first()
    if message is None:
        return []
    reading = read_for(vault, user, message)
    return make_excerpt(index_text(reading.raw, reading.parsed).body, parse_query(text))


def _archive_names(scope: Scope, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    assigned = Assignment.objects.filter(message_id__in=ids)
    if not scope.everything:
        assigned = assigned.filter(archive_id__in=scope.archives)
    pairs = set(assigned.values_list("message_id", "archive_id"))
    names = dict(Archive.objects.filter(id__in={a for _, a in pairs}).values_list("id", "name"))
    found: dict[int, list[str]] = defaultdict(list)
    for message_id, archive_id in sorted(pairs):
        found[message_id].append(names.get(archive_id, str(archive_id)))
    return {message_id: tuple(archives) for message_id, archives in found.items()}


def _may_have_exact(row: Message, reasons: set[int]) -> bool:
    """False if the user may get a copy without a blind copy's name: the original's hash would confirm a guess."""
    if is_anothers_copy(reasons):
        return False
    return Flag.BCC_FIELD not in row.flags.split() or knows_recipients(reasons)
