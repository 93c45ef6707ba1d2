"""Reading Microsoft Entra ID through Microsoft Graph: everybody in it, and who is enabled now.

Promises: what is read is whole, or a DirectoryError says why not; nothing is written. What Graph cannot tell
(delegates of mailboxes, public folders, Exchange's dynamic groups) is in the notes or the documents. People
sign in at Microsoft (accounts.openid), never with a password here.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amberpost.directory.entra.graph import GraphSession, Json, refusal
from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.names import Names, read_names
from amberpost.directory.notes import Notes
from amberpost.directory.settings import EntraSettings
from amberpost.errors import DirectoryError

SCHEME = "entra:"
USERS, GROUPS, MAILBOXES = "User.Read.All", "Group.Read.All", "MailboxSettings.Read"

_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_USER_FIELDS = "id,displayName,userPrincipalName,mail,proxyAddresses,otherMails,accountEnabled,userType"
_GROUP_FIELDS = "id,displayName,mail,proxyAddresses,groupTypes,visibility"
_KINDS = {
    "user": EntryKind.PERSON,
    "linked": EntryKind.PERSON,
    "shared": EntryKind.SHARED,
    "room": EntryKind.ROOM,
    "equipment": EntryKind.EQUIPMENT,
}
_ROOMS = (EntryKind.ROOM, EntryKind.EQUIPMENT)
_FIRST_ASKED = 20  # if Graph refuses to tell the kind of so many mailboxes, it refuses all


def read_entra(settings: EntraSettings) -> Found:
    """Everybody and everything with a mail address; DirectoryError if Graph does not answer in full."""
    with GraphSession(settings) as session:
        return read_whole(session, settings)


def enabled_entra_keys(settings: EntraSettings, keys: Collection[str]) -> frozenset[str]:
    """Those of `keys` whose accounts exist and are enabled now. For ending sessions soon after."""
    asked = sorted(key for key in keys if key.startswith(SCHEME) and _ID.fullmatch(key.removeprefix(SCHEME)))
    if not asked:
        return frozenset()
    paths = [f"/users/{key.removeprefix(SCHEME)}?$select=id,accountEnabled" for key in asked]
    enabled = set()
    with GraphSession(settings) as session:
        for key, (status, body) in zip(asked, session.batch(paths), strict=True):
            if status not in (200, 404):
                raise refusal(status, body, USERS)
            if status == 200 and key_of(body) == key.lower() and body.get("accountEnabled") is True:
                enabled.add(key)
    return frozenset(enabled)


def read_whole(session: GraphSession, settings: EntraSettings) -> Found:
    """Everything out of one session."""
    top = settings.page_size
    users = list(session.items(f"/users?$select={_USER_FIELDS}&$top={top}", permission=USERS))
    notes = Notes()
    accounts = list(_accounts(users, notes))
    purposes = _purposes(session, accounts, notes)
    boxes = [_mailbox(one, purposes.get(one.key), notes) for one in accounts]
    entries = [one for one in boxes if one.kind not in _ROOMS or settings.should_archive_rooms]
    for one in boxes:
        if one.kind in _ROOMS and not settings.should_archive_rooms:
            notes.add("hint_rooms", one.name)
        elif one.kind is EntryKind.SHARED:
            notes.add("hint_rights_shared", one.name)
    people = {one.key for one in entries if one.kind is EntryKind.PERSON}
    # transitiveMembers opens groups in groups at Microsoft, circles too
    query = f"/groups?$select={_GROUP_FIELDS}&$filter=mailEnabled%20eq%20true&$top={top}"
    groups = [one for one in session.items(query, permission=GROUPS) if _names(one).addresses]
    members = _members(session, groups, people)
    entries += [_group(group, members[key_of(group)], notes) for group in groups]
    return Found(entries=tuple(entries), notes=notes.lines())


def key_of(item: Json) -> str:
    """The identity of a user or group: its object ID, which survives every change."""
    value = item.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise DirectoryError("graph_misunderstood", subject="id")
    return SCHEME + value.lower()


@dataclass(frozen=True, slots=True)
class _Account:
    """A user object that has a mail address."""

    key: str
    user: Json
    names: Names

    @property
    def object_id(self) -> str:
        return self.key.removeprefix(SCHEME)

    @property
    def shown(self) -> str:
        return _text(self.user, "userPrincipalName") or self.names.addresses[0]


def _accounts(users: Iterable[Json], notes: Notes) -> Iterator[_Account]:
    for user in users:
        key, login = key_of(user), _text(user, "userPrincipalName")
        if _text(user, "userType").lower() == "guest" or "#ext#" in login.lower():
            notes.add("hint_guests", login)
            continue
        names = _names(user)
        notes.add_unreadable(names.unreadable)
        if names.addresses:
            yield _Account(key, user, names)
        else:
            notes.add("hint_no_address", login)


def _purposes(session: GraphSession, accounts: Sequence[_Account], notes: Notes) -> Mapping[str, str]:
    """What each mailbox is for, by key; nothing for those that have no mailbox in Exchange Online."""
    found: dict[str, str] = {}
    refused: list[_Account] = []
    paths = [f"/users/{one.object_id}/mailboxSettings/userPurpose" for one in accounts]
    for number, (one, (status, body)) in enumerate(zip(accounts, session.batch(paths), strict=True), 1):
        if status == 200:
            found[one.key] = _text(body, "value").lower()
        elif status == 404:  # MailboxNotEnabledForRESTAPI: none, not licensed, or on a server of the company
            notes.add("hint_no_exchange_mailbox", one.shown)
        elif status == 403:
            refused.append(one)
            if len(refused) == number == min(_FIRST_ASKED, len(accounts)):
                break
        else:
            raise refusal(status, body, MAILBOXES)
    for one in refused:
        notes.add("hint_settings_permission", one.shown)
    return found


def _mailbox(one: _Account, purpose: str | None, notes: Notes) -> FoundEntry:
    kind = _KINDS.get(purpose or "user")
    if kind is None:
        notes.add("hint_kind_unknown_taken", f"{one.shown} ({purpose})")
        kind = EntryKind.PERSON
    is_person = kind is EntryKind.PERSON
    login = _text(one.user, "userPrincipalName") or one.names.addresses[0]
    mail = _text(one.user, "mail")
    return FoundEntry(
        key=one.key,
        kind=kind,
        name=_text(one.user, "displayName") or login,
        login=login if is_person else "",
        logins=(mail,) if is_person and mail and mail.lower() != login.lower() else (),
        addresses=one.names.addresses,
        x500=one.names.x500,
        is_enabled=one.user.get("accountEnabled") is True if is_person else True,
        reference=one.object_id,
    )


def _members(
    session: GraphSession, groups: Sequence[Json], people: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """The keys of the people in each group, in groups in it too."""
    keys = [key_of(group) for group in groups]
    paths = [f"/groups/{key.removeprefix(SCHEME)}/transitiveMembers?$select=id&$top=999" for key in keys]
    found = {}
    for key, (status, body) in zip(keys, session.batch(paths), strict=True):
        if status != 200:
            raise refusal(status, body, GROUPS)
        members = {key_of(item) for item in session.rest(body, permission=GROUPS)}
        found[key] = tuple(sorted(members.intersection(people)))
    return found


def _group(group: Json, members: tuple[str, ...], notes: Notes) -> FoundEntry:
    names = _names(group)
    notes.add_unreadable(names.unreadable)
    name = _text(group, "displayName") or names.addresses[0]
    if not members and _text(group, "visibility").lower() == "hiddenmembership":
        notes.add("hint_hidden_members", name)
    is_dynamic = "DynamicMembership" in _texts(group, "groupTypes")
    return FoundEntry(
        key=key_of(group),
        kind=EntryKind.DYNAMIC_GROUP if is_dynamic else EntryKind.GROUP,
        name=name,
        addresses=names.addresses,
        x500=names.x500,
        reference=key_of(group).removeprefix(SCHEME),
        members=members,
    )


def _names(item: Json) -> Names:
    """Addresses of mail and proxyAddresses, then the profile's alternative e-mail addresses."""
    own = read_names(_texts(item, "proxyAddresses"), [_text(item, "mail")])
    if not own.addresses:  # an address elsewhere makes nobody a mailbox of the company
        return own
    further = read_names([f"smtp:{text}" for text in _texts(item, "otherMails")], ())
    return Names(
        addresses=tuple(dict.fromkeys(own.addresses + further.addresses)),
        x500=own.x500,
        unreadable=own.unreadable + further.unreadable,
    )


def _text(item: Json, name: str) -> str:
    value = item.get(name)
    return value.strip() if isinstance(value, str) else ""


def _texts(item: Json, name: str) -> list[str]:
    values = item.get(name)
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []
