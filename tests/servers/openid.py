"""A stand-in for Microsoft's sign-in pages: OpenID Connect with code and PKCE, beside the stand-in for its login.

    with Microsoft() as server:
        pages = SignInPages(server, app, accounts={object_id: "anna@firma.example"})

Discovery, keys, a small page with the accounts to choose from, and the token endpoint for codes. It checks what
Microsoft checks: redirect URI, PKCE, that a code works once. Tests bend the ID token by `claims` and `signing`.
"""

import base64
import hashlib
import html
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from amberpost.clock import now
from tests.servers.microsoft import Answer, App, Microsoft, Request, _error

Json = dict[str, Any]


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class SignInPages:
    server: Microsoft
    app: App
    redirect_uri: str
    accounts: dict[str, str] = field(default_factory=dict)  # object id -> user principal name
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"first": new_key()})
    signing: str = "first"
    claims: Json = field(
        default_factory=dict
    )  # changes to the claims of the next ID tokens; None takes one away
    forge: Callable[[Json], str] | None = None  # makes the whole ID token
    facts: Json = field(default_factory=dict)  # changes to the discovery document
    error: tuple[str, int, str] | None = None  # what the page sends back instead of a code
    codes: dict[str, Json] = field(default_factory=dict)
    attempts: list[Json] = field(default_factory=list)  # every question to the page
    keys_asked: int = 0

    def __post_init__(self) -> None:
        base = f"/{self.app.tenant}"
        self.server.routes[f"{base}/v2.0/.well-known/openid-configuration"] = self._discovery
        self.server.routes[f"{base}/discovery/v2.0/keys"] = self._keys
        self.server.routes[f"{base}/oauth2/v2.0/authorize"] = self._authorize
        self.server.routes[f"{base}/oauth2/v2.0/token"] = self._token

    @property
    def issuer(self) -> str:
        return f"{self.server.authority}/{self.app.tenant}/v2.0"

    def choose(self, query: Json, object_id: str) -> str:
        """Where the browser is sent when this account is chosen; what the page does, without a browser."""
        return self._sent_back(query, object_id).headers["Location"]

    def _discovery(self, request: Request) -> Answer:
        base = f"{self.server.authority}/{self.app.tenant}"
        return Answer.of(
            200,
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                **self.facts,
            },
        )

    def _keys(self, request: Request) -> Answer:
        self.keys_asked += 1
        public = {
            name: RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) for name, key in self.keys.items()
        }
        keys = [{**one, "kid": name, "use": "sig"} for name, one in public.items()]
        return Answer.of(200, {"keys": [{"kty": "EC", "kid": "other", "crv": "P-0"}, *keys]})

    def _authorize(self, request: Request) -> Answer:
        query = dict(request.query)
        if request.method == "POST":
            return self._sent_back(query, request.form.get("account", ""))
        self.attempts.append(query)
        problem = self._problem(query)
        if problem:
            return Answer(400, f"<h1>{html.escape(problem)}</h1>".encode(), {"Content-Type": "text/html"})
        buttons = "".join(
            f'<p><button name="account" value="{number}">{html.escape(name)}</button></p>'
            for number, name in self.accounts.items()
        )
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pick an account</title>'
            f'<h1>Pick an account</h1><form method="post">{buttons}'
            '<p><button name="account" value="">Cancel</button></p></form></html>'
        )
        return Answer(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _problem(self, query: Json) -> str:
        if query.get("client_id") != self.app.client_id:
            return "AADSTS700016: Application was not found."
        if query.get("redirect_uri") != self.redirect_uri:
            return "AADSTS50011: The redirect URI does not match."
        wanted = {"response_type": "code", "response_mode": "query", "code_challenge_method": "S256"}
        if any(query.get(name) != value for name, value in wanted.items()):
            return "AADSTS900144: The request is not as it should be."
        return ""

    def _sent_back(self, query: Json, object_id: str) -> Answer:
        if self.error is not None or not object_id:
            name, number, text = self.error or ("access_denied", 65004, "User declined to consent.")
            answer = {"error": name, "error_description": f"AADSTS{number}: {text}", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(48)
            self.codes[code] = {**query, "oid": object_id}
            answer = {"code": code, "state": query["state"], "session_state": str(uuid.uuid4())}
        location = f"{query['redirect_uri']}?{urlencode(answer)}"
        return Answer(302, b"", {"Location": location})

    def _token(self, request: Request) -> Answer:
        form = request.form
        if form.get("grant_type") != "authorization_code":
            return self.server._token(self.app.tenant, form)
        if form.get("client_id") != self.app.client_id or form.get("client_secret") != self.app.secret:
            return _error(401, 7000215, "invalid_client", "Invalid client secret provided.")
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return _error(400, 54005, "invalid_grant", "OAuth2 Authorization code was already redeemed.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return _error(
                400, 501481, "invalid_grant", "The Code_Verifier does not match the code_challenge."
            )
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return _error(400, 50011, "invalid_grant", "The redirect URI does not match.")
        claims = self._claims(asked)
        token = self.forge(claims) if self.forge else self.sign(claims)
        return Answer.of(200, {"token_type": "Bearer", "expires_in": 3599, "id_token": token})

    def _claims(self, asked: Json) -> Json:
        moment = int(now().timestamp())
        claims: Json = {
            "ver": "2.0",
            "iss": self.issuer,
            "aud": self.app.client_id,
            "sub": secrets.token_urlsafe(24),
            "iat": moment,
            "nbf": moment,
            "exp": moment + 3600,
            "nonce": asked["nonce"],
            "oid": asked["oid"],
            "tid": self.app.tenant,
            "preferred_username": self.accounts.get(asked["oid"], ""),
            **self.claims,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: Json, *, name: str = "") -> str:
        name = name or self.signing
        return jwt.encode(claims, self.keys[name], algorithm="RS256", headers={"kid": name})


def unsigned(claims: Json, head: Json) -> str:
    """A token with whatever head, and nothing for a signature."""
    parts = (
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (head, claims)
    )
    return f"{'.'.join(parts)}."
