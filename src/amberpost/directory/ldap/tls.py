"""Encrypted connections to a directory: what is trusted, and what a certificate says."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from amberpost.errors import DirectoryError, SourceError
from amberpost.net.tls import client_context


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCertificate:
    """What the operator may want to know about a certificate that was verified."""

    version: str  # TLSv1.3
    names: tuple[str, ...]
    issuer: str
    expires_at: datetime


def tls_context(ca_pem: str | None) -> ssl.SSLContext:
    """Verification of chain and host name, by the given authority alone or by the system's."""
    try:
        return client_context(ca_pem)
    except SourceError as error:
        raise DirectoryError(error.remark, permanent=True) from None


def certificate_of(secured: ssl.SSLSocket) -> VerifiedCertificate:
    """The facts of the other side's certificate."""
    facts = secured.getpeercert() or {}
    issuer = {pair[0]: pair[1] for part in facts.get("issuer", ()) for pair in part}
    names = tuple(str(pair[1]) for pair in facts.get("subjectAltName", ()))
    ends = ssl.cert_time_to_seconds(str(facts["notAfter"]))
    return VerifiedCertificate(
        version=secured.version() or "",
        names=names,
        issuer=str(issuer.get("commonName") or issuer.get("organizationName") or ""),
        expires_at=datetime.fromtimestamp(ends, UTC),
    )
