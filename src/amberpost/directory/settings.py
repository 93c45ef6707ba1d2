"""What a directory connection must be told. Values only; a password prints as ***."""

from dataclasses import dataclass
from enum import StrEnum

from amberpost.net.security import SecurityName
from amberpost.net.server import ServerAddress, read_server
from amberpost.oauth.client import AUTHORITY
from amberpost.store.secret import Secret

GRAPH = "https://graph.microsoft.com"


class LdapKind(StrEnum):
    AD = "ad"
    LDAP = "ldap"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings:
    """Active Directory or another LDAP server, reached with an account that may only read."""

    kind: LdapKind
    hosts: tuple[str, ...]  # tried in this order: "dc1.example.com", "dc1.example.com:3268", "[::1]:389"
    user: str
    password: Secret
    security: SecurityName = "starttls"
    ca_pem: str | None = None  # trusted instead of the system's authorities
    base_dn: str = ""  # empty: what the server calls its own

    domain: str = ""  # Active Directory: example.com
    netbios: str = ""  # Active Directory: EXAMPLE
    should_archive_rooms: bool = False  # rooms and equipment become public archives

    user_container: str = ""  # other LDAP, as the five below; a DN, or one relative to base_dn
    user_filter: str = "(objectClass=inetOrgPerson)"
    user_attribute: str = "uid"
    mail_attributes: tuple[str, ...] = ("mail",)
    group_filter: str = (
        "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
    )
    member_attributes: tuple[str, ...] = ("member", "uniqueMember", "memberUid")

    page_size: int = 500
    connect_seconds: float = 10
    answer_seconds: float = 60  # for one answer, a page of results included
    max_entries: int = 250_000
    max_answer_bytes: int = 256 * 2**20

    @property
    def addresses(self) -> tuple[ServerAddress, ...]:
        """The hosts with their ports."""
        return tuple(read_server(text, 636 if self.security == "ssl" else 389) for text in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntraSettings:
    """Microsoft Entra ID, read through Microsoft Graph by an app that an operator registered."""

    tenant_id: str  # a GUID, or a domain of the tenant
    client_id: str
    client_secret: Secret
    authority: str = AUTHORITY  # national clouds have another one, and another Graph
    graph: str = GRAPH
    ca_pem: str | None = None  # trusted instead of the system's authorities

    should_archive_rooms: bool = False  # rooms and equipment become public archives
    page_size: int = 500
    max_entries: int = 250_000
    max_waiting_seconds: float = 600  # in one run, because Microsoft asks us to
