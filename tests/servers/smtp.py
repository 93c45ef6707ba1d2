"""A mail relay and a web server on free loopback ports: real SMTP and HTTP, with TLS and sign-in."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificates
from tests.servers.microsoft import OUTLOOK, Microsoft

USER, WORD = "amberpost", "relay pass wörd"


@dataclass
class Mailbox:
    """What the relay took, and how; `refuses` are recipients it does not take."""

    envelopes: list[Envelope] = field(default_factory=list)
    was_secure: list[bool] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    refuses_messages: bool = False
    signed_in: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [message_from_bytes(envelope.original_content or b"") for envelope in self.envelopes]

    @property
    def texts(self) -> list[str]:
        return [m.get_payload(decode=True).decode() for m in self.messages]  # type: ignore[union-attr]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses_messages:
            return "554 5.7.1 no thanks"
        self.envelopes.append(envelope)
        self.was_secure.append(session.ssl is not None)
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == (USER, WORD)
        if good:
            self.signed_in.append(mechanism)
        return AuthResult(success=good, handled=False)


@dataclass
class ExchangeMailbox(Mailbox):
    """As Exchange Online: sign-in with a token of `login` only, and mail from nobody but the mailbox it opens.

    `refuses_with`: what it answers to every sign-in. `challenges`: tells a refusal as a challenge first.
    """

    login: Microsoft = field(kw_only=True)
    refuses_with: str = ""
    challenges: bool = False

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        assert args == ["XOAUTH2"]  # a token does not fit into a line of SMTP
        sent = await server.challenge_auth("")
        assert isinstance(sent, bytes)
        named = dict(part.split(b"=", 1) for part in sent.split(b"\x01") if part)
        issued = self.login.check(named[b"auth"].decode().removeprefix("Bearer "))
        good = (
            issued is not None
            and issued.audience == OUTLOOK
            and "SMTP.SendAsApp" in issued.roles
            and issued.app.has_access
            and issued.app.mailbox == named[b"user"].decode()
        )
        if good and issued and not self.refuses_with:
            self.signed_in.append("XOAUTH2")
            return AuthResult(success=True)
        if self.challenges:
            assert await server.challenge_auth('{"status":"401"}') == b""
        said = self.refuses_with or "535 5.7.3 Authentication unsuccessful [FR0P281CA0001]"
        return AuthResult(success=False, handled=False, message=said)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address not in {app.mailbox for app in self.login.apps.values()}:
            return "554 5.2.252 SendAsDenied; not allowed to send as this sender"
        envelope.mail_from = address
        return "250 OK"


class _Relay(Controller):
    """Listens on a free port and knows which."""

    @property
    def bound_port(self) -> int:
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        socket.create_connection(("127.0.0.1", self.bound_port), 10).close()


@contextmanager
def relay(
    certificates: Certificates | None = None,
    *,
    security: str = "starttls",
    auth: bool = False,
    login: Microsoft | None = None,
    **options: Any,
) -> Iterator[tuple[Mailbox, int]]:
    """A relay and its port. Without certificates it offers no TLS; with `login` it takes its tokens only."""
    mailbox, context = ExchangeMailbox(login=login) if login else Mailbox(), None
    if certificates is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.chain, certificates.key)
    if auth:
        options |= {"auth_required": True, "authenticator": mailbox.authenticate}
    if login:
        options |= {"auth_required": True, "auth_exclude_mechanism": ["PLAIN", "LOGIN"]}
    if security == "ssl":
        options |= {"ssl_context": context, "auth_require_tls": False}
    else:
        options |= {"tls_context": context, "require_starttls": context is not None}
    controller = _Relay(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield mailbox, controller.bound_port
    finally:
        controller.stop()


@dataclass
class Received:
    """What a web server got, and what it answers."""

    port: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    got: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for body in self.bodies for event in json.loads(body)["events"]]


@contextmanager
def web_server(certificates: Certificates | None = None) -> Iterator[Received]:
    """Takes POSTs; https with certificates."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.paths.append(self.path)
            received.got.append({name.lower(): value for name, value in self.headers.items()})
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            received.came.set()
            self.send_response(received.status)
            for name, value in received.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"x" * 200_000)

        def do_GET(self) -> None:
            received.paths.append(self.path)

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if certificates is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.chain, certificates.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    received.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
