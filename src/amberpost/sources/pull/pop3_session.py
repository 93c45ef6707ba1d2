"""One POP3 session: connect, secure, log in, and the few commands we need, with plain errors.

Promises: password or token travel only in the way the settings ask for and are in no log and no error; every
wait and every answer has a time limit; a certificate is verified or the session does not begin; nothing is
deleted before quit(). Every failure is a SourceError; a command the server refuses is Refused, and the session
goes on.
"""

import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from amberpost.errors import AddressForbidden, SourceError, remark_of
from amberpost.net.dial import dial
from amberpost.net.tls import why_untrusted
from amberpost.oauth.sasl import oauthbearer, xoauth2
from amberpost.remark import Remark
from amberpost.sources.exchange import (
    POP_ROLE,
    TokenRefused,
    is_exchange_online,
    password_is_gone,
    recognise,
    refused_token,
)
from amberpost.sources.pull.pop3_wire import Garbled, TooLong, Wire
from amberpost.sources.settings import AccountSettings, PasswordLogin
from amberpost.sources.tls import check_shown, connect_context, require_tls_for_tokens
from amberpost.sources.trouble import servers_words, surprise
from amberpost.store.secret import Secret

LISTING_LIMIT_BYTES = 64 * 2**20  # about 800,000 messages with the longest UIDLs
CAPABILITIES_LIMIT_BYTES = 64 * 2**10  # those of real servers take less than 1 KiB
SIZES_ONE_BY_ONE = 20  # messages; for more the whole list is cheaper
LONGEST_UIDL = 255  # the standard says 70; what is longer is known by its digest only
_ENOUGH_CHALLENGES = 5
# RFC 2449 §8.1.1, RFC 3206, and the words of those that know no codes
_IN_USE = ("[in-use]", "locked", "in use", "busy")
_PASSING = ("[sys/temp]", "[login-delay]", "temporar", "try again", "throttled", "unavailable", "too many")
# A UIDL with characters it must not have is kept apart from all others, and fit for a database
_CONTROLS = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}


class Pop3Refused(SourceError):
    """The server answered -ERR to one command."""


class InUse(SourceError):
    """Another session has the mailbox open; POP3 lets in only one."""


class _No(Exception):
    """-ERR, and what the server said."""


class Pop3Session:
    """A logged-in connection. Not thread-safe."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings
        self._patience = settings.patience()
        self._wire: Wire | None = None
        self._is_broken = False
        self._capabilities: dict[str, list[str]] = {}
        login = settings.login
        self._secret = login.password if isinstance(login, PasswordLogin) else Secret(b"")
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    @property
    def has_login_delay(self) -> bool:
        """True where the server wants time between two logins (RFC 2449 §6.5)."""
        return self._capabilities.get("LOGIN-DELAY", ["0"])[:1] != ["0"]

    @property
    def deletes_what_was_read(self) -> bool:
        """True where QUIT takes away whatever was retrieved, deleted or not (RFC 2449 §6.7)."""
        return self._capabilities.get("EXPIRE", [])[:1] == ["0"]

    def listing(self) -> dict[int, str]:
        """Number and UIDL of each message, in the order of the server; "" where a message has none."""
        with self._speaking("doing_count"):
            count = int(self._command("STAT").split()[0])
        uidls = self._uidls()
        if len(uidls) < count:
            with self._speaking("doing_list"):
                uidls = {number: uidls.get(number, "") for number, _ in self._list("LIST")} | uidls
        return uidls

    def sizes(self, numbers: Sequence[int]) -> dict[int, int]:
        """What the server announces of these messages; it may lie, and it may say nothing."""
        with self._speaking("doing_sizes"):
            if len(numbers) > SIZES_ONE_BY_ONE:
                found = {number: _size(rest) for number, rest in self._list("LIST")}
            else:
                found = {number: self._size_alone(number) for number in numbers}
            return {number: size for number, size in found.items() if size is not None}

    def message(self, number: int, uidl: str) -> bytes:
        """The message as the server sends it, with the line end the protocol may have added."""
        with self._speaking("doing_fetch_one"):
            self._command(f"RETR {number}")
            raw, is_certain = self._connected.block(self._settings.max_message_bytes)
        if not is_certain and uidl:
            self.require_step(number, uidl)
            self._connected.expect_bare_ends()
        return raw

    def require_step(self, number: int, uidl: str) -> None:
        """Raise unless the next answer is the one to this question: only the server knows the UIDL.

        Dovecot 2.3 does not double a dot that begins a message, so mail can end its own answer too early
        and go on with what looks like answers to our next commands.
        """
        with self._speaking("doing_fetch_one"):
            try:
                answer = self._command(f"UIDL {number}").decode("latin-1")
            except _No:
                raise Garbled from None
            if _storable(answer.partition(" ")[2]) != uidl:
                raise Garbled

    def delete(self, number: int) -> None:
        """Mark it: the server deletes it at quit()."""
        with self._speaking("doing_delete_one"):
            self._command(f"DELE {number}")

    def quit(self) -> None:
        """End the session and make the deletions real. Refused: the server did not delete all of them."""
        if self._wire is None or self._is_broken:
            return
        try:
            with self._speaking("doing_delete"):
                self._command("QUIT")
        finally:
            self.close()

    def close(self) -> None:
        """Hang up: nothing is deleted."""
        if self._wire is not None:
            with suppress(OSError):
                self._wire.close()
        self._wire = None

    # Asking the server

    @property
    def _connected(self) -> Wire:
        if self._wire is None:
            raise ConnectionError("the session is over")
        return self._wire

    def _command(self, words: str) -> bytes:
        self._connected.send(words.encode("utf-8"))
        return self._answer()

    def _answer(self) -> bytes:
        """What follows +OK, which must be in capitals (RFC 1939 §3) and is not everywhere."""
        line = self._connected.line()
        if line[:3].upper() == b"+OK":
            return line[3:].strip()
        if line[:4].upper() == b"-ERR":
            raise _No(line[4:].strip().decode("utf-8", "replace"))
        raise Garbled

    def _list(self, command: str) -> list[tuple[int, str]]:
        """The lines of a scan or unique-id listing: number and the rest."""
        self._command(command)
        lines = [line.decode("latin-1") for line in self._connected.lines(LISTING_LIMIT_BYTES)]
        pairs = [line.lstrip(" ").partition(" ") for line in lines if line]
        return [(int(number), rest) for number, _, rest in pairs]

    def _uidls(self) -> dict[int, str]:
        with self._speaking("doing_list"):
            try:
                return {number: _storable(uidl) for number, uidl in self._list("UIDL")}
            except _No as error:
                said = self._said(error)
                if any(word in said.lower() for word in _PASSING):
                    raise
                raise SourceError(
                    "no_uidl",
                    said=said,
                    permanent=True,
                ) from None

    def _size_alone(self, number: int) -> int | None:
        try:
            answer = self._command(f"LIST {number}").decode("latin-1")
        except _No:
            return None
        return _size(answer.partition(" ")[2])

    # How it begins

    def _begin(self) -> None:
        try:
            self._connect()
            self._log_in()
        except TokenRefused:  # revoked, or older than the last change of the app's permissions: once more
            self.close()
            self._is_broken = False
            self._connect()
            self._log_in()

    def _connect(self) -> None:
        settings = self._settings
        require_tls_for_tokens(settings)
        context = connect_context(settings)
        with self._speaking("doing_connect"):
            self._wire = Wire(dial(settings.server, settings.port, self._patience), self._patience)
            if settings.security == "ssl":
                self._secure(context)
            self._answer()
            if settings.security == "starttls":
                self._upgrade(context)
            self._capabilities = self._ask_capabilities()

    def _upgrade(self, context: ssl.SSLContext) -> None:
        """STLS (RFC 2595 §4) or nothing: a refusal is never a reason to go on in clear text."""
        try:
            self._command("STLS")
        except _No:
            raise SourceError(
                "starttls_missing_password",
                permanent=True,
            ) from None
        self._secure(context)

    def _secure(self, context: ssl.SSLContext) -> None:
        check_shown(self._settings, self._connected.secure(context, self._settings.server))

    def _ask_capabilities(self) -> dict[str, list[str]]:
        try:
            self._command("CAPA")
        except _No:  # RFC 2449 is younger than POP3
            return {}
        lines = self._connected.lines(CAPABILITIES_LIMIT_BYTES)
        found = [line.decode("ascii", "replace").upper().split() for line in lines]
        return {words[0]: words[1:] for words in found if words}

    def _log_in(self) -> None:
        login = self._settings.login
        if isinstance(login, PasswordLogin):
            with self._speaking("doing_sign_in"):
                self._enter_with_password(login.password.reveal())
            return
        self._secret = login.token()
        try:
            with self._speaking("doing_sign_in"):
                self._enter_with_token(self._secret)
        except TokenRefused:
            login.forget()
            raise

    def _enter_with_password(self, password: bytes) -> None:
        user = self._settings.user.encode("utf-8")
        if any(byte < 32 or byte == 127 for byte in user + password):
            raise SourceError("login_control_characters", permanent=True)
        try:
            if "PLAIN" in self._capabilities.get("SASL", []):
                self._authenticate("PLAIN", b"\0%b\0%b" % (user, password), error_answer=b"")
            else:
                self._connected.send(b"USER " + user)
                self._answer()
                self._connected.send(b"PASS " + password)
                self._answer()
        except _No as error:
            raise self._login_failure(error, None) from None

    def _enter_with_token(self, token: Secret) -> None:
        """XOAUTH2, as Exchange has it, unless the server offers only the standard's OAUTHBEARER."""
        settings, offered = self._settings, self._capabilities.get("SASL", ["XOAUTH2"])
        try:
            if "XOAUTH2" in offered:
                self._authenticate("XOAUTH2", xoauth2(settings.user, token), error_answer=b"")
            elif "OAUTHBEARER" in offered:
                response = oauthbearer(settings.user, settings.server, settings.port, token)
                self._authenticate("OAUTHBEARER", response, error_answer=b"\x01")  # RFC 7628 §3.2.3
            else:
                raise SourceError("no_token_login", permanent=True)
        except _No as error:
            raise self._login_failure(error, token) from None

    def _authenticate(self, mechanism: str, response: bytes, *, error_answer: bytes) -> None:
        """AUTH in two lines: Exchange takes no initial response, and RFC 5034 §4 limits its length."""
        self._connected.send(b"AUTH " + mechanism.encode("ascii"))
        for answer in [response, *[error_answer] * _ENOUGH_CHALLENGES]:
            line = self._connected.line()
            is_done = line[:3].upper() == b"+OK"
            if line[:4].upper() == b"-ERR":
                raise _No(line[4:].strip().decode("utf-8", "replace"))
            if is_done and answer is not response:
                return
            if is_done or not line.startswith(b"+"):
                raise Garbled
            self._connected.send(base64.b64encode(answer))
        raise Garbled

    def _login_failure(self, error: _No, token: Secret | None) -> SourceError:
        said, words = self._said(error), str(error).lower()
        if known := recognise(said, self._settings.user):
            return known
        if any(word in words for word in _IN_USE):
            return InUse("mailbox_in_use", said=said)
        if any(word in words for word in _PASSING):
            return SourceError("login_not_now", said=said)
        if token is not None:
            return refused_token(said, token, POP_ROLE)
        if is_exchange_online(self._settings.server):
            return password_is_gone(said)
        return SourceError("login_refused", said=said, permanent=True)

    # How it fails

    @contextmanager
    def _speaking(self, code: str, **params: str) -> Iterator[None]:
        """Turn whatever can happen into a SourceError that says it, without secrets."""
        self._patience.begin()
        try:
            yield
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, it is put into words
            failure = self._failure(error, Remark(code, params))
            self._is_broken = not isinstance(failure, Pop3Refused)
            raise failure from None  # the cause may quote mail or the password

    def _failure(self, error: Exception, doing: Remark) -> SourceError:
        server = f"{self._settings.server}:{self._settings.port}"
        match error:
            case _No():
                said = self._said(error)
                return recognise(said, self._settings.user) or Pop3Refused(
                    "source_refused", doing=doing, said=said
                )
            case TooLong():
                return Pop3Refused("source_answer_too_large", doing=doing)
            case ssl.SSLCertVerificationError():
                return SourceError(
                    "certificate_untrusted",
                    subject=why_untrusted(error),
                    permanent=True,
                )
            case AddressForbidden():
                return SourceError(error.remark, permanent=True)
            case socket.gaierror() | UnicodeError() if doing.code == "doing_connect":
                return SourceError("server_name_unknown", subject=self._settings.server)
            case TimeoutError():
                return SourceError("source_timeout", doing=doing, subject=server)
            case OSError():  # words of this machine, which knows no password
                return SourceError(Remark("source_lost", {"doing": doing}, cause=remark_of(error)))
            case Garbled():
                return SourceError("source_misunderstood", doing=doing)
            case ValueError() | LookupError():
                misread = SourceError("source_misunderstood", doing=doing)
                return surprise(error, f"server={server} while={doing.code}", misread)
        return surprise(error, f"server={server} while={doing.code}")

    def _said(self, error: _No) -> str:
        return servers_words(str(error), self._settings, self._secret)


def _storable(uidl: str) -> str:
    """The UIDL, or where it breaks the standard's rules something as distinct that a database can hold."""
    if len(uidl) > LONGEST_UIDL:
        return "sha256:" + hashlib.sha256(uidl.encode("latin-1")).hexdigest()
    return uidl.rstrip(" ").translate(_CONTROLS)


def _size(text: str) -> int | None:
    """The size in a scan listing; other words may follow it."""
    size = text.split(" ", 1)[0]
    return int(size) if size.isascii() and size.isdigit() else None
