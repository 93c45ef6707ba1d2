"""Names of an injection grammar against a real server: nobody gets in, nothing else is found."""

import pytest

from amberpost.directory.ldap.reader import base_of, person_filter, sign_in
from amberpost.directory.ldap.session import LdapSession, Refusal
from amberpost.store.secret import Secret
from tests.app.directory.conftest import settings_for
from tests.directory_sample import Company
from tests.servers.openldap import OpenLdap
from tests.servers.samba import Samba
from tests.unit.directory.test_escape import injections

pytestmark = pytest.mark.server


def names_in(company: Company) -> set[str]:
    """Every text that is a way to sign in for somebody, as directories compare them."""
    texts = (
        entry.text(name)
        for entry in company.entries
        for name in ("sAMAccountName", "userPrincipalName", "mail")
    )
    accounts = {text.lower() for text in texts}
    return accounts | {f"firma\\{one}" for one in accounts} | {f"{one}@firma.example" for one in accounts}


def assert_nobody_is_found(server: OpenLdap | Samba, company: Company, count: int) -> None:
    settings = settings_for(server)
    known = names_in(company)
    with LdapSession(settings, settings.addresses[0]) as session:
        sign_in(session, settings)
        base = base_of(session, settings)
        for text in injections(count, seed=count):
            if " ".join(text.lower().split()) not in known:
                assert session.search(base, person_filter(settings, text), ("cn",)) == [], repr(text)


def assert_no_name_binds(server: OpenLdap | Samba, count: int) -> None:
    """Injections as the name or the password of a simple sign-in."""
    settings = settings_for(server)
    with LdapSession(settings, settings.addresses[0]) as session:
        for text in injections(count, seed=count + 1):
            raw = text.encode("utf-8", "surrogatepass")
            assert session.bind(raw.decode("utf-8", "replace"), Secret(b"x")) is Refusal.WRONG, repr(text)
            assert session.bind(settings.user, Secret(raw)) is Refusal.WRONG, repr(text)


def test_injected_names_find_nobody_in_openldap(ad_like: OpenLdap, company: Company) -> None:
    assert_nobody_is_found(ad_like, company, 1_000)
    assert_no_name_binds(ad_like, 300)


def test_injected_names_find_nobody_in_a_domain(domain: Samba, domain_company: Company) -> None:
    assert_nobody_is_found(domain, domain_company, 200)


@pytest.mark.long
def test_50000_injected_names_find_nobody(ad_like: OpenLdap, company: Company) -> None:
    assert_nobody_is_found(ad_like, company, 50_000)
    assert_no_name_binds(ad_like, 5_000)
