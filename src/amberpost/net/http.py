"""One question over HTTP to a server that an operator named.

Promises: verified TLS, except to this machine; no redirect is followed and no proxy used; the wait and the
whole answer have a limit, also when it drips. Says nothing about what the answer means.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urlsplit

from amberpost.clock import hear, now
from amberpost.net.dial import dial
from amberpost.net.patience import Patience, reader
from amberpost.net.tls import client_context

TIMEOUT_SECONDS = 30  # without a sign of life, and for a whole answer beside the time its bytes take
LONGEST_PAUSE_SECONDS = 60 * 60
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class TooLarge(HTTPException):
    """The answer is longer than we take; its status was this."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What came back, whole."""

    status: int
    retry_after: str | None
    body: bytes


def safe_url(text: str) -> SplitResult | None:
    """The parts of an address to which a secret may travel; None for any other."""
    try:
        url = urlsplit(text)
        (url.hostname or "").encode("idna")  # else the resolver would raise
        is_valid = url.port != 0 and url.username is None and not url.fragment
    except ValueError:
        return None
    is_safe = is_valid and (url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK))
    return url if is_safe and url.hostname else None


class Connection(HTTPConnection):
    """A connection whose answers come to an end. http.client reads no proxy settings and follows no redirect."""

    def __init__(
        self,
        url: SplitResult,
        context: ssl.SSLContext,
        patience: Patience,
        *,
        may_be_internal: bool = True,
    ) -> None:
        is_secure = url.scheme != "http"
        self.default_port = 443 if is_secure else 80
        super().__init__(url.hostname or "", url.port or self.default_port)
        self.patience = patience
        self.response_class = self._answer  # type: ignore[assignment]  # anything that makes one
        self._context = context if is_secure else None
        self._may_be_internal = may_be_internal

    def connect(self) -> None:
        self.reach()
        self.secure()

    def reach(self) -> None:
        """The first half of connect(), for those who tell people at which step it failed."""
        self.sock = dial(self.host, self.port, self.patience, may_be_internal=self._may_be_internal)

    def secure(self) -> None:
        """The second half; nothing to do without TLS."""
        if self._context is not None:
            self.sock.settimeout(self.patience.seconds())  # of the whole handshake
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)

    def _answer(self, connection: socket.socket, *, method: str | None) -> HTTPResponse:
        response = HTTPResponse(connection, method=method)
        response.fp.close()
        response.fp = reader(connection, self.patience)
        return response


def connect(url: SplitResult, ca_pem: str | None) -> Connection:
    """A connection to be opened at the first question."""
    patience = Patience(silence_seconds=TIMEOUT_SECONDS, answer_seconds=TIMEOUT_SECONDS)
    return Connection(url, client_context(ca_pem), patience)


def ask_once(
    connection: Connection,
    method: str,
    target: str,
    *,
    body: str | bytes | None = None,
    headers: Mapping[str, str],
    limit_bytes: int,
) -> HttpAnswer:
    """Question and answer; OSError (TimeoutError, ssl) or HTTPException if there is no whole answer."""
    connection.patience.begin()
    connection.request(method, target, body, dict(headers))
    response = connection.getresponse()
    hear_date(connection.host, response.getheader("Date"))
    return HttpAnswer(
        status=response.status,
        retry_after=response.getheader("Retry-After"),
        body=_read(response, limit_bytes),
    )


def pause_seconds(text: str | None) -> float | None:
    """Retry-After in either form (RFC 9110 §10.2.3), within bounds."""
    if text is None:
        return None
    try:
        seconds = float(text) if text.strip().isdigit() else _seconds_until(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 1.0), float(LONGEST_PAUSE_SECONDS))


def hear_date(host: str, text: str | None) -> None:
    """The Date of an answer (RFC 9110 §6.6.1): when the server made it, to the second."""
    try:
        said = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return
    said = said.replace(tzinfo=said.tzinfo or UTC)
    hear(f"http {host}", host, earliest=said, latest=said)


def _read(response: HTTPResponse, limit_bytes: int) -> bytes:
    body = bytearray()
    while chunk := response.read1(64 * 1024):
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge(response.status)
    if response.length:  # read1() does not complain about an end that comes too soon
        raise HTTPException("the answer ends too soon")
    return bytes(body)


def _seconds_until(moment: datetime) -> float:
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now()).total_seconds()
