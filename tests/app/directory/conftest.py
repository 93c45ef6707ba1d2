"""Directories for these tests: one company in an OpenLDAP that looks like Active Directory, and in a real domain."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from amberpost.directory.found import Found, FoundEntry
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.store.secret import Secret
from tests.directory_sample import Company, make_company
from tests.servers import openldap, samba
from tests.servers.openldap import AD_LIKE, OpenLdap
from tests.servers.samba import Samba


def settings_for(server: OpenLdap | Samba, **changes: object) -> LdapSettings:
    """How an operator would enter this server."""
    if isinstance(server, OpenLdap):
        made = LdapSettings(
            kind=LdapKind.AD,
            hosts=(f"localhost:{server.port}",),
            user=server.reader,
            password=Secret(server.password.encode()),
            ca_pem=server.ca_pem,
            domain="firma.example",
            netbios="FIRMA",
            should_archive_rooms=True,
            page_size=20,
        )
    else:
        made = LdapSettings(
            kind=LdapKind.AD,
            hosts=(server.host,),
            user="Administrator",
            password=Secret(samba.PASSWORD.encode()),
            ca_pem=server.ca_pem,
            domain=samba.DOMAIN,
            netbios=samba.NETBIOS,
            should_archive_rooms=True,
            page_size=20,
        )
    return replace(made, **changes)  # type: ignore[arg-type]


def by_label(found: Found, company: Company) -> dict[str, FoundEntry]:
    """The entries under the labels of the sample."""
    return {company.labels[entry.name.removesuffix(" (Anzeige)")]: entry for entry in found.entries}


@pytest.fixture(scope="session")
def company() -> Company:
    return make_company()


@pytest.fixture(scope="session")
def ad_like(company: Company) -> Iterator[OpenLdap]:
    """The sample company in OpenLDAP. Read only, for all tests."""
    if openldap.PROGRAM is None:
        pytest.skip("OpenLDAP is not installed (tests/install-debian-packages)")
    # As Active Directory does: an empty password "succeeds", as nobody
    lax = "allow bind_anon_cred bind_anon_dn"
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE, extra_global=lax) as server:
        yield server


@pytest.fixture(scope="session")
def domain_company() -> Company:
    return make_company(is_samba=True)


@pytest.fixture(scope="session")
def domain(domain_company: Company) -> Iterator[Samba]:
    """The sample company in a real domain. Tests may change accounts of their own only."""
    reason = samba.why_not()
    if reason:
        pytest.skip(reason)
    with Samba(domain_company.entries) as server:
        yield server
