"""Carry a directory's plan into the database: archives, addresses, users, memberships, releases.

Promises: one transaction; nothing is deleted but memberships, which the directory alone decides; every
change of a person is recorded. Does not read a directory, and does not look for kept mail (governance.directories).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction

from amberpost.accounts.models import Membership, Release, ReleaseRule, Role, User
from amberpost.accounts.sessions import end_sessions
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.directory.found import FoundEntry
from amberpost.directory.models import Address, Archive, ArchiveKind, ArchiveState
from amberpost.directory.plan.plan import Changing, Plan
from amberpost.directory.plan.present import (
    Automatic,
    CurrentArchive,
    CurrentState,
    CurrentUser,
    further_logins,
    is_private,
    shown_name,
)
from amberpost.errors import UserError

T = TypeVar("T")

_CHUNK = 500
_BY_RULE = (ReleaseRule.MEMBERS, ReleaseRule.DELEGATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a plan has changed."""

    came: int
    changed: int
    left: int
    gained: tuple[str, ...]  # addresses whose kept mail may have found an archive


def current_state() -> CurrentState:
    """What the database has now, as a plan needs it."""
    held: dict[int, set[str]] = defaultdict(set)
    for archive_id, address in Address.objects.filter(valid_until=None).values_list("archive_id", "address"):
        held[archive_id].add(address)
    owners = {
        user.private_archive_id: CurrentUser(
            id=user.pk,
            login=user.login,
            further_logins=tuple(user.further_logins.strip("\n").split("\n")) if user.further_logins else (),
            reference=user.directory_reference,
            is_active=user.is_active,
        )
        for user in User.objects.all()
    }
    members = Membership.objects.values_list("group__key", "user__directory_key")
    releases = list(_releases_by_rule())
    return CurrentState(
        archives=tuple(
            CurrentArchive(
                id=archive.pk,
                name=archive.name,
                is_private=archive.kind == ArchiveKind.PRIVATE,
                key=archive.key or "",
                origin=archive.origin,
                is_departed=archive.state == ArchiveState.DEPARTED,
                is_selected=archive.is_selected,
                addresses=frozenset(held[archive.pk]),
                user=owners.get(archive.pk),
            )
            for archive in Archive.objects.order_by("pk")
        ),
        logins={login.lower(): pk for login, pk in User.objects.values_list("login", "pk")},
        ever_held=frozenset(Address.objects.values_list("address", flat=True)),
        memberships=frozenset((g, p) for g, p in members if g is not None and p is not None),
        automatic=frozenset(key for key, is_open, _refused in releases if is_open),
        refused=frozenset(key for key, is_open, refused in releases if refused and not is_open),
    )


def apply(plan: Plan, *, by: str, is_confirmed: bool = False) -> Applied:
    """Make it so. A suspicious plan changes nothing unless a person has confirmed it."""
    if plan.is_suspicious and not is_confirmed:
        raise UserError("directory_shrank")
    if plan.is_empty:
        return Applied(came=0, changed=0, left=0, gained=())
    with transaction.atomic():
        _Applying(plan, by).run()
        record(
            by, Action.DIRECTORY_SYNCED, came=len(plan.coming), changed=len(plan.changing),
            departed=len(plan.leaving), hand_overs=len(plan.hand_overs), joins=len(plan.joins), parts=len(plan.parts),
            releases=len(plan.releases), revocations=len(plan.revocations), conflicts=len(plan.conflicts),
        )  # fmt: skip
    return Applied(
        came=len(plan.coming),
        changed=len(plan.changing),
        left=len(plan.leaving),
        gained=(*plan.gained, *_held_by_selected(plan)),
    )


def _held_by_selected(plan: Plan) -> Iterable[str]:
    """Addresses of archives that take mail again: some may wait."""
    ids = [item.archive_id for item in plan.changing if "is_selected" in item.fields]
    for some in _chunks(ids):
        yield from Address.objects.filter(archive__in=some).values_list("address", flat=True)


def _further_logins_text(entry: FoundEntry) -> str:
    """A line break at both ends of each, so that one can be looked up whole."""
    names = "\n".join(further_logins(entry))
    return f"\n{names}\n" if names else ""


def _releases_by_rule() -> Iterable[tuple[Automatic, bool, bool]]:
    """(key, is in force, was revoked by a person) of each release that a rule gave."""
    rows = Release.objects.filter(rule__in=_BY_RULE).values_list(
        "archive__key", "user__directory_key", "group__key", "rule", "revoked_at", "is_refused"
    )
    for archive, user, group, rule, revoked_at, is_refused in rows:
        yield (archive or "", user or group or "", rule), revoked_at is None, is_refused


class _Applying:
    """One plan on its way into the database."""

    def __init__(self, plan: Plan, by: str) -> None:
        self.plan = plan
        self.by = by
        self.at = now()

    def run(self) -> None:
        """Who leaves makes room first: logins and addresses have one holder at any time."""
        self.leave()
        self.move_logins()
        self.close_addresses()
        changed = self.change()
        came = self.come()
        self.open_addresses({**changed, **came})
        self.join()
        self.release()

    def leave(self) -> None:
        ids = [item.archive_id for item in self.plan.leaving]
        for some in _chunks(ids):
            Archive.objects.filter(pk__in=some).update(state=ArchiveState.DEPARTED)
        users = [user for some in _chunks(ids) for user in User.objects.filter(private_archive__in=some)]
        for some in _chunks([user.pk for user in users]):
            User.objects.filter(pk__in=some).update(is_active=False)
        end_sessions(users)
        causes = {item.archive_id: item.cause for item in self.plan.leaving}
        for user in users:
            record(
                self.by, Action.USER_DISABLED, user.login, cause=causes[user.private_archive_id or 0].value
            )
        for item in self.plan.leaving:
            if not item.login:
                record(self.by, Action.ARCHIVE_DEPARTED, item.name, archive=item.archive_id)

    def move_logins(self) -> None:
        for move in self.plan.login_moves:
            User.objects.filter(pk=move.user_id).update(login=move.after)
            record(self.by, Action.USER_CHANGED, move.before, login=move.after)

    def close_addresses(self) -> None:
        """What goes over, or is given up, ends now."""
        ended = [(item.archive_id, address) for item in self.plan.changing for address in item.lost]
        ended += [(item.from_archive_id, item.address) for item in self.plan.hand_overs]
        of: dict[int, list[str]] = defaultdict(list)
        for archive_id, address in ended:
            of[archive_id].append(address)
        for archive_id, addresses in of.items():
            for some in _chunks(addresses):
                held = Address.objects.filter(archive=archive_id, valid_until=None, address__in=some)
                held.update(valid_until=self.at)

    def change(self) -> dict[int, tuple[str, ...]]:
        """Archive id -> addresses it gains."""
        archives = Archive.objects.in_bulk([item.archive_id for item in self.plan.changing])
        ids = [item.archive_id for item in self.plan.changing]
        owners = (user for some in _chunks(ids) for user in User.objects.filter(private_archive__in=some))
        users = {user.private_archive_id: user for user in owners if user.private_archive_id is not None}
        renamed = [item for item in self.plan.changing if "login" in item.fields and item.archive_id in users]
        for item in renamed:  # two people may have changed places
            User.objects.filter(pk=users[item.archive_id].pk).update(login=f"\x7f{item.archive_id}")
        for item in self.plan.changing:
            self._change_archive(item, archives[item.archive_id])
            if is_private(item.entry.kind):
                self._change_user(item, users.get(item.archive_id), archives[item.archive_id])
        return {item.archive_id: item.gained for item in self.plan.changing}

    def _change_archive(self, item: Changing, archive: Archive) -> None:
        archive.name = shown_name(item.entry)
        archive.key = item.entry.key
        archive.origin = item.entry.kind.value
        archive.is_selected = archive.is_selected or "is_selected" in item.fields
        if item.returns:
            archive.state = ArchiveState.ACTIVE
        archive.save()
        if not is_private(item.entry.kind):
            record(self.by, Action.ARCHIVE_CHANGED, archive.name, archive=archive.pk, fields=_named(item))

    def _change_user(self, item: Changing, user: User | None, archive: Archive) -> None:
        if user is None:
            user = _new_user(item.entry.key, archive)
        before = user.login
        user.login = item.login
        user.name = shown_name(item.entry)
        user.further_logins = _further_logins_text(item.entry)
        user.directory_reference = item.entry.reference
        user.directory_key = item.entry.key
        if item.is_adopted or not user.is_managed:
            user.is_managed = True
            user.must_change_password = False
            user.set_unusable_password()
            end_sessions([user])
        if item.returns:
            user.is_active = True
            # Whoever comes back has their archive to themselves.
            successions = Release.objects.filter(archive=archive, rule=ReleaseRule.SUCCESSOR, revoked_at=None)
            successions.update(revoked_at=self.at, revoked_by=self.by)
            record(self.by, Action.USER_ENABLED, item.login)
        user.save()
        if item.fields or item.gained or item.lost:
            record(
                self.by, Action.USER_CHANGED, before or item.login, login=item.login, fields=_named(item),
                adopted=item.is_adopted, gained=len(item.gained), lost=len(item.lost),
            )  # fmt: skip

    def come(self) -> dict[int, tuple[str, ...]]:
        """New archives, and users for the private ones. Archive id -> its addresses."""
        archives = Archive.objects.bulk_create(
            [
                Archive(
                    name=shown_name(item.entry),
                    kind=ArchiveKind.PRIVATE if is_private(item.entry.kind) else ArchiveKind.PUBLIC,
                    key=item.entry.key,
                    origin=item.entry.kind.value,
                    state=ArchiveState.ACTIVE if item.is_enabled else ArchiveState.DEPARTED,
                    is_selected=item.is_selected,
                )
                for item in self.plan.coming
            ],
            batch_size=_CHUNK,
        )
        users = []
        for item, archive in zip(self.plan.coming, archives, strict=True):
            if is_private(item.entry.kind):
                user = _new_user(item.entry.key, archive)
                user.login = item.login
                user.name = shown_name(item.entry)
                user.is_active = item.entry.is_enabled
                user.further_logins = _further_logins_text(item.entry)
                user.directory_reference = item.entry.reference
                users.append(user)
                record(
                    self.by,
                    Action.USER_ADDED,
                    item.login,
                    role=Role.READER.value,
                    addresses=len(item.addresses),
                )
            else:
                record(
                    self.by, Action.ARCHIVE_ADDED, archive.name, archive=archive.pk, origin=archive.origin,
                    addresses=len(item.addresses),
                )  # fmt: skip
        User.objects.bulk_create(users, batch_size=_CHUNK)
        return {archive.pk: item.addresses for item, archive in zip(self.plan.coming, archives, strict=True)}

    def open_addresses(self, gained: Mapping[int, tuple[str, ...]]) -> None:
        """The first holder there ever was owns from the beginning of time, others from now on."""
        rows = [
            Address(
                address=address,
                archive_id=archive_id,
                valid_from=None if address in self.plan.first_held else self.at,
            )
            for archive_id, addresses in gained.items()
            for address in addresses
        ]
        Address.objects.bulk_create(rows, batch_size=_CHUNK)

    def join(self) -> None:
        groups, people = _public_ids(), _people_ids()
        for group, person in self.plan.parts:
            Membership.objects.filter(group=groups.get(group), user=people.get(person)).delete()
        rows = [
            Membership(group_id=groups[group], user_id=people[person])
            for group, person in sorted(self.plan.joins)
            if group in groups and person in people
        ]
        Membership.objects.bulk_create(rows, batch_size=_CHUNK)

    def release(self) -> None:
        public, people, names = _public_ids(), _people_ids(), _names()
        for archive_key, reader, rule in sorted(self.plan.revocations):
            there = Release.objects.filter(archive__key=archive_key, rule=rule, revoked_at=None)
            of_reader = there.filter(user__directory_key=reader) | there.filter(group__key=reader)
            of_reader.update(revoked_at=self.at, revoked_by=self.by)
            who, to = names.get(archive_key, archive_key), names.get(reader, reader)
            record(self.by, Action.ARCHIVE_RELEASE_REVOKED, who, reader=to, rule=rule)
        for archive_key, reader, rule in sorted(self.plan.releases):
            to_group = rule == ReleaseRule.MEMBERS
            Release.objects.create(
                archive_id=public[archive_key],
                user_id=None if to_group else people[reader],
                group_id=public[reader] if to_group else None,
                rule=rule,
                released_at=self.at,
                released_by=self.by,
            )
            who, to = names.get(archive_key, archive_key), names.get(reader, reader)
            record(self.by, Action.ARCHIVE_RELEASED, who, reader=to, rule=rule)


def _new_user(key: str, archive: Archive) -> User:
    user = User(directory_key=key, is_managed=True, role=Role.READER, private_archive=archive)
    user.set_unusable_password()
    return user


def _public_ids() -> dict[str, int]:
    rows = Archive.objects.filter(kind=ArchiveKind.PUBLIC, key__isnull=False)
    return {str(key): pk for key, pk in rows.values_list("key", "pk")}


def _people_ids() -> dict[str, int]:
    rows = User.objects.filter(directory_key__isnull=False).values_list("directory_key", "pk")
    return {str(key): pk for key, pk in rows}


def _names() -> dict[str, str]:
    """Key in the directory -> how people know it here: the name of an archive, the login of a person."""
    archives = Archive.objects.filter(kind=ArchiveKind.PUBLIC, key__isnull=False).values_list("key", "name")
    people = User.objects.filter(directory_key__isnull=False).values_list("directory_key", "login")
    return {str(key): name for key, name in (*archives, *people)}


def _named(item: Changing) -> str:
    return ",".join(item.fields)


def _chunks(ids: Sequence[T]) -> Iterable[Sequence[T]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
