"""Reading an LDAP directory: everybody in it, and whether somebody may sign in.

Promises: each answer comes whole from one server, or is a DirectoryError that says what every server said;
a refused password is tried at no second server, which would only lock the account. Writes nothing, keeps
nothing. bind_as() tells the caller why; what a stranger is told is the caller's decision.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from secrets import token_hex
from typing import TypeVar

from amberpost.clock import now
from amberpost.directory.found import Found
from amberpost.directory.ldap import active_directory
from amberpost.directory.ldap import plain as plain_ldap
from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.ldap.escape import filter_bytes, filter_value
from amberpost.directory.ldap.session import LdapSession, Refusal
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.errors import DirectoryError
from amberpost.remark import Remark
from amberpost.store.secret import Secret

Answer = TypeVar("Answer")

_LONGEST_LOGIN = 512  # characters; twice the longest address (RFC 5321 §4.5.3.1.3)
_KEYS_A_QUESTION = 50  # a filter of some 3 KB, which every server parses


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who signed in, or why not."""

    key: str | None = None
    refusal: Refusal | None = None


def read_directory(settings: LdapSettings) -> Found:
    """Everybody and everything with a mail address, from the first server that answers in full."""
    return with_any_server(settings, lambda session: read_all(session, settings))


def bind_as(settings: LdapSettings, login: str, password: Secret) -> SignIn:
    """Try a person's password: their key, or why not. DirectoryError when no server can say.

    The name must lead to exactly one person. Needs an encrypted connection.
    """
    if settings.security == "none":
        raise DirectoryError("directory_sign_in_needs_tls", permanent=True)
    login = login.strip()
    if not login or len(login) > _LONGEST_LOGIN or not password.reveal():
        return SignIn(refusal=Refusal.WRONG)
    return with_any_server(settings, lambda session: _bind_as(session, settings, login, password))


def enabled_keys(settings: LdapSettings, keys: Collection[str]) -> frozenset[str]:
    """Those of `keys` whose accounts exist and are enabled now. For ending sessions soon after."""

    def ask(session: LdapSession) -> frozenset[str]:
        asked = sorted(keys)
        parts = (asked[start : start + _KEYS_A_QUESTION] for start in range(0, len(asked), _KEYS_A_QUESTION))
        return frozenset(key for part in parts for key in _enabled(session, settings, part))

    return with_any_server(settings, ask) if keys else frozenset()


def with_any_server(settings: LdapSettings, work: Callable[[LdapSession], Answer]) -> Answer:
    """What `work` makes of the first server that lets it finish; work begins anew at each."""
    failures: list[DirectoryError] = []
    for host in settings.addresses:
        try:
            with LdapSession(settings, host) as session:
                sign_in(session, settings)
                return work(session)
        except CredentialsRefused:
            raise
        except DirectoryError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if not failures:
        raise DirectoryError("directory_server_none", permanent=True)
    raise DirectoryError(
        "directory_servers_fail",
        subject=reduce(
            lambda one, other: Remark("and_also", {"one": one, "other": other}),
            [error.remark for error in failures],
        ),
        permanent=all(error.permanent for error in failures),
    )


class CredentialsRefused(DirectoryError):
    """The account we read with is not let in."""


def sign_in(session: LdapSession, settings: LdapSettings) -> None:
    """Sign in with the account that reads."""
    refusal = session.bind(_account_name(settings), settings.password)
    if refusal is not None:
        raise CredentialsRefused(_service_refusal(refusal), subject=settings.user, permanent=True)


def base_of(session: LdapSession, settings: LdapSettings) -> str:
    """The DN under which everything is: the one set, else what the server calls its own."""
    if settings.base_dn:
        return settings.base_dn
    root = session.root()
    base = root.text("defaultNamingContext") or root.text("namingContexts")
    if not base:
        raise DirectoryError("base_dn_unnamed", permanent=True)
    return base


def read_all(session: LdapSession, settings: LdapSettings) -> Found:
    """Everything out of one session that is signed in."""
    base = base_of(session, settings)
    if settings.kind == LdapKind.AD:
        objects = session.search(base, active_directory.QUERY, active_directory.ATTRIBUTES)
        return active_directory.read_objects(objects, settings, now())
    persons = session.search(
        _people_base(base, settings), settings.user_filter, plain_ldap.person_attributes(settings)
    )
    groups = (
        session.search(base, settings.group_filter, plain_ldap.group_attributes(settings))
        if settings.group_filter
        else []
    )
    return plain_ldap.read_objects(persons, groups, settings)


def person_filter(settings: LdapSettings, login: str) -> str:
    """Who `login` may be, whatever a stranger typed there."""
    if settings.kind == LdapKind.LDAP:
        names, people = (settings.user_attribute, *settings.mail_attributes), settings.user_filter
        items = "".join(f"({name}={filter_value(login)})" for name in names)
        return f"(&{people}(|{items}))"
    return f"(&{active_directory.PEOPLE}(|{''.join(_account_items(settings, login))}))"


def _account_items(settings: LdapSettings, login: str) -> Iterator[str]:
    domain, backslash, account = login.rpartition("\\")
    if backslash and (not settings.netbios or domain.lower() == settings.netbios.lower()):
        yield f"(sAMAccountName={filter_value(account)})"
        return
    for name in ("userPrincipalName", "sAMAccountName", "mail"):
        yield f"({name}={filter_value(login)})"
    account, at, domain = login.rpartition("@")
    if at and settings.domain and domain.lower() == settings.domain.lower():
        yield f"(sAMAccountName={filter_value(account)})"


def _bind_as(session: LdapSession, settings: LdapSettings, login: str, password: Secret) -> SignIn:
    base = base_of(session, settings)
    hits = session.search(
        base if settings.kind == LdapKind.AD else _people_base(base, settings),
        person_filter(settings, login),
        _state_attributes(settings),
    )
    if len(hits) != 1 or not hits[0].dn:
        with suppress(DirectoryError):  # an unknown name takes as long as a known one
            session.bind(f"cn={token_hex(8)},{base}", password)
        return SignIn(refusal=Refusal.WRONG)
    key, enabled = _state(hits[0], settings)
    refusal = session.bind(hits[0].dn, password)
    if refusal is None and not enabled:
        refusal = Refusal.DISABLED
    return SignIn(refusal=refusal) if refusal else SignIn(key=key)


def _enabled(session: LdapSession, settings: LdapSettings, keys: Sequence[str]) -> Iterator[str]:
    if settings.kind == LdapKind.AD:
        items = [f"(objectGUID={filter_bytes(active_directory.guid_of(key))})" for key in keys]
    else:
        items = [plain_ldap.key_filter(key) for key in keys]
    query = f"(|{''.join(items)})"
    for entry in session.search(base_of(session, settings), query, _state_attributes(settings)):
        key, enabled = _state(entry, settings)
        if enabled:
            yield key


def _state(entry: LdapEntry, settings: LdapSettings) -> tuple[str, bool]:
    if settings.kind == LdapKind.AD:
        return active_directory.key_of(entry), active_directory.is_enabled(entry, now())
    return plain_ldap.key_of(entry), plain_ldap.is_enabled(entry)


def _state_attributes(settings: LdapSettings) -> Sequence[str]:
    is_ad = settings.kind == LdapKind.AD
    return active_directory.STATE_ATTRIBUTES if is_ad else plain_ldap.STATE_ATTRIBUTES


def _people_base(base: str, settings: LdapSettings) -> str:
    """The container of the people: a full DN, or one inside the base."""
    container = settings.user_container.strip().rstrip(",")
    if not container or container.lower().endswith(base.lower()):
        return container or base
    return f"{container},{base}"


def _account_name(settings: LdapSettings) -> str:
    """A bare account name becomes one that a domain controller takes in a simple sign-in."""
    user = settings.user.strip()
    if settings.kind == LdapKind.AD and user and not set("@\\=") & set(user):
        if settings.domain:
            return f"{user}@{settings.domain}"
        if settings.netbios:
            return f"{settings.netbios}\\{user}"
    return user


def _service_refusal(refusal: Refusal) -> str:
    match refusal:
        case Refusal.DISABLED:
            return "directory_account_disabled"
        case Refusal.LOCKED:
            return "directory_account_locked"
        case Refusal.PASSWORD_EXPIRED | Refusal.MUST_CHANGE_PASSWORD:
            return "directory_account_password_expired"
        case Refusal.ACCOUNT_EXPIRED:
            return "directory_account_expired"
        case Refusal.NOT_NOW:
            return "directory_account_not_now"
    return "directory_login_refused"
