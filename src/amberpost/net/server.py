"""Which server a person means: a name or an address, with a port or without.

Promises: what is read here the resolver and TLS can take; everything else is a UserError that shows the form.
"""

import ipaddress
import re
from dataclasses import dataclass

from amberpost.errors import UserError

# Letters, digits and hyphens (RFC 1123 §2.1); underscores are in use, and a root dot is allowed
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::([0-9]{1,5}))?")
_PLAIN = re.compile(r"([^\s/:@\[\]]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where a server listens."""

    name: str  # a host name as it was typed, or an IP address without brackets
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def read_server(text: str, default_port: int) -> ServerAddress:
    """host, host:port, [v6]:port (RFC 3986 §3.2.2) or a bare IPv6 address; UserError for anything else."""
    server = text.strip()
    if bracketed := _BRACKETED.fullmatch(server):
        name, port, is_v6 = bracketed[1], bracketed[2], True
    elif server.count(":") > 1:
        name, port, is_v6 = server, None, True
    elif plain := _PLAIN.fullmatch(server):
        name, port, is_v6 = plain[1], plain[2], False
    else:
        raise UserError("server_invalid", subject=server[:100])
    number = default_port if port is None else int(port)
    if (port is not None and not 0 < number < 65536) or not (_is_v6(name) if is_v6 else _is_name(name)):
        raise UserError("server_invalid", subject=server[:100])
    return ServerAddress(name=name, port=number)


def _is_v6(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    """True for what the resolver asks for: a label that is empty or too long has no form in IDNA."""
    try:
        return _NAME.fullmatch(text.encode("idna").decode("ascii")) is not None
    except UnicodeError:
        return False
