"""Lists a domain controller gives out in parts ("member;range=0-1499") come whole or not at all."""

from collections.abc import Iterator

import pytest

from amberpost.directory.ldap.reader import sign_in
from amberpost.directory.ldap.session import LdapSession
from amberpost.errors import DirectoryError
from tests.app.directory.conftest import settings_for
from tests.servers.ldif import LdifEntry
from tests.servers.samba import BASE, Samba

pytestmark = pytest.mark.server

COUNT = 37


@pytest.fixture(scope="module")
def crowded(domain: Samba) -> Iterator[Samba]:
    """The domain with a group of 37."""
    people = [
        LdifEntry(f"CN=Viele {number},OU=Viele,{BASE}")
        .add("objectClass", "user")
        .add("sAMAccountName", f"v{number}")
        for number in range(COUNT)
    ]
    group = LdifEntry(f"CN=Menge,OU=Viele,{BASE}").add("objectClass", "group").add("sAMAccountName", "menge")
    domain.load([*people, group.add("member", *(one.dn for one in people))])
    yield domain
    domain.clear(f"OU=Viele,{BASE}")


@pytest.mark.parametrize("first", ["0-4", "0-0", "0-35", "0-36", "0-*", "0-99"])
def test_a_list_given_in_parts_comes_whole(crowded: Samba, first: str) -> None:
    settings = settings_for(crowded)
    with LdapSession(settings, settings.addresses[0]) as session:
        sign_in(session, settings)
        # Samba gives parts only when asked; from here on it is as with Microsoft's servers
        found = session.search(BASE, "(sAMAccountName=menge)", (f"member;range={first}",))
        assert len(set(found[0].texts("member"))) == COUNT
        assert len(found[0].texts("member")) == COUNT
        assert not [name for name in found[0].values if "range" in name]


def test_a_list_that_ends_in_the_middle_is_an_error(crowded: Samba) -> None:
    settings = settings_for(crowded)
    with LdapSession(settings, settings.addresses[0]) as session:
        sign_in(session, settings)
        with pytest.raises(DirectoryError, match="broke off in the middle of a long list"):
            session._next_range(f"CN=Fort,OU=Viele,{BASE}", "member", "0-4")
