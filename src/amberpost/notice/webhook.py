"""Hand one message to a web server of the operator's choice, signed so that it can tell it from a forgery.

Promises: https verified; plain http and addresses inside the own network only if the operator said so; no
redirect is followed; at most 64 kB of the answer are read and none of it is shown.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from urllib.parse import SplitResult, urlsplit

from amberpost import __version__
from amberpost.errors import DeliveryError, UserError
from amberpost.net.http import Connection, TooLarge, ask_once
from amberpost.net.server import ServerAddress
from amberpost.net.tls import client_context
from amberpost.notice.connect import patience, reaching, tls_failure
from amberpost.store.secret import Secret

_ANSWER_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where it goes. `secret` may be empty: then nothing is signed."""

    url: str
    secret: Secret
    ca_pem: str
    is_internal: bool


def checked_url(url: str, *, is_internal: bool) -> SplitResult:
    """The parts of an address that may be used; UserError says why another may not."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise UserError("not_a_web_address", subject=url) from error
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not url.isascii()
        or not url.isprintable()
    ):
        raise UserError("not_a_web_address", subject=url)
    if parts.username is not None or parts.fragment or " " in url:
        raise UserError("webhook_address_forbidden")
    if parts.scheme == "http" and not is_internal:
        raise UserError("http_only_internal", subject=url)
    return parts


def post(hook: Hook, body: Mapping[str, object], *, token: str, at: datetime) -> None:
    """Hand it over; DeliveryError unless the server answers with 2xx."""
    url = checked_url(hook.url, is_internal=hook.is_internal)
    context = client_context(hook.ca_pem, is_beside_public=True)
    connection = Connection(url, context, patience(), may_be_internal=hook.is_internal)
    data = json.dumps(body, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Amberpost/{__version__}",
        "Connection": "close",
        "X-Amberpost-Delivery": token,
        **_signature(hook.secret, data, at),
    }
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    with closing(connection):
        with reaching(ServerAddress(name=connection.host, port=connection.port)):
            connection.reach()
        try:
            connection.secure()
        except OSError as error:
            raise tls_failure(error) from None
        try:
            status = ask_once(
                connection, "POST", target, body=data, headers=headers, limit_bytes=_ANSWER_LIMIT
            ).status
        except TooLarge as error:  # it has answered, at length
            status = error.status
        except TimeoutError:
            raise DeliveryError("server_timeout", step="answer") from None
        except (HTTPException, OSError):
            raise DeliveryError("not_a_web_server", step="answer") from None
    _require_taken(status)


def sign(secret: Secret, data: bytes, at: datetime) -> str:
    """HMAC-SHA-256 over "<seconds since 1970>.<body>", as hexadecimal digits."""
    return hmac.new(secret.reveal(), f"{int(at.timestamp())}.".encode() + data, hashlib.sha256).hexdigest()


def _signature(secret: Secret, data: bytes, at: datetime) -> dict[str, str]:
    if not secret.reveal():
        return {}
    return {
        "X-Amberpost-Timestamp": str(int(at.timestamp())),
        "X-Amberpost-Signature": f"sha256={sign(secret, data, at)}",
    }


def _require_taken(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        code = "webhook_redirects"
    elif status in (401, 403, 404, 410):
        code = "webhook_not_known"
    else:
        code = "webhook_refused"
    raise DeliveryError(code, step="answer", subject=f"HTTP {status}")
