"""Asks Microsoft's login for a token with the secret of an app (RFC 6749 §4.4).

Promises: the secret travels only over verified TLS, and to the address in the settings: no redirect is
followed and no proxy used; the wait and the answer have a limit; every failure is an OAuthError without
secrets. The token itself is opaque here.
"""

import json
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from http.client import HTTPException
from urllib.parse import SplitResult, quote, urlencode

from amberpost.errors import AddressForbidden, remark_of
from amberpost.net.http import HttpAnswer, TooLarge, ask_once, connect, pause_seconds, safe_url
from amberpost.net.tls import why_untrusted
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.hints import is_guid
from amberpost.oauth.refusal import EXPLAINED, OAuthError, code_in, is_passing
from amberpost.remark import Remark
from amberpost.store.secret import Secret, masked

ANSWER_LIMIT_BYTES = 256 * 1024
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1


def ask(client: OAuthClient) -> tuple[Secret, timedelta]:
    """A new token and how long it lives."""
    try:
        answer = _post(client, _endpoint(client))
    except ssl.SSLCertVerificationError as error:
        raise OAuthError(
            "login_server_untrusted",
            subject=why_untrusted(error),
            permanent=True,
        ) from None
    except AddressForbidden as error:
        raise OAuthError(error.remark, permanent=True) from None
    except TimeoutError:
        raise OAuthError("login_server_timeout", subject=client.authority) from None
    except OSError as error:
        what = Remark("login_server_unreachable", subject=client.authority, cause=remark_of(error))
        raise OAuthError(what) from None
    except TooLarge:
        raise OAuthError("login_server_too_large") from None
    except HTTPException:
        raise OAuthError("login_server_no_http", subject=client.authority) from None
    if answer.status == 200:
        return _token(_object(answer.body, answer.status))
    raise _refusal(client, answer.status, answer.retry_after, answer.body)


def _endpoint(client: OAuthClient) -> SplitResult:
    """The address of the token endpoint; nothing an operator enters can lead the secret elsewhere in clear text."""
    if not TENANT.fullmatch(client.tenant):
        raise OAuthError("AADSTS900023", reply="AADSTS900023", permanent=True)
    url = safe_url(f"{client.authority.rstrip('/')}/{quote(client.tenant)}/oauth2/v2.0/token")
    if url is None or url.query:
        raise OAuthError(
            "login_server_needs_https",
            subject=repr(client.authority),
            permanent=True,
        )
    return url


def _post(client: OAuthClient, url: SplitResult) -> HttpAnswer:
    form: dict[str, str | bytes] = {
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
        "grant_type": "client_credentials",
        "scope": client.scope,
    }
    return post_form(url, form, client.ca_pem)


def post_form(url: SplitResult, form: Mapping[str, str | bytes], ca_pem: str | None) -> HttpAnswer:
    """Send a form; for the token endpoint."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    with closing(connect(url, ca_pem)) as connection:
        return ask_once(
            connection,
            "POST",
            url.path,
            body=urlencode(form),
            headers=headers,
            limit_bytes=ANSWER_LIMIT_BYTES,
        )


def _object(body: bytes, status: int) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise OAuthError("login_server_misunderstood", subject=f"HTTP {status}")
    return found


def _token(answer: Mapping[str, object]) -> tuple[Secret, timedelta]:
    token, seconds = answer.get("access_token"), str(answer.get("expires_in", "600"))
    is_bearer = str(answer.get("token_type", "")).lower() == "bearer"
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not is_bearer:
        raise OAuthError("login_server_no_token")
    if not re.fullmatch(r"[0-9]{1,6}", seconds):
        raise OAuthError("login_server_no_lifetime")
    return Secret(token.encode("ascii")), timedelta(seconds=int(seconds))


def _refusal(client: OAuthClient, status: int, pause: str | None, body: bytes) -> OAuthError:
    if status in (429, 503):
        return OAuthError(
            "login_server_asks_to_wait",
            subject=f"HTTP {status}",
            retry_after_seconds=pause_seconds(pause),
        )
    answer = _object(body, status)
    reply = _reply(answer)
    ids = [
        f"{name} {answer[name]}" for name in ("trace_id", "correlation_id") if is_guid(str(answer.get(name)))
    ]
    return OAuthError(
        reply if reply in EXPLAINED else "oauth_refused",
        said=", ".join([reply if reply in EXPLAINED else _said(client, answer) or reply, *ids]),
        reply=reply,
        permanent=status < 500 and not is_passing(reply, str(answer.get("error"))),
    )


def _reply(answer: Mapping[str, object]) -> str:
    numbers = answer.get("error_codes")
    if isinstance(numbers, list) and numbers and isinstance(numbers[0], int):
        return f"AADSTS{numbers[0]}"
    return code_in(str(answer.get("error_description", ""))) or "".join(
        re.findall(r"[a-z_]{1,60}", str(answer.get("error", "")))[:1]
    )


def _said(client: OAuthClient, answer: Mapping[str, object]) -> str:
    """Microsoft's words: one line, bounded, printable, and never the secret. Its ids follow from elsewhere."""
    text = str(answer.get("error_description", "")).partition("Trace ID:")[0]
    text = masked(text, client.client_secret)
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:200]
