"""The first three steps of a connection test: find the server, reach it, and look at its certificate.

A connection of its own, closed again before anybody logs in: no password and no token travel here.
"""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace

from amberpost.errors import AddressForbidden, SourceError, remark_of
from amberpost.net.certificates import Certificate, read_certificate
from amberpost.net.dial import dial
from amberpost.net.dial import look_up as resolve
from amberpost.net.patience import Patience, reader
from amberpost.net.tls import why_untrusted
from amberpost.remark import Remark
from amberpost.sources.settings import AccountSettings
from amberpost.sources.tls import connect_context

_LINE_BYTES = 8192
_LINES = 50  # a server that greets longer does not mean it


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """What a TLS handshake came to."""

    version: str
    cipher: str
    certificate: Certificate | None
    refusal: Remark | None = None  # why the certificate is not trusted


def look_up(settings: AccountSettings) -> tuple[str, ...]:
    """The addresses of the server."""
    server = settings.server
    try:
        found = resolve(server, None, settings.patience().seconds())
    except TimeoutError:
        raise SourceError("name_lookup_timeout", subject=server) from None
    except (OSError, UnicodeError):
        raise SourceError("server_name_unknown", subject=server) from None
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


def reach(settings: AccountSettings) -> None:
    """Open a connection and close it."""
    _dial(settings, settings.patience()).close()


def encrypt(settings: AccountSettings, *, is_pop3: bool) -> Encryption:
    """Begin TLS as the settings ask for. SourceError when there is none to be had."""
    try:
        found = _handshake(settings, connect_context(settings), is_pop3=is_pop3)
    except ssl.SSLCertVerificationError as error:
        # once more without verifying, only to see the certificate; it is compared or shown, never trusted
        unverified = connect_context(replace(settings, certificate_sha256="any"))
        found = _handshake(settings, unverified, is_pop3=is_pop3)
        return _refused(found, why_untrusted(error))
    seen = found.certificate.sha256 if found.certificate else ""
    if settings.certificate_sha256 and seen != settings.certificate_sha256:
        return _refused(found, Remark("certificate_other"))
    return found


def _refused(found: Encryption, why: Remark) -> Encryption:
    return Encryption(version=found.version, cipher=found.cipher, certificate=found.certificate, refusal=why)


def _handshake(settings: AccountSettings, context: ssl.SSLContext, *, is_pop3: bool) -> Encryption:
    patience = settings.patience()
    plain = _dial(settings, patience)
    try:
        if settings.security == "starttls":
            _ask_for_tls(plain, patience, is_pop3=is_pop3)
        plain.settimeout(patience.seconds())  # of the whole handshake
        with context.wrap_socket(plain, server_hostname=settings.server) as secured:
            der, cipher = secured.getpeercert(binary_form=True), secured.cipher()
            return Encryption(
                version=secured.version() or "",
                cipher=cipher[0] if cipher else "",
                certificate=read_certificate(der) if der else None,
            )
    except ssl.SSLCertVerificationError:
        raise
    except TimeoutError:
        raise SourceError("tls_timeout", subject=_place(settings)) from None
    except ssl.SSLError as error:
        raise SourceError("tls_cannot_begin", said=error.reason or "") from None
    except (OSError, ValueError) as error:
        raise SourceError(Remark("tls_connection_lost", cause=remark_of(error))) from None
    finally:
        with suppress(OSError):
            plain.close()


def _dial(settings: AccountSettings, patience: Patience) -> socket.socket:
    try:
        return dial(settings.server, settings.port, patience)
    except AddressForbidden as error:
        raise SourceError(error.remark, permanent=True) from None
    except TimeoutError:
        raise SourceError("nobody_answers", subject=_place(settings)) from None
    except (OSError, UnicodeError) as error:
        what = Remark("server_unreachable", subject=_place(settings), cause=remark_of(error))
        raise SourceError(what) from None


def _ask_for_tls(plain: socket.socket, patience: Patience, *, is_pop3: bool) -> None:
    """STLS (RFC 2595) or STARTTLS (RFC 9051 §6.2.1), after the greeting."""
    with reader(plain, patience) as lines:
        lines.readline(_LINE_BYTES)
        plain.sendall(b"STLS\r\n" if is_pop3 else b"amber STARTTLS\r\n")
        wanted = b"+OK" if is_pop3 else b"amber OK"
        for _ in range(_LINES):
            line = lines.readline(_LINE_BYTES)
            if line.upper().startswith(wanted.upper()):
                return
            if is_pop3 or not line or line.lower().startswith(b"amber "):
                break
    raise SourceError("starttls_missing", permanent=True)


def _place(settings: AccountSettings) -> str:
    return f"{settings.server}:{settings.port}"
