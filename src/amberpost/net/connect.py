"""Open a connection to a server an operator named, with errors that say at which step it failed.

Promises: the name is looked up once and that address is used; a certificate is verified or nothing is sent;
link-local addresses (metadata services live there) are never asked; everything has a time limit.
"""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from amberpost.errors import DeliveryError, UserError
from amberpost.net.tls import why_untrusted

TIMEOUT_SECONDS = 10.0
LIMIT_SECONDS = 60.0  # for everything together: a server that drips is a server that hangs


def split_host(text: str, default_port: int) -> tuple[str, int]:
    """host[:port], with [::1]:port for IPv6; UserError if the port is none."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or "]" in port or (":" in host and not host.endswith("]")):
        return text.strip().strip("[]"), default_port
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError("not_a_port", subject=text)
    return host.strip("[]"), int(port)


def trusting(ca_pem: str) -> ssl.SSLContext:
    """Trusts the system's authorities and those in `ca_pem`; nothing older than TLS 1.2."""
    context = ssl.create_default_context()
    try:
        if ca_pem:
            context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError):
        raise UserError("root_certificate_invalid") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def open_connection(host: str, port: int, *, may_be_internal: bool = True) -> socket.socket:
    """A TCP connection to the first address of `host` that answers."""
    problem: OSError | None = None
    for address in _addresses(host, port, may_be_internal=may_be_internal):
        try:
            return socket.create_connection((address, port), TIMEOUT_SECONDS)
        except OSError as error:
            problem = error
    raise connect_failure(problem, f"{host}:{port}")


def secure(connection: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """TLS from the first byte."""
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except OSError as error:
        connection.close()
        raise tls_failure(error) from None


@contextmanager
def time_limit(connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """End the connection of the block when it takes too long as a whole."""

    def end() -> None:
        open_one = connection()
        if open_one is not None:
            with suppress(OSError):
                open_one.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(LIMIT_SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def connect_failure(error: OSError | None, server: str) -> DeliveryError:
    """Why no connection came about, and what to look at."""
    if isinstance(error, TimeoutError):
        code = "relay_silent"
    elif isinstance(error, ConnectionRefusedError):
        code = "relay_port_closed"
    else:
        code = "relay_unreachable"
    return DeliveryError(code, step="connect", subject=server)


def tls_failure(error: OSError) -> DeliveryError:
    """Why the connection could not be secured."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError("relay_certificate_untrusted", step="tls", subject=why_untrusted(error))
    if isinstance(error, TimeoutError):
        return DeliveryError("server_timeout", step="tls")
    return DeliveryError("relay_without_tls", step="tls")


def _addresses(host: str, port: int, *, may_be_internal: bool) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryError("server_name_unknown", step="name", subject=host) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        _require_allowed(address, host, may_be_internal=may_be_internal)
    return addresses


def _require_allowed(address: str, host: str, *, may_be_internal: bool) -> None:
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        raise DeliveryError("address_not_for_notices", step="name", subject=host)
    if not may_be_internal and not ip.is_global:
        raise DeliveryError("server_is_internal", step="name", subject=host)
