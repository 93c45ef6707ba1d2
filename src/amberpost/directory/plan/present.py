"""What we have now and which rules are set, as values that a plan compares with a directory's answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from amberpost.directory.found import EntryKind, FoundEntry

_LONGEST_NAME = 200
LONGEST_LOGIN = 150

GroupMember = tuple[str, str]  # key of a group, key of a person
Automatic = tuple[
    str, str, str
]  # key of a public archive, key of a person or group, "delegates" or "members"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an operator chose for the active directory."""

    has_rooms: bool = False
    is_manual: bool = False  # new accounts archive nothing until somebody selects them
    releases_to_delegates: bool = True
    releases_to_members: bool = False
    guard_percent: int = 20
    guard_count: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentUser:
    """The owner of a private archive."""

    id: int
    login: str
    further_logins: tuple[str, ...] = ()
    reference: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentArchive:
    """An archive and the addresses that lead to it now."""

    id: int
    name: str
    is_private: bool
    key: str = ""  # "" if it was made by hand
    origin: str = EntryKind.PERSON.value
    is_departed: bool = False
    is_selected: bool = True
    addresses: frozenset[str] = frozenset()
    user: CurrentUser | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentState:
    """All that a plan must know."""

    archives: tuple[CurrentArchive, ...] = ()
    logins: Mapping[str, int] = field(default_factory=dict)  # every login in lower case -> user id
    ever_held: frozenset[str] = frozenset()  # addresses that lead or once led to an archive
    memberships: frozenset[GroupMember] = frozenset()
    automatic: frozenset[Automatic] = frozenset()  # releases by rule that are in force
    refused: frozenset[Automatic] = frozenset()  # revoked by a person: a rule does not bring them back


def is_private(kind: EntryKind) -> bool:
    """People have private archives, everything else public ones."""
    return kind == EntryKind.PERSON


def shown_name(entry: FoundEntry) -> str:
    """The name of an entry as ours: printable, not too long, never empty."""
    return _printable(entry.name)[:_LONGEST_NAME] or _printable(entry.login or entry.key)[:_LONGEST_NAME]


def usable_login(name: str) -> str:
    """A directory's login as ours; "" if nothing is left of it."""
    return _printable(name)[:LONGEST_LOGIN]


def further_logins(entry: FoundEntry) -> tuple[str, ...]:
    """The other names a person may sign in with, as they are compared: in lower case, each once."""
    names = (usable_login(name).lower() for name in entry.logins)
    return tuple(dict.fromkeys(name for name in names if name))


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()
