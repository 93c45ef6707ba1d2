"""OpenID Connect at Microsoft: where a browser goes to sign in, and who came back.

Authorization code with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636). Promises: an Identity is returned only
if the ID token bears a signature of the tenant's own keys and was made for this app, this tenant and this very
attempt, just now. Code and secret go to the login server of the settings and nowhere else. Keeps no state of
an attempt; the caller does.
"""

import base64
import hashlib
import json
import re
import secrets
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlencode, urlsplit

import jwt

from amberpost.clock import now
from amberpost.errors import SourceError, remark_of
from amberpost.net.http import HttpAnswer, ask_once, connect, safe_url
from amberpost.net.tls import why_untrusted
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.refusal import code_in
from amberpost.oauth.request import ANSWER_LIMIT_BYTES, TENANT, post_form
from amberpost.remark import Remark

LEEWAY = timedelta(minutes=2)  # how far the clocks may differ
_ALGORITHM = "RS256"  # what Microsoft signs with; never the choice of the token (RFC 8725 §3.1)
_KEEP = timedelta(hours=24)
_ASK_AGAIN = timedelta(minutes=1)  # for keys, when a token names an unknown one
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Secret wrong or ended, app or tenant unknown or disabled, address to come back to not registered
_OF_SETTINGS = {
    "AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS7000112", "AADSTS90002", "AADSTS50011", "AADSTS7000218",
}  # fmt: skip
_MANY_TENANTS = {"common", "organizations", "consumers"}  # would let anybody in

Json: TypeAlias = Mapping[str, Any]


class Fault(StrEnum):
    """Why nobody is signed in."""

    DENIED = "denied"  # the person said no, or is not assigned to the app
    CONSENT = "consent"
    TENANT = "tenant"
    CLOCK = "clock"
    DOWN = "down"
    SETTINGS = "settings"
    UNTRUSTED = "untrusted"  # an answer that is wrong, forged or not for us


class SignInFault(SourceError):
    """Nobody is signed in. The text is for the log and the operator, `fault` decides what the person reads."""

    def __init__(
        self,
        fault: Fault,
        what: str | Remark,
        /,
        *,
        subject: str | Remark = "",
        said: str = "",
        reply: str = "",
    ) -> None:
        super().__init__(what, subject=subject, said=said)
        self.fault, self.reply = fault, reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What ties an answer to the browser that began."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom Microsoft has signed in."""

    object_id: str
    name: str  # to be shown only


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    issuer: str
    authorize: str
    token: SplitResult
    keys: SplitResult


@dataclass(slots=True)
class _Known:
    """What is known of one tenant's login."""

    provider: _Provider
    until: datetime
    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    keys_asked_at: datetime | None = None


class LoginServers:
    """The login servers this process knows, with their keys. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[tuple[str, str, str | None], _Known] = {}

    def authorization_url(self, client: OAuthClient, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser goes."""
        provider = self._of(client).provider
        query = {
            "client_id": client.client_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",  # people share computers
        }
        return f"{provider.authorize}?{urlencode(query)}"

    def identity(self, client: OAuthClient, attempt: Attempt, code: str, redirect_uri: str) -> Identity:
        """Who came back with this code; SignInFault if nobody has."""
        known = self._of(client)
        token = _redeem(client, known.provider, attempt, code, redirect_uri)
        return _identity(self._claims(client, known, token), known.provider, attempt)

    def _of(self, client: OAuthClient) -> _Known:
        place, moment = (client.authority, client.tenant, client.ca_pem), now()
        with self._lock:
            known = self._known.get(place)
        if known is None or known.until < moment:
            known = _Known(_discover(client), moment + _KEEP)  # without the lock: it may take long
            with self._lock:
                self._known = {key: one for key, one in self._known.items() if one.until >= moment}
                self._known[place] = known
        return known

    def _claims(self, client: OAuthClient, known: _Known, token: str) -> Json:
        try:
            head = jwt.get_unverified_header(token)
            key = self._key(client, known, str(head.get("kid", "")))
            claims: Json = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=client.client_id,
                issuer=known.provider.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "nonce", "oid"], "strict_aud": True},
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise SignInFault(Fault.CLOCK, "clocks_differ", said=str(error)) from None
        except jwt.InvalidIssuerError as error:
            raise SignInFault(Fault.TENANT, "id_token_other_tenant", said=str(error)) from None
        except jwt.InvalidTokenError as error:
            raise SignInFault(Fault.UNTRUSTED, "id_token_bad", said=str(error)) from None
        return claims

    def _key(self, client: OAuthClient, known: _Known, name: str) -> jwt.PyJWK:
        """The key of that name. Keys change: an unknown one is asked for, but not each time."""
        with self._lock:
            asked_at, moment = known.keys_asked_at, now()
            is_stale = name not in known.keys and (asked_at is None or moment - asked_at > _ASK_AGAIN)
            known.keys_asked_at = moment if is_stale else asked_at
        if is_stale:
            known.keys = _keys(_get(client, known.provider.keys))
        if name not in known.keys:
            raise SignInFault(Fault.UNTRUSTED, "id_token_key_unknown", subject=name[:100])
        return known.keys[name]


def new_attempt() -> Attempt:
    """Fresh secrets of one attempt, 256 bits each."""
    return Attempt(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(32)
    )


def fault_of_answer(error: str, description: str) -> SignInFault:
    """What the login server sent the browser back with (RFC 6749 §4.1.2.1)."""
    code = code_in(description)
    fault = Fault.UNTRUSTED
    if code in {"AADSTS65001", "AADSTS90094", "AADSTS90095"} or error in {
        "consent_required",
        "interaction_required",
    }:
        fault = Fault.CONSENT
    elif code in {"AADSTS50020", "AADSTS90072", "AADSTS500213"}:
        fault = Fault.TENANT
    elif error == "access_denied" or code in {"AADSTS65004", "AADSTS50105"}:
        fault = Fault.DENIED
    elif code in _OF_SETTINGS:
        fault = Fault.SETTINGS
    elif error in {"temporarily_unavailable", "server_error"}:
        fault = Fault.DOWN
    words = "".join(re.findall(r"[a-z_]{1,60}", error)[:1])
    return SignInFault(fault, "login_server_refuses", subject=f"{words} {code}".strip(), reply=code or words)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _discover(client: OAuthClient) -> _Provider:
    """OpenID Connect Discovery 1.0 §4; all addresses must be those of the login server in the settings."""
    tenant = client.tenant.lower()
    if not TENANT.fullmatch(tenant) or tenant in _MANY_TENANTS:
        raise SignInFault(Fault.SETTINGS, "tenant_not_single", subject=tenant[:100])
    base = safe_url(f"{client.authority.rstrip('/')}/{tenant}/v2.0/.well-known/openid-configuration")
    if base is None or base.query:
        raise SignInFault(Fault.SETTINGS, "login_server_needs_https")
    facts = _object(_get(client, base))
    found = {
        name: safe_url(str(facts.get(name, "")))
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    }
    for name, url in found.items():
        if url is None or (url.scheme, url.netloc.lower()) != (base.scheme, base.netloc.lower()):
            raise SignInFault(Fault.UNTRUSTED, "login_server_foreign_address", subject=name)
    issuer, authorize, token, keys = (url for url in found.values() if url is not None)
    owner = _tenant_of(issuer.path)
    if not owner or (_GUID.fullmatch(tenant) and owner != tenant):
        raise SignInFault(Fault.TENANT, "login_server_other_tenant", subject=issuer.path)
    return _Provider(issuer=issuer.geturl(), authorize=authorize.geturl(), token=token, keys=keys)


def _tenant_of(issuer_path: str) -> str:
    parts = issuer_path.strip("/").lower().split("/")
    return parts[0] if len(parts) == 2 and parts[1] == "v2.0" and _GUID.fullmatch(parts[0]) else ""


def _redeem(client: OAuthClient, provider: _Provider, attempt: Attempt, code: str, redirect_uri: str) -> str:
    """The ID token for a code; the access token that comes with it is not used."""
    form: dict[str, str | bytes] = {
        "client_id": client.client_id,
        "client_secret": client.client_secret.reveal(),
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
        "scope": "openid profile",
    }
    try:
        answer = post_form(provider.token, form, client.ca_pem)
    except (OSError, HTTPException, SourceError) as error:
        raise _unreachable(client, error) from None
    facts = _object(answer)
    if answer.status != 200:
        raise fault_of_answer(str(facts.get("error", "")), str(facts.get("error_description", "")))
    token = facts.get("id_token")
    if not isinstance(token, str):
        raise SignInFault(Fault.UNTRUSTED, "id_token_none")
    return token


def _identity(claims: Json, provider: _Provider, attempt: Attempt) -> Identity:
    nonce, object_id, tenant = (str(claims.get(name, "")) for name in ("nonce", "oid", "tid"))
    if not secrets.compare_digest(nonce.encode(), attempt.nonce.encode()):
        raise SignInFault(Fault.UNTRUSTED, "id_token_other_attempt")
    if tenant.lower() != _tenant_of(urlsplit(provider.issuer).path):
        raise SignInFault(Fault.TENANT, "id_token_other_tenant", subject=tenant[:100])
    if not _GUID.fullmatch(object_id.lower()):
        raise SignInFault(Fault.UNTRUSTED, "id_token_nobody")
    shown = "".join(c for c in str(claims.get("preferred_username", "")) if c.isprintable())
    return Identity(object_id=object_id.lower(), name=shown[:150])


def _get(client: OAuthClient, url: SplitResult) -> HttpAnswer:
    try:
        with closing(connect(url, client.ca_pem)) as connection:
            answer = ask_once(
                connection,
                "GET",
                url.path,
                headers={"Accept": "application/json"},
                limit_bytes=ANSWER_LIMIT_BYTES,
            )
    except (OSError, HTTPException, SourceError) as error:
        raise _unreachable(client, error) from None
    if answer.status != 200:
        fault = Fault.SETTINGS if answer.status in (400, 404) else Fault.DOWN
        raise SignInFault(fault, "tenant_untold", subject=f"HTTP {answer.status}")
    return answer


def _keys(answer: HttpAnswer) -> dict[str, jwt.PyJWK]:
    """The RSA keys by their names; what cannot be read is left out."""
    found = {}
    keys = _object(answer).get("keys")
    for one in keys if isinstance(keys, list) else []:
        if isinstance(one, dict) and one.get("kty") == "RSA" and one.get("use", "sig") == "sig":
            try:
                found[str(one.get("kid", ""))] = jwt.PyJWK.from_dict(one, algorithm=_ALGORITHM)
            except jwt.PyJWTError:
                continue
    return found


def _object(answer: HttpAnswer) -> Json:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        fault = Fault.UNTRUSTED if answer.status == 200 else Fault.DOWN
        raise SignInFault(fault, "login_server_misunderstood", subject=f"HTTP {answer.status}")
    return found


def _unreachable(client: OAuthClient, error: Exception) -> SignInFault:
    cause = why_untrusted(error) if isinstance(error, ssl.SSLCertVerificationError) else remark_of(error)
    return SignInFault(Fault.DOWN, Remark("login_server_unreachable", subject=client.authority, cause=cause))
