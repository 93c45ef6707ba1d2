"""The rules for TLS towards any server: the certificate is verified, nothing older than TLS 1.2."""

import ssl

from amberpost.errors import SourceError


def client_context(ca_pem: str | None) -> ssl.SSLContext:
    """Trusts the authorities in `ca_pem` instead of the system's, where it is given."""
    try:
        context = ssl.create_default_context(cadata=ca_pem)
    except (ssl.SSLError, ValueError):
        raise SourceError("root_certificate_invalid", permanent=True) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
