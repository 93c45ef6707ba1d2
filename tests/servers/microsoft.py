"""A stand-in for Microsoft's login on a free loopback port, over TLS with certificates of its own.

    with Microsoft() as login:
        app = login.register(mailbox="journal@example.com")
        Client(tenant=app.tenant, client_id=app.client_id, client_secret=Secret(app.secret.encode()),
               authority=login.authority, ca_pem=login.ca_pem)

Speaks the v2.0 token endpoint for client credentials, with Microsoft's documented errors, and an introspection
endpoint (RFC 7662) for a mail server that wants to know whether a token is good. `/graph` style resources are
added by other tests through `routes`.
"""

import base64
import json
import secrets
import shutil
import ssl
import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from amberpost.clock import now
from tests.servers.certificates import Certificates, make_certificates

OUTLOOK = "https://outlook.office365.com"
_PREFIX = "/oauth2/v2.0/token"


@dataclass(slots=True)
class App:
    """A registered app; tests change its fields while the server runs."""

    tenant: str
    client_id: str
    secret_id: str
    secret: str
    mailbox: str  # the one mailbox it has FullAccess to
    roles: tuple[str, ...] = ("IMAP.AccessAsApp", "POP.AccessAsApp")
    resources: tuple[str, ...] = (OUTLOOK, "https://graph.microsoft.com")
    expires_in: int = 3599
    is_secret_expired: bool = False
    is_enabled: bool = True
    has_access: bool = True  # New-ServicePrincipal and Add-MailboxPermission were done, and rightly
    throttle_seconds: list[int] = field(default_factory=list)  # one refused request each
    asked: int = 0  # requests for a token, refused ones too


@dataclass(slots=True)
class Issued:
    app: App
    expires_at: datetime
    audience: str
    roles: tuple[str, ...]
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, value: object, **headers: str) -> Self:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Route = Callable[[Request], Answer]


class Microsoft:
    """One server. `routes` maps a path prefix to a function; a test may override an answer that way."""

    host = "localhost"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="microsoft-"))
        self.folder.chmod(0o755)
        self.certificates: Certificates = make_certificates(self.folder, host=self.host)
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_text(self.ca_pem)
        self.apps: dict[str, App] = {}
        self.issued: dict[str, Issued] = {}
        self.routes: dict[str, Route] = {}
        self.requests: list[Request] = []
        self.lock = Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificates.chain, self.certificates.key)
        # the handshake belongs to the thread of the connection, not to the one that accepts
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = int(self._http.server_address[1])

    @property
    def ca_pem(self) -> str:
        return self.certificates.ca_pem

    @property
    def authority(self) -> str:
        return f"https://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What a test arranges

    def register(self, *, mailbox: str = "journal", tenant: str | None = None) -> App:
        app = App(
            tenant=tenant or str(uuid.uuid4()),
            client_id=str(uuid.uuid4()),
            secret_id=str(uuid.uuid4()),
            secret=f"aB8Q~{secrets.token_urlsafe(24)}.+&=",  # must be encoded in a form
            mailbox=mailbox,
        )
        self.apps[app.client_id] = app
        return app

    def revoke(self, app: App) -> None:
        """All tokens of the app end now."""
        with self.lock:
            for issued in self.issued.values():
                issued.is_revoked |= issued.app is app

    def check(self, token: str) -> Issued | None:
        """The token as it was issued, if it is good now."""
        issued = self.issued.get(token)
        return issued if issued and not issued.is_revoked and issued.expires_at > now() else None

    # What it answers

    def answer(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
        for prefix, route in self.routes.items():
            if request.path.startswith(prefix):
                return route(request)
        if request.method == "POST" and request.path.endswith(_PREFIX):
            return self._token(unquote(request.path.removesuffix(_PREFIX).strip("/")), request.form)
        if request.method == "POST" and request.path == "/introspect":
            return self._introspect(request.form)
        return Answer(404, b"<html>not found</html>")

    def _token(self, tenant: str, form: Mapping[str, str]) -> Answer:
        app = self.apps.get(form.get("client_id", ""))
        if app is not None:
            app.asked += 1
            if app.throttle_seconds:
                return Answer(429, b"", {"Retry-After": str(app.throttle_seconds.pop(0))})
        refused = self._refusal(tenant, app, form)
        if refused is not None or app is None:
            return refused or Answer(500, b"")
        return self._issue(app, form["scope"].removesuffix("/.default"))

    def _refusal(self, tenant: str, app: App | None, form: Mapping[str, str]) -> Answer | None:
        if not _is_tenant(tenant):
            return _error(400, 900023, "invalid_request", f"Specified tenant identifier '{tenant}' is neither a "
                          "valid DNS name, nor a valid external domain.")  # fmt: skip
        if tenant not in {one.tenant for one in self.apps.values()}:
            return _error(400, 90002, "invalid_request", f"Tenant '{tenant}' not found. Check to make sure you "
                          "have the correct tenant ID and are signing into the correct cloud.")  # fmt: skip
        if form.get("grant_type") != "client_credentials":
            return _error(
                400, 70003, "unsupported_grant_type", "The app requested an unsupported grant type."
            )
        if app is None or app.tenant != tenant:
            return _error(400, 700016, "unauthorized_client", "Application with identifier "
                          f"'{form.get('client_id')}' was not found in the directory '{tenant}'.")  # fmt: skip
        if not app.is_enabled:
            return _error(401, 7000112, "unauthorized_client", f"Application '{app.client_id}' is disabled.")
        scope = form.get("scope", "")
        if scope.removesuffix("/.default") not in app.resources or not scope.endswith("/.default"):
            return _error(400, 70011, "invalid_scope", f"The provided value for scope {scope} is not valid.")
        if form.get("client_secret") != app.secret:
            return _error(401, 7000215, "invalid_client", "Invalid client secret provided. Ensure the secret being "
                          "sent in the request is the client secret value, not the client secret ID, for a "
                          f"secret added to app '{app.client_id}'.")  # fmt: skip
        if app.is_secret_expired:
            return _error(401, 7000222, "invalid_client", "The provided client secret keys for app "
                          f"'{app.client_id}' are expired.")  # fmt: skip
        return None

    def _issue(self, app: App, audience: str) -> Answer:
        expires_at = now() + timedelta(seconds=app.expires_in)
        claims = {"aud": audience, "appid": app.client_id, "exp": int(expires_at.timestamp())}
        if app.roles:
            claims["roles"] = list(app.roles)
        head = {"typ": "JWT", "alg": "RS256", "kid": "stand-in"}
        token = ".".join([_segment(head), _segment(claims), secrets.token_urlsafe(256)])
        with self.lock:
            self.issued[token] = Issued(app, expires_at, audience, app.roles)
        return Answer.of(
            200,
            {
                "token_type": "Bearer",
                "expires_in": app.expires_in,
                "ext_expires_in": app.expires_in,
                "access_token": token,
            },
        )

    def _introspect(self, form: Mapping[str, str]) -> Answer:
        """What Exchange Online checks: the token, its audience and role, and the mailbox's permission."""
        issued = self.check(form.get("token", ""))
        if issued is None or issued.audience != OUTLOOK or not issued.app.has_access:
            return Answer.of(200, {"active": False})
        if not any(role.endswith(".AccessAsApp") for role in issued.roles):
            return Answer.of(200, {"active": False})
        expires = int(issued.expires_at.timestamp())
        return Answer.of(200, {"active": True, "username": issued.app.mailbox, "exp": expires})


def _handler(server: Microsoft) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            self._respond()

        do_GET = do_PATCH = do_POST

        def _respond(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            answer = server.answer(Request(self.command, url.path, query, dict(self.headers), body))
            self.send_response(answer.status)
            for name, text in answer.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # a client that did not like our certificate, or went away
                return

    return Handler


def _is_tenant(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return "." in text
    return True


def _error(status: int, number: int, kind: str, text: str) -> Answer:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    moment = now().strftime("%Y-%m-%d %H:%M:%SZ")
    said = f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
    return Answer.of(
        status,
        {
            "error": kind,
            "error_description": said,
            "error_codes": [number],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.example.com/error?code={number}",
        },
    )


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
