"""One question over HTTP to a server that an operator named.

Promises: verified TLS, except to this machine; no redirect is followed and no proxy used; the wait and the
answer have a limit. Says nothing about what the answer means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from amberpost.clock import hear, now
from amberpost.tls import client_context

TIMEOUT_SECONDS = 30
LONGEST_PAUSE_SECONDS = 60 * 60
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class TooLarge(HTTPException):
    """The answer is longer than we take."""


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


def connect(url: SplitResult, ca_pem: str | None) -> HTTPConnection:
    """A connection to be opened at the first question. http.client reads no proxy settings and follows no redirect."""
    host = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)
    return HTTPSConnection(host, url.port, timeout=TIMEOUT_SECONDS, context=client_context(ca_pem))


def ask_once(
    connection: HTTPConnection,
    method: str,
    target: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str],
    limit_bytes: int,
) -> HttpAnswer:
    """Question and answer; OSError (TimeoutError, ssl) or HTTPException if there is no whole answer."""
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
    body, deadline = bytearray(), now() + timedelta(seconds=TIMEOUT_SECONDS)
    while chunk := response.read1(64 * 1024):
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge
        if now() > deadline:
            raise TimeoutError
    if response.length:  # read1() does not complain about an end that comes too soon
        raise HTTPException("the answer ends too soon")
    return bytes(body)


def _seconds_until(moment: datetime) -> float:
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now()).total_seconds()
