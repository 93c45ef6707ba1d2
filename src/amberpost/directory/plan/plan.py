"""What a directory changes here: the difference between what we have and what it says. Pure.

Promises: the same input gives the same plan; after apply() a second plan changes nothing; nothing is ever
deleted; an address claimed twice is reported and never silently won. Keys are identities: names, logins
and places in the directory may all change. Rules and examples: docs/design/archives.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.plan.claims import Claims, Conflict, claimed, settle_claims
from amberpost.directory.plan.logins import settle_logins
from amberpost.directory.plan.present import (
    Automatic,
    CurrentArchive,
    CurrentState,
    GroupMember,
    Rules,
    further_logins,
    is_private,
    shown_name,
)
from amberpost.remark import Remark

T = TypeVar("T")

_ROOMS = frozenset({EntryKind.ROOM, EntryKind.EQUIPMENT})
_GROUPS = frozenset({EntryKind.GROUP, EntryKind.DYNAMIC_GROUP})


class Cause(StrEnum):
    GONE = "gone"
    DISABLED = "disabled"


class Worry(StrEnum):
    """Why a plan looks like a directory that answered with less than it has."""

    PEOPLE_LEAVE = "people_leave"
    ARCHIVES_LEAVE = "archives_leave"
    ADDRESSES_LOST = "addresses_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An entry that gets an archive, and a person their user."""

    entry: FoundEntry
    login: str
    addresses: tuple[str, ...]
    is_selected: bool

    @property
    def is_enabled(self) -> bool:
        return not is_private(self.entry.kind) or self.entry.is_enabled


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """An archive that stays and is not as the entry says. Empty tuples and False: no change of that."""

    archive_id: int
    entry: FoundEntry
    fields: tuple[str, ...]  # name, origin, login, further_logins, reference, key, is_selected
    login: str  # as it should be; "" without a user
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    returns: bool = False
    is_adopted: bool = False  # was a local user, or one of another directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """An archive whose entry is gone or disabled: it stays, its user's sign-in ends."""

    archive_id: int
    name: str
    login: str  # "" for a public archive
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """An address that goes from one archive to another from now on."""

    address: str
    from_archive_id: int
    to_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginMove:
    """A departed user makes room for somebody with the same login."""

    user_id: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What apply() would do, and what an operator must know before."""

    coming: tuple[Coming, ...] = ()
    changing: tuple[Changing, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()
    login_moves: tuple[LoginMove, ...] = ()
    joins: frozenset[GroupMember] = frozenset()
    parts: frozenset[GroupMember] = frozenset()
    releases: frozenset[Automatic] = frozenset()
    revocations: frozenset[Automatic] = frozenset()
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[Remark, ...] = ()
    worries: tuple[Worry, ...] = ()
    first_held: frozenset[str] = field(default_factory=frozenset)  # gained, and never held by anybody before

    @property
    def is_empty(self) -> bool:
        """Nothing would change."""
        return not (
            self.coming or self.changing or self.leaving or self.hand_overs or self.login_moves
            or self.joins or self.parts or self.releases or self.revocations
        )  # fmt: skip

    @property
    def is_suspicious(self) -> bool:
        """So much would leave that an operator must say yes."""
        return bool(self.worries)

    @property
    def gained(self) -> tuple[str, ...]:
        """Addresses that lead to another archive than before."""
        found = [a for item in self.coming for a in item.addresses]
        return tuple(found + [a for item in self.changing for a in item.gained])


def plan(current: CurrentState, found: Found, rules: Rules) -> Plan:
    """The changes that make what we have agree with what the directory says."""
    # In an order of our own, so that the directory's order decides nothing; each key once.
    by_key = {entry.key: entry for entry in sorted(found.entries, key=lambda entry: (entry.key, entry.kind))}
    entries = tuple(e for e in by_key.values() if rules.has_rooms or e.kind not in _ROOMS)
    matched = _match(entries, current)
    claims = settle_claims(entries, matched, current)
    logins = settle_logins(entries, matched, current, {a.id for a in _unmatched(matched, current)})
    coming = tuple(
        Coming(
            entry=entry,
            login=logins.of.get(entry.key, ""),
            addresses=claims.gained[entry.key],
            is_selected=not rules.is_manual,
        )
        for entry in entries
        if entry.key not in matched
    )
    changing = tuple(_changes(entries, matched, claims, logins.of, rules))
    leaving = tuple(_leaving(entries, matched, current))
    joins, parts = _difference(_memberships(entries), current.memberships)
    releases, revocations = _difference(_automatic(entries, rules), current.automatic)
    gained = {a for keys in claims.gained.values() for a in keys}
    return Plan(
        coming=coming,
        changing=changing,
        leaving=leaving,
        hand_overs=tuple(
            HandOver(address=address, from_archive_id=archive_id, to_key=key)
            for address, archive_id, key in claims.hand_overs
        ),
        login_moves=tuple(
            LoginMove(user_id=user_id, before=before, after=after) for user_id, before, after in logins.moves
        ),
        joins=joins,
        parts=parts,
        releases=frozenset(releases - current.refused),
        revocations=revocations,
        conflicts=(*claims.conflicts, *logins.conflicts),
        notes=found.notes,
        worries=tuple(_worries(current, leaving, changing, rules)),
        first_held=frozenset(gained - current.ever_held),
    )


def _match(entries: Iterable[FoundEntry], current: CurrentState) -> dict[str, CurrentArchive]:
    """Entry key -> its archive: by key and kind, else one that was kept by hand and holds its address."""
    keyed = {(archive.key, archive.is_private): archive for archive in current.archives if archive.key}
    matched = {
        entry.key: keyed[entry.key, is_private(entry.kind)]
        for entry in entries
        if (entry.key, is_private(entry.kind)) in keyed
    }
    schemes = {scheme_of(entry.key) for entry in entries}
    free = [archive for archive in current.archives if scheme_of(archive.key) not in schemes]
    holders = {address: archive for archive in free for address in archive.addresses}
    wanted: dict[int, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.key not in matched and (archive := _adoptable(entry, holders)):
            wanted[archive.id].append(entry.key)
    by_id = {archive.id: archive for archive in free}
    matched |= {keys[0]: by_id[archive_id] for archive_id, keys in wanted.items() if len(keys) == 1}
    return matched


def _adoptable(entry: FoundEntry, holders: Mapping[str, CurrentArchive]) -> CurrentArchive | None:
    """The archive in use that holds some of a new entry's addresses and no others: surely the same person's."""
    found = {holders[a].id: holders[a] for a in claimed(entry) if a in holders}
    fitting = [
        archive
        for archive in found.values()
        if archive.is_private == is_private(entry.kind)
        and not archive.is_departed
        and archive.addresses <= set(claimed(entry))
    ]
    return fitting[0] if len(found) == len(fitting) == 1 else None


def scheme_of(key: str) -> str:
    """Which directory gave this key; "" for what was made by hand."""
    return key.partition(":")[0] if ":" in key else ""


def _unmatched(matched: Mapping[str, CurrentArchive], current: CurrentState) -> list[CurrentArchive]:
    """Archives a directory gave us and now does not know; what was made by hand is none of its business."""
    known = {archive.id for archive in matched.values()}
    return [archive for archive in current.archives if archive.key and archive.id not in known]


def _changes(
    entries: Iterable[FoundEntry],
    matched: Mapping[str, CurrentArchive],
    claims: Claims,
    logins: Mapping[str, str],
    rules: Rules,
) -> Iterable[Changing]:
    for entry in entries:
        archive = matched.get(entry.key)
        if archive is None:
            continue
        returns = archive.is_departed and (entry.is_enabled or not archive.is_private)
        login = logins.get(entry.key, "")
        fields = tuple(_different(entry, archive, login, rules))
        gained, lost = claims.gained[entry.key], claims.lost[entry.key]
        if fields or gained or lost or returns:
            yield Changing(
                archive_id=archive.id,
                entry=entry,
                fields=fields,
                login=login,
                gained=gained,
                lost=lost,
                returns=returns,
                is_adopted=archive.key != entry.key,
            )


def _different(entry: FoundEntry, archive: CurrentArchive, login: str, rules: Rules) -> Iterable[str]:
    user = archive.user
    pairs: dict[str, tuple[object, object]] = {
        "key": (archive.key, entry.key),
        "name": (archive.name, shown_name(entry)),
        "origin": (archive.origin, entry.kind.value),
        "is_selected": (archive.is_selected, archive.is_selected or not rules.is_manual),
    }
    if user is not None:
        pairs["login"] = (user.login, login)
        pairs["further_logins"] = (user.further_logins, further_logins(entry))
        pairs["reference"] = (user.reference, entry.reference)
    return (name for name, (before, after) in pairs.items() if before != after)


def _leaving(
    entries: Iterable[FoundEntry], matched: Mapping[str, CurrentArchive], current: CurrentState
) -> Iterable[Leaving]:
    gone = [(archive, Cause.GONE) for archive in _unmatched(matched, current)]
    disabled = [
        (matched[e.key], Cause.DISABLED)
        for e in entries
        if e.key in matched and is_private(e.kind) and not e.is_enabled
    ]
    for archive, cause in (*disabled, *gone):
        if not archive.is_departed or (archive.user is not None and archive.user.is_active):
            login = archive.user.login if archive.user else ""
            yield Leaving(archive_id=archive.id, name=archive.name, login=login, cause=cause)


def _memberships(entries: Iterable[FoundEntry]) -> frozenset[GroupMember]:
    people = {entry.key for entry in entries if is_private(entry.kind)}
    return frozenset(
        (entry.key, member)
        for entry in entries
        if entry.kind in _GROUPS
        for member in entry.members
        if member in people
    )


def _automatic(entries: Iterable[FoundEntry], rules: Rules) -> frozenset[Automatic]:
    """(archive key, reader key, rule): what the directory's rules release by themselves."""
    people = {entry.key for entry in entries if is_private(entry.kind)}
    found: set[Automatic] = set()
    for entry in entries:
        if is_private(entry.kind):
            continue
        if entry.kind in _GROUPS:
            if rules.releases_to_members:
                found.add((entry.key, entry.key, "members"))
        elif rules.releases_to_delegates:
            readers = people.intersection((*entry.delegates, *entry.members))
            found |= {(entry.key, reader, "delegates") for reader in readers}
    return frozenset(found)


def _difference(wanted: frozenset[T], there: frozenset[T]) -> tuple[frozenset[T], frozenset[T]]:
    return wanted - there, there - wanted


def _worries(
    current: CurrentState, leaving: Iterable[Leaving], changing: Iterable[Changing], rules: Rules
) -> Iterable[Worry]:
    active = [archive for archive in current.archives if archive.key and not archive.is_departed]
    private = {archive.id for archive in active if archive.is_private}
    public = {archive.id for archive in active} - private
    left = {item.archive_id for item in leaving}
    poorer = {item.archive_id for item in changing if item.lost}
    for worry, before, after in (
        (Worry.PEOPLE_LEAVE, private, private & left),
        (Worry.ARCHIVES_LEAVE, public, public & left),
        (Worry.ADDRESSES_LOST, private | public, poorer),
    ):
        if len(after) >= rules.guard_count and len(after) * 100 > len(before) * rules.guard_percent:
            yield worry
