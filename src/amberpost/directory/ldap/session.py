"""One LDAP session: connect, secure, sign in, search. The only module that knows the library (ldap3).

Promises: it only reads; a certificate is verified or the session does not begin; STARTTLS is never dropped;
an empty password never leaves; every answer has an end in time and size; a search is answered whole or
raises. Every failure is a DirectoryError in plain words. Does not know what an entry means.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from ldap3 import BASE, DEREF_NEVER, NONE, SIMPLE, SUBTREE, SYNC, Connection, Server
from ldap3.core.exceptions import LDAPExceptionError, LDAPInvalidFilterError

from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.ldap.line import AnswerTooLarge, LdapLine
from amberpost.directory.ldap.tls import VerifiedCertificate, certificate_of, tls_context
from amberpost.directory.settings import LdapSettings
from amberpost.errors import AddressForbidden, DirectoryError
from amberpost.net.dial import dial
from amberpost.net.patience import Patience
from amberpost.net.server import ServerAddress
from amberpost.net.tls import why_untrusted
from amberpost.remark import Remark
from amberpost.store.secret import Secret

_START_TLS = "1.3.6.1.4.1.1466.20037"
_PAGED = "1.2.840.113556.1.4.319"  # RFC 2696
_PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105  draft-behera-ldap-password-policy
_EMPTY_PAGES = 1000  # in a row; RFC 2696 §3 lets a server send an empty one, but not for ever
# What a hostile or broken server can make the parsing of its answers raise
_GARBAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Refusal(StrEnum):
    """Why a directory does not let somebody in."""

    WRONG = "wrong"  # unknown name, wrong password, or not to be told apart
    DISABLED = "disabled"
    LOCKED = "locked"
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105
    MUST_CHANGE_PASSWORD = "must_change_password"  # noqa: S105
    ACCOUNT_EXPIRED = "account_expired"
    NOT_NOW = "not_now"  # not at this hour, not from this machine


# "data 52e" in the answer of a domain controller: Windows error codes in hexadecimal
_AD_REFUSALS = {
    "52e": Refusal.WRONG,
    "525": Refusal.WRONG,
    "530": Refusal.NOT_NOW,
    "531": Refusal.NOT_NOW,
    "532": Refusal.PASSWORD_EXPIRED,
    "533": Refusal.DISABLED,
    "701": Refusal.ACCOUNT_EXPIRED,
    "773": Refusal.MUST_CHANGE_PASSWORD,
    "775": Refusal.LOCKED,
}
_POLICY_REFUSALS = {0: Refusal.PASSWORD_EXPIRED, 1: Refusal.LOCKED, 2: Refusal.MUST_CHANGE_PASSWORD}


class LdapSession:
    """A connection to one server, secured as the settings say; not signed in yet. Not thread-safe."""

    def __init__(self, settings: LdapSettings, host: ServerAddress) -> None:
        self.host = host
        self.certificate: VerifiedCertificate | None = None
        self._settings = settings
        self._line: LdapLine | None = None
        self._connection: Any = None
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "LdapSession":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def bind(self, user: str, password: Secret) -> Refusal | None:
        """Sign in. None when the server accepts; DirectoryError when it can say neither yes nor no."""
        secret = password.reveal()
        try:
            is_told = bool(secret.decode("utf-8"))
        except UnicodeDecodeError:
            is_told = False  # the library takes octets for a password, but only of a text
        if not user.strip() or not is_told:
            return Refusal.WRONG  # RFC 4513 §5.1.2: a server takes an empty one as an anonymous sign-in
        connection = self._connection
        # Octets: as text, the library would prepare the password (RFC 4013), down to an empty one
        connection.user, connection.password = user, secret
        connection.authentication = SIMPLE
        try:
            with self._speaking("doing_sign_in"):
                connection.bind(read_server_info=False, controls=[(_PASSWORD_POLICY, False, None)])
                return self._refusal(connection.result)
        finally:
            connection.password = connection.request = None

    def root(self) -> LdapEntry:
        """What the server says about itself (rootDSE)."""
        wanted = ("defaultNamingContext", "namingContexts", "dnsHostName", "vendorName", "supportedControl")
        return self._search_one("", wanted) or LdapEntry("", {})

    def search(self, base: str, query: str, attributes: Sequence[str]) -> list[LdapEntry]:
        """All entries under `base` that match, with all values of their attributes, or DirectoryError."""
        found: list[LdapEntry] = []
        size = 0
        for page in self._pages(base, query, attributes):
            found += page
            size += sum(len(raw) for entry in page for values in entry.values.values() for raw in values)
            if len(found) > self._settings.max_entries or size > self._settings.max_answer_bytes:
                raise DirectoryError(
                    "directory_too_much",
                    subject=base,
                    permanent=True,
                )
        return [self._completed(entry) for entry in found]

    def exists(self, base: str) -> bool:
        """True when there is an entry of that name, and we may see it."""
        return self._search_one(base, ("1.1",)) is not None

    def close(self) -> None:
        """End the session. Never raises."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    # Searching

    def _pages(self, base: str, query: str, attributes: Sequence[str]) -> Iterator[list[LdapEntry]]:
        cookie: bytes | None = None
        empty = 0
        while True:
            result, entries = self._ask(base, query, attributes, scope=SUBTREE, cookie=cookie)
            _raise_for_result(result, base)
            yield entries
            control = (result.get("controls") or {}).get(_PAGED)
            cookie = bytes(control["value"]["cookie"]) if control else b""
            empty = 0 if entries else empty + 1
            if not cookie:
                return
            if empty > _EMPTY_PAGES:
                raise DirectoryError("directory_endless", subject=str(self.host))

    def _search_one(self, base: str, attributes: Sequence[str]) -> LdapEntry | None:
        result, entries = self._ask(base, "(objectClass=*)", attributes, scope=BASE)
        if result["result"] == 32:  # noSuchObject
            return None
        _raise_for_result(result, base)
        return entries[0] if entries else None

    def _ask(
        self, base: str, query: str, attributes: Sequence[str], *, scope: str, cookie: bytes | None = None
    ) -> tuple[Mapping[str, Any], list[LdapEntry]]:
        with self._speaking("doing_search"):
            self._connection.search(
                base,
                query,
                search_scope=scope,
                dereference_aliases=DEREF_NEVER,
                attributes=list(attributes),
                paged_size=self._settings.page_size if scope == SUBTREE else None,
                paged_criticality=True,
                paged_cookie=cookie,
            )
            answer = self._connection.response or ()
            # References to other servers (searchResRef) are never followed
            return self._connection.result, [
                _entry(item) for item in answer if item["type"] == "searchResEntry"
            ]

    def _completed(self, entry: LdapEntry) -> LdapEntry:
        """The entry with the values a domain controller kept back: "member;range=0-1499" and so on."""
        ranged = [name for name in entry.values if ";range=" in name]
        if not ranged:
            return entry
        values = {name: held for name, held in entry.values.items() if name not in ranged}
        for name in ranged:
            plain, _range, bounds = name.partition(";range=")
            whole = list(entry.values[name])
            while not bounds.endswith("*"):
                bounds, more = self._next_range(entry.dn, plain, bounds)
                whole += more
            values[plain] = whole
        return LdapEntry(entry.dn, values)

    def _next_range(self, dn: str, name: str, bounds: str) -> tuple[str, Sequence[bytes]]:
        start = int(bounds.partition("-")[2]) + 1
        entry = self._search_one(dn, (f"{name};range={start}-*",))
        for held, values in entry.values.items() if entry else ():
            plain, mark, following = held.partition(f";range={start}-")
            if mark and plain == name and values:
                return f"{start}-{following}", values
        raise DirectoryError("directory_broke_off", subject=dn)

    # How it begins

    def _connect(self) -> None:
        settings = self._settings
        context = None if settings.security == "none" else tls_context(settings.ca_pem)
        patience = Patience(
            silence_seconds=settings.connect_seconds,  # for each address of the server
            answer_seconds=settings.connect_seconds + settings.answer_seconds,
        )
        with self._speaking("doing_connect"):
            plain = dial(self.host.name, self.host.port, patience)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line = LdapLine(plain, settings.answer_seconds, settings.max_answer_bytes)
            if context is not None and settings.security == "ssl":
                self._secure(context)
            self._connection = _speaker(self._line)
            if context is not None and settings.security == "starttls":
                self._connection.extended(_START_TLS)
                if self._connection.result["result"] != 0:
                    raise DirectoryError(
                        "directory_starttls_missing",
                        subject=str(self.host),
                        permanent=True,
                    )
                self._secure(context)

    def _secure(self, context: ssl.SSLContext) -> None:
        assert self._line is not None
        self.certificate = certificate_of(self._line.secure(context, self.host.name))

    # How it fails

    def _refusal(self, result: Mapping[str, Any]) -> Refusal | None:
        policy = _policy_error(result)
        match result["result"]:
            case 0:
                return _POLICY_REFUSALS.get(policy) if policy == 2 else None
            case 49 if policy is not None:
                return _POLICY_REFUSALS.get(policy, Refusal.WRONG)
            case 49:
                code = str(result["message"]).lower().partition(" data ")[2].partition(",")[0].strip(" \0")
                return _AD_REFUSALS.get(code, Refusal.WRONG)
            case 32 | 34 | 48 | 53:  # no such name, not a name, no password set, unwilling
                return Refusal.WRONG
            case 8 | 13:
                raise DirectoryError(
                    "directory_wants_tls",
                    subject=str(self.host),
                    permanent=True,
                )
        _raise_for_result(result, str(self.host))
        return None

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Turn whatever the library raises into a DirectoryError that says what happened, without secrets."""
        if self._line is not None:
            self._line.begin()
        if self._connection is not None and self._connection.closed:
            raise self._failure(ConnectionError(), doing)
        try:
            yield
        except DirectoryError:
            raise
        except (LDAPExceptionError, OSError, *_GARBAGE) as error:
            # The library wraps what the line raised; its texts may quote what was sent
            cause = self._line.failure if self._line is not None and self._line.failure else error
            raise self._failure(cause, doing) from None

    def _failure(self, error: BaseException, doing: str) -> DirectoryError:
        where = Remark("place_doing", {"place": str(self.host), "doing": Remark(doing)})
        match error:
            case ssl.SSLCertVerificationError():
                return DirectoryError(
                    Remark("certificate_untrusted", subject=str(self.host), cause=why_untrusted(error)),
                    permanent=True,
                )
            case ssl.SSLError():
                return DirectoryError("directory_tls_fails", subject=where)
            case AddressForbidden():
                return DirectoryError(error.remark, permanent=True)
            case socket.gaierror() | UnicodeError():
                return DirectoryError("server_name_unknown", subject=self.host.name)
            case TimeoutError():
                return DirectoryError("server_timeout", subject=where)
            case AnswerTooLarge():
                return DirectoryError("answer_too_large", subject=where, permanent=True)
            case ConnectionRefusedError():
                return DirectoryError("nothing_listens", subject=str(self.host))
            case LDAPInvalidFilterError():
                return DirectoryError("filter_invalid", permanent=True)
            case OSError() | LDAPExceptionError():
                return DirectoryError("connection_lost", subject=where)
        return DirectoryError("server_misunderstood", subject=where)


def _speaker(line: LdapLine) -> Any:  # noqa: ANN401  the library is untyped
    """The library on a line of our own: it encodes and decodes, and opens nothing itself."""
    server = Server("directory", get_info=NONE)
    connection = Connection(
        server,
        client_strategy=SYNC,
        auto_referrals=False,
        auto_encode=False,
        auto_escape=False,
        auto_range=False,
        check_names=False,
        return_empty_attributes=False,  # else it stumbles over "member;range=0-1499"
        read_only=True,
        raise_exceptions=False,
    )
    connection.socket, connection.closed, connection.listening = line, False, True
    connection.strategy._outstanding = {}
    return connection


def _entry(item: Mapping[str, Any]) -> LdapEntry:
    values = {name.lower(): tuple(held or ()) for name, held in item["raw_attributes"].items()}
    return LdapEntry(item["raw_dn"].decode("utf-8", "replace"), values)


def _policy_error(result: Mapping[str, Any]) -> int | None:
    """The error of the password policy answer: SEQUENCE { [0] warning OPTIONAL, [1] ENUMERATED OPTIONAL }."""
    control = (result.get("controls") or {}).get(_PASSWORD_POLICY)
    value = bytes(control["value"] or b"") if control else b""
    return value[-1] if len(value) >= 5 and value[-3:-1] == b"\x81\x01" else None


def _raise_for_result(result: Mapping[str, Any], subject: str) -> None:
    """Anything but success is an error: an answer that was cut short is none (RFC 4511 appendix A)."""
    code = result["result"]
    if code == 0:
        return
    if code in (3, 4, 11):
        raise DirectoryError(
            "directory_cuts_short",
            subject=subject,
            permanent=True,
        )
    if code in (10, 32):
        raise DirectoryError("base_dn_unknown", subject=subject, permanent=True)
    if code in (1, 50):
        raise DirectoryError("directory_right_missing", subject=subject, permanent=True)
    said = f"{result['description']} ({code})"
    raise DirectoryError("server_refused", subject=subject, said=said, permanent=code not in (2, 51, 52, 80))
