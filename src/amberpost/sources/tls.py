"""TLS towards a mail server, as its account asks for: verified by an authority, or one pinned certificate.

Promises: without a pin the chain and the name are verified; with one, exactly that certificate is accepted,
whoever signed it; call check_shown() before anything secret is sent.
"""

import hashlib
import hmac
import ssl

from amberpost.errors import SourceError
from amberpost.net.tls import client_context
from amberpost.sources.settings import AccountSettings, OAuthLogin


def connect_context(settings: AccountSettings) -> ssl.SSLContext:
    """How the handshake verifies; what a pin replaces is left to check_shown()."""
    if settings.certificate_sha256 is None:
        return client_context(settings.ca_pem)
    context = client_context(None)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check_shown(settings: AccountSettings, connection: ssl.SSLSocket) -> None:
    """Tell which certificate the server showed, and raise if one is pinned and it is another."""
    settings.on_certificate(connection.getpeercert(binary_form=True) or b"")
    if settings.certificate_sha256 is None:
        return
    shown = fingerprint(connection)
    wanted = settings.certificate_sha256.replace(":", "").lower()
    if not hmac.compare_digest(shown.encode("ascii"), wanted.encode("utf-8")):
        raise SourceError(
            "certificate_not_accepted",
            subject=f"SHA-256 {shown}",
            permanent=True,
        )


def fingerprint(connection: ssl.SSLSocket) -> str:
    """SHA-256 of the certificate the server showed, in hex."""
    return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def require_tls_for_tokens(settings: AccountSettings) -> None:
    """A token is worth a password: it is not sent in clear text unless somebody said so."""
    is_token = isinstance(settings.login, OAuthLogin)
    if is_token and settings.security == "none" and not settings.allow_insecure_oauth:
        raise SourceError("token_needs_tls", permanent=True)
