"""Which addresses we connect to, whoever named the server: sources, directory, OAuth, webhook and relay alike.

Promises: never link-local, cloud metadata, multicast or unspecified addresses, and never a port of our own, in
whatever form an address is written; addresses that are not public only where the caller says so.
"""

import ipaddress
import socket
from collections.abc import Iterator
from typing import TypeAlias

from amberpost.config import current
from amberpost.errors import AddressForbidden

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds keep their metadata besides 169.254.169.254, each from the manual of its cloud
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "fd00:ec2::254",  # Amazon
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure, the "wire server"
        "192.0.0.192",  # Oracle
    )
)
_THIS_NETWORK = ipaddress.ip_network(
    "0.0.0.0/8"
)  # RFC 1122 §3.2.1.3: no destination; Linux takes it for itself
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291 §2.5.5.1, deprecated; also :: and ::1
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052 §2.1
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215


def require_allowed(address: str, port: int, *, server: str, may_be_internal: bool) -> None:
    """AddressForbidden unless we may connect there. `address`: what the resolver answered for `server`."""
    for one in _forms(ipaddress.ip_address(address.partition("%")[0])):
        if (
            one.is_link_local
            or one.is_multicast
            or one.is_unspecified
            or one in _METADATA
            or (one.version == 4 and (one.is_reserved or one in _THIS_NETWORK))
        ):
            raise AddressForbidden("address_forbidden", subject=server)
        if not may_be_internal and not one.is_global and not (one.version == 6 and one in _LOCAL_NAT64):
            raise AddressForbidden("server_is_internal", subject=server)
        if current().listen.rpartition(":")[2] == str(port) and _is_this_machine(one):
            raise AddressForbidden("address_is_ours", subject=server)


def _forms(address: _Address) -> Iterator[_Address]:
    """The address, and the IPv4 address that a gateway or the system would make of it."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    number, last = int(address), int(address) & 0xFFFFFFFF
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped  # the system connects to it as IPv4, so nothing else counts
        return
    if address in _NAT64:
        yield ipaddress.IPv4Address(last)
        return
    yield address
    if address.sixtofour is not None:  # RFC 3056 §2
        yield address.sixtofour
    if address.teredo is not None:  # RFC 4380 §4
        yield from address.teredo
    if address in _COMPATIBLE and last > 0xFFFF:  # else it is ::, ::1 or a neighbour, and no IPv4 address
        yield ipaddress.IPv4Address(last)
    if address in _LOCAL_NAT64:  # RFC 6052 §2.2: at the end, or around the bits 64 to 71
        inner = (number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF
        yield from (ipaddress.IPv4Address(one) for one in (last, inner) if one > 0xFFFFFF)


def _is_this_machine(address: _Address) -> bool:
    """True for loopback and for every address this machine has: from it the system would talk to itself."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))  # sends nothing: UDP only chooses the way
            return ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]) == address
    except OSError:  # no way there
        return False
