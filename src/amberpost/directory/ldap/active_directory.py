"""What the objects of Active Directory mean to an archive: kinds, addresses, state, members. Pure.

Facts and their sources: reference text on Active Directory attributes, 5.1 to 5.3. Understands a domain with
the Exchange schema and one without. Never guesses: what it leaves out it notes.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.ldap.escape import dn_key
from amberpost.directory.ldap.membership import NestedGroups
from amberpost.directory.names import Names, read_names
from amberpost.directory.notes import Notes
from amberpost.directory.settings import LdapSettings
from amberpost.errors import DirectoryError

# Computers are users too; contacts are not. objectClass and not objectCategory: both are indexed, and only
# objectClass means the same on every server.
PEOPLE = "(&(objectClass=user)(!(objectClass=computer)))"
QUERY = (
    f"(|(&{PEOPLE}(|(proxyAddresses=*)(mail=*)))"
    "(objectClass=group)(objectClass=msExchDynamicDistributionList)"
    "(&(objectClass=publicFolder)(|(proxyAddresses=*)(mail=*))))"
)
ATTRIBUTES = (
    "objectClass", "objectGUID", "objectSid", "cn", "displayName", "userPrincipalName", "sAMAccountName",
    "mail", "proxyAddresses", "targetAddress", "legacyExchangeDN", "msExchRecipientTypeDetails",
    "userAccountControl", "accountExpires", "primaryGroupID", "member", "publicDelegates",
    "msExchDelegateListLink",
)  # fmt: skip
STATE_ATTRIBUTES = ("objectGUID", "userAccountControl", "accountExpires", "msExchRecipientTypeDetails")

_LINKED = 2
_PERSONS = frozenset({1, _LINKED, 8, 2147483648})
_KINDS = {
    **dict.fromkeys(_PERSONS, EntryKind.PERSON),
    # Shared, remote shared, team, remote team, group and scheduling mailbox
    **dict.fromkeys(
        (4, 34359738368, 137438953472, 274877906944, 1099511627776, 17592186044416), EntryKind.SHARED
    ),
    **dict.fromkeys((16, 8589934592, 2199023255552), EntryKind.ROOM),
    **dict.fromkeys((32, 17179869184), EntryKind.EQUIPMENT),
}
_EXTERNAL = frozenset({64, 128, 33554432, 35184372088832})
_SYSTEM = frozenset(
    {8192, 16384, 4194304, 8388608, 16777216, 536870912, 1073741824, 68719476736, 549755813888, 4398046511104}
)
_ACCOUNT_DISABLED = 0x2
_FILETIME_START = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})  # both are written for an account that does not expire
_WITH_READERS = frozenset({EntryKind.SHARED, EntryKind.ROOM, EntryKind.EQUIPMENT, EntryKind.PUBLIC_FOLDER})


def key_of(entry: LdapEntry) -> str:
    """The identity of an object: it survives a rename and a move."""
    raw = entry.raw("objectGUID")
    if len(raw) != 16:
        raise DirectoryError(
            "object_guid_missing",
            subject=entry.dn,
            permanent=True,
        )
    return f"ad:{uuid.UUID(bytes_le=raw)}"


def guid_of(key: str) -> bytes:
    """The octets of objectGUID for a key of ours."""
    return uuid.UUID(key.removeprefix("ad:")).bytes_le


def is_enabled(entry: LdapEntry, at: datetime) -> bool:
    """True when a person may use their account at that time.

    A linked mailbox (2) has a disabled account here by design: its owner signs in elsewhere.
    """
    if entry.number("msExchRecipientTypeDetails") == _LINKED:
        return True
    if _is_account_disabled(entry):
        return False
    expires = entry.number("accountExpires") or 0
    return expires in _NEVER or _FILETIME_START + timedelta(microseconds=min(expires // 10, 2**57)) > at


def _is_account_disabled(entry: LdapEntry) -> bool:
    return bool((entry.number("userAccountControl") or 0) & _ACCOUNT_DISABLED)


def read_objects(objects: Sequence[LdapEntry], settings: LdapSettings, at: datetime) -> Found:
    """People, shared mailboxes, groups and public folders out of the answer to QUERY."""
    notes = Notes()
    known = [
        _Known(entry, kind, _names(entry)) for entry in objects if (kind := _kind(entry, settings, notes))
    ]
    people = [one.entry for one in known if one.kind is EntryKind.PERSON and one.names.addresses]
    membership = _membership(objects, people)
    entries = []
    for one in known:
        notes.add_unreadable(one.names.unreadable)
        if one.names.addresses:
            entries.append(_found(one, membership, settings, at))
        elif one.kind is not EntryKind.GROUP:  # most groups are only for permissions
            notes.add("hint_no_address", one.entry.dn)
    # They left, or it is a shared mailbox from before Exchange had a kind for these: an operator must tell.
    for entry in people:
        if entry.number("msExchRecipientTypeDetails") == 1 and _is_account_disabled(entry):
            notes.add("hint_disabled", entry.dn)
    return Found(entries=tuple(entries), notes=notes.lines())


@dataclass(frozen=True, slots=True)
class _Known:
    entry: LdapEntry
    kind: EntryKind
    names: Names


def _found(one: _Known, membership: NestedGroups, settings: LdapSettings, at: datetime) -> FoundEntry:
    entry, kind, names = one.entry, one.kind, one.names
    is_person = kind is EntryKind.PERSON
    logins = _logins(entry, settings) if is_person else []
    readers = (*entry.texts("publicDelegates"), *entry.texts("msExchDelegateListLink"))
    return FoundEntry(
        key=key_of(entry),
        kind=kind,
        name=entry.text("displayName") or entry.text("cn") or names.addresses[0],
        login=logins[0] if logins else "",
        logins=tuple(logins[1:]),
        addresses=names.addresses,
        x500=names.x500,
        is_enabled=is_enabled(entry, at) if is_person else True,
        reference=entry.dn,
        members=membership.people_in([dn_key(entry.dn)]) if kind is EntryKind.GROUP else (),
        delegates=membership.people_in(map(dn_key, readers)) if kind in _WITH_READERS else (),
    )


def _kind(entry: LdapEntry, settings: LdapSettings, notes: Notes) -> EntryKind | None:
    classes = {text.lower() for text in entry.texts("objectClass")}
    details = entry.number("msExchRecipientTypeDetails")
    if details in _SYSTEM:
        notes.add("hint_system", entry.dn)
        return None
    if "group" in classes:
        return EntryKind.GROUP
    if "msexchdynamicdistributionlist" in classes:
        notes.add("hint_dynamic_groups", entry.dn)
        return EntryKind.DYNAMIC_GROUP
    if "publicfolder" in classes:
        notes.add("hint_rights_folders", entry.dn)
        return EntryKind.PUBLIC_FOLDER
    if details is None:  # no Exchange schema, or no mailbox of its own
        return EntryKind.PERSON
    if details in _EXTERNAL:
        notes.add("hint_no_mailbox", entry.dn)
        return None
    kind = _KINDS.get(details)
    if kind is None:
        notes.add("hint_kind_unknown", f"{entry.dn} ({details})")
    elif kind in (EntryKind.ROOM, EntryKind.EQUIPMENT) and not settings.should_archive_rooms:
        notes.add("hint_rooms", entry.dn)
        return None
    return kind


def _names(entry: LdapEntry) -> Names:
    is_group = "group" in (text.lower() for text in entry.texts("objectClass"))
    return read_names(
        entry.texts("proxyAddresses"),
        entry.texts("mail"),
        routing="" if is_group else entry.text("targetAddress"),
        legacy_dns=entry.texts("legacyExchangeDN"),
    )


def _logins(entry: LdapEntry, settings: LdapSettings) -> list[str]:
    """The name shown first, then the others they may type."""
    account = entry.text("sAMAccountName")
    names = [entry.text("userPrincipalName"), account]
    if account and settings.domain:
        names.append(f"{account}@{settings.domain}")  # valid even if no userPrincipalName is set
    if account and settings.netbios:
        names.append(f"{settings.netbios}\\{account}")
    names.append(entry.text("mail"))
    unique: dict[str, str] = {}
    for name in filter(None, names):
        unique.setdefault(name.lower(), name)
    return list(unique.values())


def _membership(objects: Iterable[LdapEntry], persons: Iterable[LdapEntry]) -> NestedGroups:
    """Direct members of every group, by `member` and by the primary group, which `member` leaves out."""
    groups: dict[str, list[str]] = {}
    by_sid: dict[bytes, str] = {}
    for entry in objects:
        if entry.has("member") or "group" in (text.lower() for text in entry.texts("objectClass")):
            name = dn_key(entry.dn)
            groups[name] = [dn_key(text) for text in entry.texts("member")]
            by_sid[entry.raw("objectSid")] = name
    people: dict[str, str] = {}
    primary: dict[str, list[str]] = defaultdict(list)
    for person in persons:
        name = dn_key(person.dn)
        people[name] = key_of(person)
        group = by_sid.get(_primary_group_sid(person))
        if group is not None:
            primary[group].append(name)
    for group, names in primary.items():
        groups[group] += names
    return NestedGroups(people, groups)


def _primary_group_sid(person: LdapEntry) -> bytes:
    """The SID of the primary group: the person's own, with another last part (32 bits, little endian)."""
    own, number = person.raw("objectSid"), person.number("primaryGroupID")
    if len(own) < 12 or number is None or not 0 <= number < 2**32:
        return b"\0"  # no SID is like this
    return own[:-4] + number.to_bytes(4, "little")
