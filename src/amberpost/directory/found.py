"""What a directory says: its people, shared mailboxes, groups and public folders, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from amberpost.remark import Remark


class EntryKind(StrEnum):
    PERSON = "person"
    SHARED = "shared"
    ROOM = "room"
    EQUIPMENT = "equipment"
    GROUP = "group"
    DYNAMIC_GROUP = "dynamic_group"
    PUBLIC_FOLDER = "public_folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    key: str  # stable, never the DN: "ad:<objectGUID>", "ldap:<entryUUID>", "entra:<object id>"
    kind: EntryKind
    name: str
    login: str = ""  # how a person signs in (UPN, else sAMAccountName / uid)
    logins: tuple[str, ...] = ()  # further names he may sign in with
    addresses: tuple[str, ...] = ()  # normalised, primary first, without repetition
    x500: tuple[str, ...] = ()  # "[ex:/o=...]" forms, normalised as message.addresses.normalise_address does
    is_enabled: bool = True
    reference: str = ""  # DN or object id for the sign-in; not an identity
    members: tuple[str, ...] = ()  # keys of people who belong, nested groups resolved, cycles broken
    delegates: tuple[str, ...] = ()  # keys of people who may read (publicDelegates, msExchDelegateListLink)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    entries: tuple[FoundEntry, ...]
    notes: tuple[Remark, ...] = ()  # hints for the operator: what was left out and why
