"""The access tokens of this process.

Promises: a token lives in memory only and is renewed before it ends; neither it nor the client secret is in a
log, an error or a repr; threads that need the same token ask for it once.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeAlias

from amberpost.clock import now
from amberpost.errors import SourceError
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.request import ask
from amberpost.store.secret import Secret

RENEW_BEFORE = timedelta(minutes=5)

_Key: TypeAlias = tuple[str, str, str, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    secret: Secret
    renew_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class _Place:
    """Where one client's token lies; whoever needs the same one waits for the lock instead of asking too."""

    lock: Lock = field(default_factory=Lock)
    token: _Token | None = None


class Tokens:
    """The tokens of this process. Thread-safe; nothing of it survives the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[_Key, _Place] = {}

    def get(self, client: OAuthClient) -> Secret:
        """A token with some life left; asks Microsoft only when there is none. Raises SourceError."""
        place = self._place(client)
        with place.lock:
            held = place.token
            if held is not None and now() < held.renew_at:
                return held.secret
            try:
                place.token = held = _new(client)
            except SourceError as error:
                if held is None or error.permanent or now() >= held.expires_at:
                    raise
                # still good: a login server that is busy need not stop us yet
            return held.secret

    def forget(self, client: OAuthClient) -> None:
        """The mail server refused this token: the next get() asks for another."""
        with self._lock:
            self._places.pop(_key(client), None)

    def _place(self, client: OAuthClient) -> _Place:
        key, moment = _key(client), now()
        with self._lock:
            if key not in self._places:
                # secrets and apps change: what has run out is not kept
                self._places = {
                    k: p for k, p in self._places.items() if p.token and p.token.expires_at > moment
                }
                self._places[key] = _Place()
            return self._places[key]


def _new(client: OAuthClient) -> _Token:
    secret, lifetime = ask(client)
    expires_at = now() + lifetime
    return _Token(secret=secret, renew_at=expires_at - min(RENEW_BEFORE, lifetime / 2), expires_at=expires_at)


def _key(client: OAuthClient) -> _Key:
    secret = hashlib.sha256(client.client_secret.reveal()).digest()
    return (client.authority, client.tenant, client.client_id, client.scope, secret)
