"""One IMAP session: connect, secure, log in, and the few commands we need, with plain errors.

Promises: password or token travel only in the way the settings ask for and are in no log and no error; every
wait has a time limit; a certificate is verified or the session does not begin. Every failure is a
SourceError; a command the server refuses is Refused, and the session goes on.
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient import DELETED, IMAPClient
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from amberpost.errors import SourceError
from amberpost.sources.exchange import TokenRefused, recognise
from amberpost.sources.imap_login import log_in_with_password, log_in_with_token, login_failure
from amberpost.sources.settings import AccountSettings, OAuthLogin, PasswordLogin
from amberpost.sources.tls import check_shown, connect_context, require_tls_for_tokens
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret

# What a hostile or broken server can make the parsing of its answers raise
_GARBAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_LONG_WORD = re.compile(r"\S{60,}")  # a server may repeat what we sent, and cut it where it likes


class Refused(SourceError):
    """The server answered NO or BAD to one command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A folder as SELECT or EXAMINE found it."""

    folder: str
    uidvalidity: int
    uidnext: int | None  # None: the server does not say
    exists: int
    may_delete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    body: bytes
    internal_date: datetime | None


class ImapSession:
    """A logged-in connection. Not thread-safe."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self._broken = False
        login = settings.login
        self._secret = login.password if isinstance(login, PasswordLogin) else Secret(b"")
        self._token: Secret | None = None
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    @property
    def is_broken(self) -> bool:
        """True when the connection is lost or out of step."""
        return self._broken

    def has(self, capability: str) -> bool:
        with self._speaking("asking what the server can do"):
            return bool(self._client.has_capability(capability))

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that hold messages."""
        with self._speaking("listing the folders"):
            listed = self._client.list_folders()
        return tuple(name for flags, _, name in listed if b"\\Noselect" not in flags)

    def select(self, folder: str, *, readonly: bool) -> Selected:
        if any(char < " " or char == "\x7f" for char in folder):
            # Modified UTF-7 carries them safely to the server, but Dovecot 2.3 repeats them raw in its answer
            raise Refused("a folder name cannot hold control characters", subject=repr(folder))
        with self._speaking(f"opening the folder {folder!r}"):
            try:
                answer = self._client.select_folder(folder, readonly=readonly)
            except IMAPClientReadOnlyError:
                answer = self._client.select_folder(folder, readonly=True)
                readonly = True
            permanent = [flag.lower() for flag in answer.get(b"PERMANENTFLAGS", (b"\\deleted",))]
            return Selected(
                folder=folder,
                uidvalidity=int(answer[b"UIDVALIDITY"]),
                uidnext=int(answer[b"UIDNEXT"]) if b"UIDNEXT" in answer else None,
                exists=int(answer[b"EXISTS"]),
                may_delete=not readonly and any(b"\\deleted" in flag for flag in permanent),
            )

    def search(self, criteria: Sequence[str]) -> list[int]:
        with self._speaking("listing the messages"):
            return [int(uid) for uid in self._client.search(list(criteria))]

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        with self._speaking("asking for sizes"):
            answer = self._client.fetch(uids, ["RFC822.SIZE"])
            return {
                uid: int(items[b"RFC822.SIZE"]) for uid, items in answer.items() if b"RFC822.SIZE" in items
            }

    def bodies(self, uids: Sequence[int]) -> dict[int, Fetched]:
        """The messages as the server sends them. BODY.PEEK leaves \\Seen alone."""
        with self._speaking("fetching messages"):
            answer = self._client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"])
            return {
                uid: Fetched(body=items[b"BODY[]"], internal_date=items.get(b"INTERNALDATE"))
                for uid, items in answer.items()
                if isinstance(items.get(b"BODY[]"), bytes)
            }

    def mark_deleted(self, uids: Sequence[int]) -> None:
        with self._speaking("marking archived messages"):
            self._client.add_flags(str(UidSet.of(uids)), [DELETED], silent=True)

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove exactly these; what other clients marked \\Deleted stays (RFC 4315)."""
        with self._speaking("deleting archived messages"):
            self._client.uid_expunge(str(UidSet.of(uids)))

    def move(self, uids: Sequence[int], folder: str) -> None:
        """MOVE (RFC 6851) into a folder, made if it is not there."""
        with self._speaking(f"moving archived messages to {folder!r}"):
            if not self._client.folder_exists(folder):
                self._client.create_folder(folder)
            self._client.move(str(UidSet.of(uids)), folder)

    def close(self) -> None:
        if self._client is None:
            return
        client, self._client = self._client, None
        with suppress(OSError, IMAPClientError, *_GARBAGE):
            if self._broken:
                client.shutdown()
            else:
                client.socket().settimeout(min(5, self._settings.timeout_seconds))
                client.logout()

    # How it begins

    def _begin(self) -> None:
        try:
            self._connect()
            self._log_in()
        except TokenRefused:  # revoked, or older than the last change of the app's permissions: once more
            self.close()
            self._broken = False
            self._connect()
            self._log_in()

    def _connect(self) -> None:
        settings = self._settings
        require_tls_for_tokens(settings)
        context = connect_context(settings)
        direct = settings.security == "ssl"
        with self._speaking("connecting"):
            self._client = IMAPClient(
                settings.server,
                settings.port,
                ssl=direct,
                ssl_context=context if direct else None,
                timeout=settings.timeout_seconds,
            )
            self._client.normalise_times = False
            _quieten(self._client)
            _bound_literals(self._client, settings.max_message_bytes)
            if settings.security == "starttls":
                self._upgrade(context)
            if settings.security != "none":
                check_shown(settings, self._client.socket())

    def _upgrade(self, context: ssl.SSLContext) -> None:
        """STARTTLS or nothing: a missing offer is never a reason to go on in clear text."""
        if not self._client.has_capability("STARTTLS"):
            raise SourceError(
                "the server does not offer STARTTLS, and without it the password would travel in clear text",
                permanent=True,
            )
        self._client.starttls(context)

    def _log_in(self) -> None:
        login = self._settings.login
        if isinstance(login, PasswordLogin):
            with self._speaking("logging in"):
                log_in_with_password(
                    self._client, self._settings.user, login.password.reveal().decode("utf-8")
                )
            return
        self._secret = self._token = login.token()
        try:
            with self._speaking("logging in"):
                log_in_with_token(self._client, self._settings, self._token)
        except TokenRefused:
            login.forget()
            raise

    # How it fails

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        """Turn whatever the library raises into a SourceError that says what happened, without secrets."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            failure = self._failure(error, doing)
            if failure is None:
                raise
            self._broken = not isinstance(failure, Refused)
            raise failure from None  # the cause may quote mail or the password

    def _failure(self, error: Exception, doing: str) -> SourceError | None:
        said, server = self._said(error), f"{self._settings.server}:{self._settings.port}"
        if isinstance(error, IMAPClientError) and (known := recognise(said, self._settings.user)):
            return known
        match error:
            case LoginError() if not isinstance(error.__context__, IMAPClientAbortError):
                return login_failure(said, self._settings, self._token)
            case ssl.SSLCertVerificationError():
                reason = error.verify_message
                return SourceError(
                    "the certificate of the server cannot be trusted", subject=reason, permanent=True
                )
            case socket.gaierror():
                return SourceError("the server name is not known", subject=self._settings.server)
            case TimeoutError():
                return SourceError(f"the server did not answer in time while {doing}", subject=server)
            case IMAPClientAbortError() | LoginError() | OSError():
                return SourceError(f"the connection was lost while {doing}", subject=said)
            case ProtocolError():
                return Refused(f"the answer is too large or cannot be understood while {doing}")
            case IMAPClientError():
                return Refused(f"the server refused {doing}", subject=said)
            case _ if isinstance(error, _GARBAGE):
                return SourceError(f"the server gave an answer we do not understand while {doing}")
        return None

    def _said(self, error: Exception) -> str:
        """A server's words, fit to be shown: one line, bounded, printable, and never a secret."""
        text = str(error).replace(self._secret.reveal().decode("utf-8", "replace") or "\0", "***")
        if isinstance(self._settings.login, OAuthLogin):
            text = _LONG_WORD.sub("***", text)
        return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


def _quieten(client: Any) -> None:  # noqa: ANN401
    """Switch the protocol trace off: it formats each line of an answer, mail included, for the debug log.

    Measured 2026-11-23: 58 us of processor time for a message of 6 kB with it, 30 us without.
    """
    client._imap.debug = 0


def _bound_literals(client: Any, limit: int) -> None:  # noqa: ANN401
    """Read past a literal that is longer than we hold in memory, whatever RFC822.SIZE has promised."""
    read: Callable[[int], bytes] = client._imap.read

    def bounded(size: int) -> bytes:
        if size <= limit:
            return read(size)
        while size > 0 and (chunk := read(min(size, 2**20))):
            size -= len(chunk)
        return b""  # shorter than announced: the parser refuses the answer, and the message is left

    client._imap.read = bounded
