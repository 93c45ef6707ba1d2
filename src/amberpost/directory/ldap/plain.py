"""What the entries of an LDAP server other than Active Directory mean to an archive. Pure.

Knows people and groups with an address; shared mailboxes and public folders have no common form there.
"""

import re
from collections.abc import Sequence

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.ldap.escape import dn_key, filter_value
from amberpost.directory.ldap.membership import NestedGroups
from amberpost.directory.names import Names, read_names
from amberpost.directory.notes import Notes
from amberpost.directory.settings import LdapSettings
from amberpost.errors import DirectoryError

_KEYS = ("entryUUID", "nsUniqueId")  # RFC 4530; 389 Directory Server and its relatives
_BIT_STRING = re.compile(r"#'[01]*'B\Z")  # RFC 4517 §3.3.21: the tail of a uniqueMember
# OpenLDAP's password policy for good, 389 Directory Server, eDirectory
_LOCKS = {"pwdAccountLockedTime": "000001010000Z", "nsAccountLock": "TRUE", "loginDisabled": "TRUE"}
STATE_ATTRIBUTES = (*_KEYS, *_LOCKS)


def person_attributes(settings: LdapSettings) -> tuple[str, ...]:
    """What to ask for people."""
    wanted = (*STATE_ATTRIBUTES, "cn", "displayName", settings.user_attribute, *settings.mail_attributes)
    return tuple(dict.fromkeys(wanted))


def group_attributes(settings: LdapSettings) -> tuple[str, ...]:
    """What to ask for groups."""
    wanted = (
        *_KEYS,
        "cn",
        "displayName",
        "memberURL",
        *settings.mail_attributes,
        *settings.member_attributes,
    )
    return tuple(dict.fromkeys(wanted))


def key_filter(key: str) -> str:
    """Finds the entry with a key of ours."""
    value = filter_value(key.removeprefix("ldap:"))
    return "(|" + "".join(f"({name}={value})" for name in _KEYS) + ")"


def key_of(entry: LdapEntry) -> str:
    """The identity of an entry: it survives a rename and a move."""
    for name in _KEYS:
        value = entry.text(name).lower()
        if re.fullmatch(r"[0-9a-z-]+", value):
            return f"ldap:{value}"
    raise DirectoryError(
        "entry_uuid_missing",
        subject=entry.dn,
        permanent=True,
    )


def is_enabled(entry: LdapEntry) -> bool:
    """True unless one of the usual attributes says that the account is closed."""
    return not any(entry.text(name).upper() == closed for name, closed in _LOCKS.items())


def read_objects(persons: Sequence[LdapEntry], groups: Sequence[LdapEntry], settings: LdapSettings) -> Found:
    """People and groups out of the two answers."""
    notes = Notes()
    membership = _membership(persons, groups, settings)
    entries = []
    for entry in persons:
        names = _names(entry, settings)
        notes.add_unreadable(names.unreadable)
        if names.addresses:
            entries.append(_person(entry, names, settings))
        else:
            notes.add("hint_no_address", entry.dn)
    for entry in groups:
        names = _names(entry, settings)
        if names.addresses:
            notes.add_unreadable(names.unreadable)
            entries.append(_group(entry, names, membership, notes))
    return Found(entries=tuple(entries), notes=notes.lines())


def _person(entry: LdapEntry, names: Names, settings: LdapSettings) -> FoundEntry:
    login = entry.text(settings.user_attribute) or names.addresses[0]
    further = [name for name in (names.addresses[0],) if name != login.lower()]
    return FoundEntry(
        key=key_of(entry),
        kind=EntryKind.PERSON,
        name=entry.text("displayName") or entry.text("cn") or login,
        login=login,
        logins=tuple(further),
        addresses=names.addresses,
        x500=names.x500,
        is_enabled=is_enabled(entry),
        reference=entry.dn,
    )


def _group(entry: LdapEntry, names: Names, membership: NestedGroups, notes: Notes) -> FoundEntry:
    members = membership.people_in([dn_key(entry.dn)])
    is_dynamic = entry.has("memberURL") and not members
    if is_dynamic:
        notes.add("hint_dynamic_groups", entry.dn)
    return FoundEntry(
        key=key_of(entry),
        kind=EntryKind.DYNAMIC_GROUP if is_dynamic else EntryKind.GROUP,
        name=entry.text("displayName") or entry.text("cn") or names.addresses[0],
        addresses=names.addresses,
        x500=names.x500,
        reference=entry.dn,
        members=members,
    )


def _names(entry: LdapEntry, settings: LdapSettings) -> Names:
    return read_names([text for name in settings.mail_attributes for text in entry.texts(name)], ())


def _membership(
    persons: Sequence[LdapEntry], groups: Sequence[LdapEntry], settings: LdapSettings
) -> NestedGroups:
    """Members are named by DN, or (posixGroup) by the user's name."""
    people = {}
    for person in persons:
        key = key_of(person)
        people[dn_key(person.dn)] = key
        for name in person.texts(settings.user_attribute):
            people.setdefault(_account(name), key)
    members = {}
    for group in groups:
        listed = [text for attribute in settings.member_attributes for text in group.texts(attribute)]
        members[dn_key(group.dn)] = [
            dn_key(_BIT_STRING.sub("", text)) if "=" in text else _account(text) for text in listed
        ]
    return NestedGroups(people, members)


def _account(name: str) -> str:
    return f"account {name.lower()}"  # no DN looks like this
