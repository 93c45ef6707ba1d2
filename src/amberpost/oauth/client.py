"""An app that signs in as itself, as an operator registered it at Microsoft."""

from dataclasses import dataclass

from amberpost.store.secret import Secret

AUTHORITY = "https://login.microsoftonline.com"
OUTLOOK_SCOPE = "https://outlook.office365.com/.default"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """An app registered in a tenant. Other authorities and scopes are those of national clouds, or of Graph."""

    tenant: str
    client_id: str
    client_secret: Secret
    authority: str = AUTHORITY
    scope: str = OUTLOOK_SCOPE
    ca_pem: str | None = None  # trusted instead of the system's authorities
