"""The connection test in steps: each step says what it found, or what is wrong and what to do."""

import pytest

from amberpost.directory import steps
from amberpost.directory.settings import LdapSettings
from amberpost.directory.steps import DirectoryStep
from amberpost.store.secret import Secret
from tests.app.directory.conftest import settings_for
from tests.servers.openldap import OpenLdap
from tests.servers.proxy import Proxy
from tests.servers.samba import Samba

pytestmark = pytest.mark.server


def run(settings: LdapSettings) -> list[DirectoryStep]:
    return list(steps.test_directory(settings))


def test_a_good_connection_is_shown_from_name_to_sample(ad_like: OpenLdap) -> None:
    done = run(settings_for(ad_like))
    assert all(step.is_ok for step in done)
    texts = {step.title: step.text for step in done}
    assert "127.0.0.1" in texts[f"Name of localhost:{ad_like.port}"]
    connection = texts[f"Connection to localhost:{ad_like.port}"]
    assert "TLSv1.3" in connection
    assert "localhost" in connection
    assert "Test CA" in connection
    assert texts["Base DN"] == "dc=firma,dc=example"
    assert "mailboxes and groups have them" in texts["Exchange attributes"]
    assert "people: 25, shared mailboxes: 2, rooms: 1, equipment: 1, groups: 8" in texts["What is found"]
    assert "<person.0@firma.example>" in texts["For example"]
    assert any(step.title == "Hint" for step in done)
    assert all(step.seconds >= 0 for step in done)


def test_a_real_domain_passes_too(domain: Samba) -> None:
    assert all(step.is_ok for step in run(settings_for(domain)))


def test_the_second_server_is_tried_and_both_are_shown(ad_like: OpenLdap) -> None:
    done = run(settings_for(ad_like, hosts=("no-such-host.invalid", f"localhost:{ad_like.port}")))
    assert [step.title for step in done if not step.is_ok] == ["Name of no-such-host.invalid:389"]
    assert "check its spelling" in done[0].text
    assert any(step.title == "What is found" for step in done)


def test_without_a_usable_server_the_last_step_says_so(ad_like: OpenLdap) -> None:
    done = run(settings_for(ad_like, hosts=("localhost:1",)))
    assert [step.is_ok for step in done] == [True, False, False]
    assert "No server can be used" in done[-1].text


def test_a_wrong_password_ends_the_test_at_once(ad_like: OpenLdap) -> None:
    with Proxy(ad_like.port) as second:
        hosts = (f"localhost:{ad_like.port}", f"localhost:{second.port}")
        done = run(settings_for(ad_like, hosts=hosts, password=Secret(b"falsch")))
        assert not done[-1].is_ok
        assert "does not accept the user name or password" in done[-1].text
        assert second.sent_bytes == 0


def test_an_open_connection_is_named_as_such(ad_like: OpenLdap) -> None:
    texts = [step.text for step in run(settings_for(ad_like, security="none"))]
    assert any("clear text" in text for text in texts)


def test_a_wrong_base_is_told(ad_like: OpenLdap) -> None:
    done = run(settings_for(ad_like, base_dn="ou=Nirgends,dc=firma,dc=example"))
    assert not done[-1].is_ok
    assert done[-1].title == "Base DN"


def test_a_base_with_nothing_in_it_is_not_ok(ad_like: OpenLdap) -> None:
    done = run(settings_for(ad_like, base_dn="OU=Rechner,DC=firma,DC=example"))
    assert not done[-1].is_ok
    assert "check the base DN" in done[-1].text
