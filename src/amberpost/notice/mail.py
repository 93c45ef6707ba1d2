"""Hand one message to a mail relay (RFC 5321), with errors that say at which step it failed.

Promises: no STARTTLS, no password and no message in clear text where TLS is asked for; no password and no token
at all without TLS; what a server says is shown bounded, in one line, and only if it speaks SMTP.
"""

import base64
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from amberpost.errors import DeliveryError, SourceError
from amberpost.net.dial import dial
from amberpost.net.patience import Patience, reader
from amberpost.net.security import Security
from amberpost.net.server import read_server
from amberpost.net.tls import client_context
from amberpost.notice.connect import patience, reaching, tls_failure
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.hints import token_roles
from amberpost.oauth.sasl import xoauth2
from amberpost.oauth.tokens import Tokens
from amberpost.remark import Remark
from amberpost.store.secret import Secret, masked

PORTS = {Security.STARTTLS: 587, Security.SSL: 465, Security.NONE: 25}
SEND_ROLE = "SMTP.SendAsApp"  # what the app must be allowed to do at Exchange Online
_SAID = 200
_REFUSED = {  # step -> code of what the relay did not do
    "connect": "relay_takes_no_mail",
    "tls": "relay_starttls_refused",
    "login": "login_refused",
    "sender": "relay_sender_refused",
    "recipient": "relay_recipients_refused",
    "message": "relay_message_refused",
}
_TOKENS = Tokens()  # of this process


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail goes out. Prints without its password."""

    server: str  # host[:port]
    security: Security
    user: str
    password: Secret
    app: OAuthClient | None = None  # signs in with its token; then there is no password
    ca_pem: str
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMail:
    """A message to people. `token`: the same for every try, so that a repetition can be known as one."""

    subject: str
    text: str
    language: str
    token: str
    at: datetime


class _Smtp(smtplib.SMTP):
    """The library on a connection of ours, for no longer than its patience lasts."""

    def __init__(self, connection: socket.socket, host: str, left: Patience) -> None:
        super().__init__(local_hostname=_own_name())
        self.sock, self._host = connection, host  # as its connect() does
        self._left = left

    def secure(self, context: ssl.SSLContext) -> None:
        """TLS from the first byte."""
        assert self.sock is not None
        try:
            self.sock.settimeout(self._left.seconds())  # of the whole handshake
            self.sock = context.wrap_socket(self.sock, server_hostname=self._host)
        except OSError as error:
            raise tls_failure(error) from None

    def send(self, s: Any) -> None:  # noqa: ANN401  as the library has it
        if self.sock is not None:
            self.sock.settimeout(self._left.seconds())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:  # at the beginning, and after STARTTLS
            self.file = reader(self.sock, self._left)
        return super().getreply()


def send(relay: Relay, letter: NoticeMail) -> tuple[str, ...]:
    """Hand it over. Returns the recipients the relay refused while it took others; DeliveryError else."""
    token = _token(relay.app) if relay.app else None
    server, left = read_server(relay.server, PORTS[relay.security]), patience()
    context = client_context(relay.ca_pem, is_beside_public=True)
    with reaching(server):
        connection = dial(server.name, server.port, left)
    smtp = _Smtp(connection, server.name, left)
    try:
        if relay.security is Security.SSL:
            smtp.secure(context)
        return _speak(smtp, relay, letter, context, token)
    finally:
        smtp.close()


def compose(relay: Relay, letter: NoticeMail) -> EmailMessage:
    """Plain text that says it was written by a machine (RFC 3834), so that nobody's out-of-office answers."""
    message = EmailMessage()
    message["From"] = relay.sender
    message["To"] = ", ".join(relay.recipients)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.token}@{relay.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = letter.language
    message.set_content(letter.text, cte="quoted-printable")
    return message


def _token(app: OAuthClient) -> Secret:
    try:
        return _TOKENS.get(app)
    except SourceError as error:
        raise DeliveryError(error.remark, step="token") from None


def _speak(
    smtp: smtplib.SMTP, relay: Relay, letter: NoticeMail, context: ssl.SSLContext, token: Secret | None
) -> tuple[str, ...]:
    with _step("connect", relay):
        _require(smtp.getreply(), 220, "connect", relay)
        smtp.ehlo_or_helo_if_needed()
    if relay.security is Security.STARTTLS:
        _upgrade(smtp, relay, context)
    if relay.app and token:
        _log_in_as_app(smtp, relay, relay.app, token)
    elif relay.user:
        _log_in(smtp, relay)
    with _step("sender", relay):
        _require(smtp.mail(relay.sender), 250, "sender", relay)
    refused = _name_recipients(smtp, relay)
    with _step("message", relay):
        message = compose(relay, letter)
        raw = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
        _require(smtp.data(raw), 250, "message", relay)
    with suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    return refused


def _upgrade(smtp: smtplib.SMTP, relay: Relay, context: ssl.SSLContext) -> None:
    """STARTTLS or nothing: a missing offer is never a reason to go on in clear text."""
    if not smtp.has_extn("starttls"):
        raise DeliveryError("relay_starttls_missing", step="tls")
    with _step("tls", relay):
        try:
            _require(smtp.starttls(context=context), 220, "tls", relay)
        except ssl.SSLError as error:
            raise tls_failure(error) from None
        smtp.ehlo()


def _log_in(smtp: smtplib.SMTP, relay: Relay) -> None:
    """AUTH PLAIN (RFC 4616) or LOGIN; both need TLS, which is why no other is spoken."""
    if relay.security is Security.NONE:
        raise DeliveryError("password_without_tls", step="login")
    user, password = relay.user.encode(), relay.password.reveal()
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    with _step("login", relay):
        if "PLAIN" in offered:
            answer = smtp.docmd("AUTH", "PLAIN " + _base64(b"\0" + user + b"\0" + password))
        elif "LOGIN" in offered:
            _require(smtp.docmd("AUTH", "LOGIN"), 334, "login", relay)
            _require(smtp.docmd(_base64(user)), 334, "login", relay)
            answer = smtp.docmd(_base64(password))
        else:
            raise DeliveryError("no_known_sign_in", step="login")
    _require(answer, 235, "login", relay)


def _log_in_as_app(smtp: smtplib.SMTP, relay: Relay, app: OAuthClient, token: Secret) -> None:
    """XOAUTH2 in two steps: with a token the command is longer than a line may be (RFC 4954 §4).

    A server that tells an error as another challenge wants an empty line before it refuses.
    """
    if relay.security is Security.NONE:
        raise DeliveryError("token_without_tls", step="login")
    if "XOAUTH2" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise DeliveryError("no_token_login", step="login")
    with _step("login", relay):
        _require(smtp.docmd("AUTH", "XOAUTH2"), 334, "login", relay)
        answer = smtp.docmd(_base64(xoauth2(relay.user, token)))
        if answer[0] == 334:
            answer = smtp.docmd("")
    if answer[0] == 235:
        return
    _TOKENS.forget(app)  # it may have been revoked: the next try asks for another
    code, said = answer
    words = _fit(said, token)
    told = f"{code} {words}"
    facts = token_roles(token)
    if 400 <= code < 500:  # RFC 4954 §6: it passes by itself
        what = Remark("login_not_now", said=told)
    elif "SmtpClientAuthentication is disabled" in words:
        what = Remark("smtp_auth_off", said=told)
    elif facts is not None and SEND_ROLE not in facts.roles:
        what = Remark("relay_token_without_role", {"role": SEND_ROLE}, said=told)
    else:
        what = Remark("relay_token_refused", said=told)
    raise DeliveryError(what, step="login")


def _name_recipients(smtp: smtplib.SMTP, relay: Relay) -> tuple[str, ...]:
    refused, last = [], (0, b"")
    with _step("recipient", relay):
        for address in relay.recipients:
            last = smtp.rcpt(address)
            if last[0] not in (250, 251):
                refused.append(address)
        if len(refused) == len(relay.recipients):
            _require(last, 250, "recipient", relay)
    return tuple(refused)


def _require(answer: tuple[int, bytes], wanted: int, step: str, relay: Relay) -> None:
    if answer[0] != wanted:
        raise _refusal(answer, step, relay)


def _refusal(answer: tuple[int, bytes], step: str, relay: Relay) -> DeliveryError:
    code, said = answer
    words = (
        _fit(said, relay.password) if 200 <= code < 600 else ""
    )  # else it is no SMTP: none of our business
    return DeliveryError(_REFUSED[step], step=step, said=f"{code} {words}" if words else "")


@contextmanager
def _step(step: str, relay: Relay) -> Iterator[None]:
    """Turn what the library raises into an error that says where it happened."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        raise _refusal(
            (error.smtp_code, said.encode() if isinstance(said, str) else said), step, relay
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            raise DeliveryError("server_timeout", step=step) from None
        raise DeliveryError("connection_lost", step=step) from None


def _fit(said: bytes, password: Secret) -> str:
    """A server's words, fit to be shown: one line, bounded, printable, never the password."""
    text = masked(said.decode("utf-8", "replace"), password)
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_SAID]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _own_name() -> str:
    """For EHLO; asking the resolver for it may take long."""
    return socket.gethostname() or "localhost"
