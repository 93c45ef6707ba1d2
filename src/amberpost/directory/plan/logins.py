"""Under which login each person of a directory signs in here. Pure.

Logins are unique. Who has theirs already keeps it; a departed user makes room for a successor with the same
login; whoever comes too late gets another of their names, at last one with letters of their key, and is reported.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from amberpost.directory.found import FoundEntry
from amberpost.directory.plan.claims import Conflict
from amberpost.directory.plan.present import (
    LONGEST_LOGIN,
    CurrentArchive,
    CurrentState,
    CurrentUser,
    is_private,
    usable_login,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLogins:
    of: Mapping[str, str]  # entry key -> login
    moves: tuple[tuple[int, str, str], ...]  # user id, login before, login after
    conflicts: tuple[Conflict, ...]


def settle_logins(
    entries: Iterable[FoundEntry],
    matched: Mapping[str, CurrentArchive],
    current: CurrentState,
    leaving: Collection[int],
) -> SettledLogins:
    """A login for every person; `leaving` are the archives whose users may lose theirs to others."""
    people = [entry for entry in entries if is_private(entry.kind)]
    staying = {e.key: user for e in people if (user := _user_of(e, matched)) is not None}
    departed = {a.user.id: a.user.login for a in current.archives if a.id in leaving and a.user}
    mine = {user.id for user in staying.values()}
    taken = {login for login, user_id in current.logins.items() if user_id not in mine | departed.keys()}
    of: dict[str, str] = {}
    conflicts = []
    for entry in sorted(people, key=lambda e: (not _keeps_login(e, matched), e.key)):
        before = staying[entry.key].login if entry.key in staying else ""
        login = next(name for name in _names(entry, before) if name.lower() not in taken)
        taken.add(login.lower())
        of[entry.key] = login
        if login != _wanted(entry):
            conflicts.append(Conflict(subject=_wanted(entry), holder="", claimants=(entry.name,)))
    moves = []
    for user_id, login in sorted(departed.items()):
        if login.lower() in taken:  # by a successor: the name goes on with who is here
            end = f"-departed-{user_id}"
            moves.append((user_id, login, login[: LONGEST_LOGIN - len(end)] + end))
    return SettledLogins(of=of, moves=tuple(moves), conflicts=tuple(conflicts))


def _user_of(entry: FoundEntry, matched: Mapping[str, CurrentArchive]) -> CurrentUser | None:
    archive = matched.get(entry.key)
    return archive.user if archive else None


def _keeps_login(entry: FoundEntry, matched: Mapping[str, CurrentArchive]) -> bool:
    user = _user_of(entry, matched)
    return user is not None and user.login.lower() == _wanted(entry).lower()


def _wanted(entry: FoundEntry) -> str:
    names = (entry.login, *entry.logins, *entry.addresses[:1], entry.key)
    return next(name for name in (usable_login(name) for name in names) if name)


def _names(entry: FoundEntry, before: str) -> Iterator[str]:
    """What they may be called, best first; the last never runs out of hand."""
    yield _wanted(entry)
    if before:
        yield before
    yield from filter(None, map(usable_login, entry.logins))
    digest = hashlib.sha256(entry.key.encode()).hexdigest()
    for length in (6, 12, 64):
        yield f"{_wanted(entry)[: LONGEST_LOGIN - length - 1]}-{digest[:length]}"
