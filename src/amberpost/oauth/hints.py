"""Guesses that help to explain a refusal. Nothing is decided by them."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from amberpost.store.secret import Secret

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What a token says about itself. Nobody has checked it."""

    roles: tuple[str, ...]
    audience: str
    expires_at: datetime | None


def looks_like_secret_id(secret: Secret | str) -> bool:
    """True for a GUID: values of secrets have another shape, so it is probably the Secret ID. Only a warning."""
    text = secret if isinstance(secret, str) else secret.reveal().decode("utf-8", "replace")
    return is_guid(text.strip())


def token_roles(token: Secret) -> TokenFacts | None:
    """What a token seems to allow, to explain a refusal; None when it cannot be read, which is allowed."""
    try:
        _head, payload, _signature = token.reveal().decode("ascii").split(".")
        facts = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        roles, expires = facts.get("roles", ()), facts.get("exp")
        return TokenFacts(
            roles=tuple(str(role) for role in roles) if isinstance(roles, list) else (),
            audience=str(facts.get("aud", "")),
            expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int) else None,
        )
    except (ValueError, binascii.Error, AttributeError, RecursionError, OverflowError, OSError):
        return None


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None
