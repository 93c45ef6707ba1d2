"""Certificates of mail servers: what stands in them, and what an operator may enter about them."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from amberpost.clock import now
from amberpost.errors import UserError

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a person needs to recognise a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]  # hosts it is made for
    not_before: datetime
    not_after: datetime
    sha256: str

    @property
    def days_left(self) -> int:
        """Negative when it has expired."""
        return (self.not_after - now()).days

    @property
    def fingerprint(self) -> str:
        """SHA-256 in pairs, as other programs print it."""
        return shown_fingerprint(self.sha256)


def read_certificate(der: bytes) -> Certificate | None:
    """None for what is no certificate."""
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_name(found.subject),
            issuer=_name(found.issuer),
            names=_hosts(found),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            sha256=hashlib.sha256(der).hexdigest(),
        )
    except (ValueError, x509.DuplicateExtension):
        return None


def valid_authority(pem: str) -> str:
    """The certificates in a PEM text, without what stands around them; UserError if there are none."""
    if "PRIVATE KEY" in pem:
        raise UserError("private_key_given")
    try:
        found = x509.load_pem_x509_certificates(pem.encode("utf-8"))
    except ValueError:
        raise UserError("not_pem") from None
    return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in found)


def valid_fingerprint(text: str) -> str:
    """SHA-256 of a certificate as 64 hexadecimal digits, with or without colons; empty stays empty."""
    digits = re.sub(r"(?i)^\s*sha-?256[\s:=]*", "", text)
    digits = re.sub(r"[\s:]", "", digits).lower()
    if digits and not _FINGERPRINT.fullmatch(digits):
        raise UserError("fingerprint_invalid")
    return digits


def shown_fingerprint(sha256: str) -> str:
    """In pairs with colons, in capitals."""
    return ":".join(sha256[i : i + 2] for i in range(0, len(sha256), 2)).upper()


def _name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(kind)
        if found:
            return _printable(str(found[0].value))
    return _printable(name.rfc4514_string())


def _hosts(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    hosts = [*names.get_values_for_type(x509.DNSName), *names.get_values_for_type(x509.IPAddress)]
    return tuple(_printable(str(host)) for host in hosts)


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200]
