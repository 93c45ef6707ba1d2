"""One IMAP session: connect, secure, log in, and the few commands we need, with plain errors.

Promises: password or token travel only in the way the settings ask for and are in no log and no error; every
wait and every answer has a time limit; a certificate is verified or the session does not begin. Every failure
is a SourceError; a command the server refuses is Refused, and the session goes on.
"""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imapclient import DELETED
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from amberpost.errors import AddressForbidden, SourceError, remark_of
from amberpost.net.tls import why_untrusted
from amberpost.remark import Remark
from amberpost.sources.cursor import spelled
from amberpost.sources.exchange import TokenRefused, recognise
from amberpost.sources.pull.imap_login import log_in_with_password, log_in_with_token, login_failure
from amberpost.sources.pull.imap_wire import ImapClient
from amberpost.sources.settings import AccountSettings, PasswordLogin
from amberpost.sources.tls import check_shown, connect_context, require_tls_for_tokens
from amberpost.sources.trouble import servers_words, surprise
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret

FAREWELL_SECONDS = 5.0
# What a hostile or broken server can make the parsing of its answers raise
_GARBAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_NO_FOLDERS = {b"\\noselect", b"\\nonexistent"}  # RFC 9051 §7.3.1


class ImapRefused(SourceError):
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
        self._patience = settings.patience()
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
        with self._speaking("doing_capabilities"):
            return bool(self._client.has_capability(capability))

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that hold messages."""
        with self._speaking("doing_list_folders"):
            listed = self._client.list_folders()
        return tuple(
            spelled(name) for flags, _, name in listed if _NO_FOLDERS.isdisjoint(map(bytes.lower, flags))
        )

    def select(self, folder: str, *, readonly: bool) -> Selected:
        if any(char < " " or char == "\x7f" for char in folder):
            # Modified UTF-7 carries them safely to the server, but Dovecot 2.3 repeats them raw in its answer
            raise ImapRefused("folder_control_characters", subject=repr(folder))
        with self._speaking("doing_open_folder", folder=folder):
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
        with self._speaking("doing_list"):
            return [int(uid) for uid in self._client.search(list(criteria))]

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        with self._speaking("doing_sizes"):
            answer = self._client.fetch(uids, ["RFC822.SIZE"])
            return {
                uid: int(items[b"RFC822.SIZE"]) for uid, items in answer.items() if b"RFC822.SIZE" in items
            }

    def bodies(self, uids: Sequence[int]) -> dict[int, Fetched]:
        """The messages as the server sends them. BODY.PEEK leaves \\Seen alone."""
        with self._speaking("doing_fetch"):
            answer = self._client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"])
            return {
                uid: Fetched(body=items[b"BODY[]"], internal_date=items.get(b"INTERNALDATE"))
                for uid, items in answer.items()
                if isinstance(items.get(b"BODY[]"), bytes)
            }

    def mark_deleted(self, uids: Sequence[int]) -> None:
        with self._speaking("doing_mark"):
            self._client.add_flags(str(UidSet.of(uids)), [DELETED], silent=True)

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove exactly these; what other clients marked \\Deleted stays (RFC 4315)."""
        with self._speaking("doing_delete"):
            self._client.uid_expunge(str(UidSet.of(uids)))

    def move(self, uids: Sequence[int], folder: str) -> None:
        """MOVE (RFC 6851) into a folder, made if it is not there."""
        with self._speaking("doing_move", folder=folder):
            if not self._client.folder_exists(folder):
                self._client.create_folder(folder)
            self._client.move(str(UidSet.of(uids)), folder)

    def close(self) -> None:
        if self._client is None:
            return
        client, self._client = self._client, None
        self._patience.begin()
        self._patience.end_within(FAREWELL_SECONDS)
        with suppress(OSError, IMAPClientError, *_GARBAGE):
            if not self._broken:
                client.logout()
        with suppress(OSError, IMAPClientError, *_GARBAGE):
            client.shutdown()

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
        with self._speaking("doing_connect"):
            self._client = ImapClient(
                settings, self._patience, context if settings.security == "ssl" else None
            )
            if settings.security == "starttls":
                self._upgrade(context)
            if settings.security != "none":
                check_shown(settings, self._client.socket())

    def _upgrade(self, context: ssl.SSLContext) -> None:
        """STARTTLS or nothing: a missing offer is never a reason to go on in clear text."""
        if self._client.is_signed_in:  # RFC 9051 §11.1: after PREAUTH there is no STARTTLS
            raise SourceError(
                "signed_in_before_starttls",
                permanent=True,
            )
        if not self._client.has_capability("STARTTLS"):
            raise SourceError(
                "starttls_missing_password",
                permanent=True,
            )
        self._client.starttls(context)

    def _log_in(self) -> None:
        login = self._settings.login
        if self._client.is_signed_in:  # PREAUTH: whoever made the connection vouches for us
            return
        if isinstance(login, PasswordLogin):
            with self._speaking("doing_sign_in"):
                log_in_with_password(
                    self._client, self._settings.user, login.password.reveal().decode("utf-8")
                )
            return
        self._secret = self._token = login.token()
        try:
            with self._speaking("doing_sign_in"):
                log_in_with_token(self._client, self._settings, self._token)
        except TokenRefused:
            login.forget()
            raise

    # How it fails

    @contextmanager
    def _speaking(self, code: str, **params: str) -> Iterator[None]:
        """Turn whatever the library raises into a SourceError that says what happened, without secrets."""
        self._patience.begin()
        try:
            yield
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, it is put into words
            failure = self._failure(error, Remark(code, params))
            self._broken = not isinstance(failure, ImapRefused)
            raise failure from None  # the cause may quote mail or the password

    def _failure(self, error: Exception, doing: Remark) -> SourceError:
        server = f"{self._settings.server}:{self._settings.port}"
        said = servers_words(str(error), self._settings, self._secret)
        if isinstance(error, IMAPClientError) and (known := recognise(said, self._settings.user)):
            return known
        match error:
            case LoginError() if not isinstance(error.__context__, IMAPClientAbortError):
                return login_failure(said, self._settings, self._token)
            case ssl.SSLCertVerificationError():
                return SourceError(
                    Remark("certificate_untrusted", cause=why_untrusted(error)), permanent=True
                )
            case AddressForbidden():
                return SourceError(error.remark, permanent=True)
            case socket.gaierror() | UnicodeError() if doing.code == "doing_connect":
                return SourceError("server_name_unknown", subject=self._settings.server)
            case TimeoutError():
                return SourceError("source_timeout", doing=doing, subject=server)
            case OSError():  # words of this machine, which knows no password
                return SourceError(Remark("source_lost", {"doing": doing}, cause=remark_of(error)))
            case IMAPClientAbortError() | LoginError():
                return SourceError("source_lost", doing=doing, said=said)
            case ProtocolError():
                return ImapRefused("source_answer_unfit", doing=doing)
            case IMAPClientError():
                return ImapRefused("source_refused", doing=doing, said=said)
            case _ if isinstance(error, _GARBAGE):
                misread = SourceError("source_misunderstood", doing=doing)
                return surprise(error, f"server={server} while={doing.code}", misread)
        return surprise(error, f"server={server} while={doing.code}")
