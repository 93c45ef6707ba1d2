"""Everybody in the sample company becomes what he should, in OpenLDAP and in a real domain."""

import pytest

from amberpost.directory.found import Found
from amberpost.directory.ldap.reader import read_directory
from tests.app.directory.conftest import by_label, settings_for
from tests.directory_sample import Company
from tests.servers.openldap import OpenLdap
from tests.servers.samba import Samba

pytestmark = pytest.mark.server


def assert_true(found: Found, company: Company) -> None:
    """Compare field by field with what the sample says, in both directions."""
    entries = by_label(found, company)
    assert set(entries) == set(company.truth)
    keys = {entry.key: label for label, entry in entries.items()}
    assert len(keys) == len(entries)
    for label, truth in company.truth.items():
        entry = entries[label]
        assert entry.kind == truth.kind, label
        assert entry.addresses == truth.addresses, label
        assert entry.x500 == truth.x500, label
        assert entry.is_enabled is truth.is_enabled, label
        assert entry.login == truth.login, label
        assert {keys[key] for key in entry.members} == truth.members, label
        assert {keys[key] for key in entry.delegates} == truth.delegates, label
        assert entry.key.startswith("ad:"), label


def test_everybody_in_an_ad_like_openldap_is_found_as_he_is(ad_like: OpenLdap, company: Company) -> None:
    assert_true(read_directory(settings_for(ad_like)), company)


def test_everybody_in_a_real_domain_is_found_as_he_is(domain: Samba, domain_company: Company) -> None:
    assert_true(read_directory(settings_for(domain)), domain_company)


def test_a_real_domain_is_read_over_ssl_and_with_the_netbios_name(
    domain: Samba, domain_company: Company
) -> None:
    settings = settings_for(
        domain, security="ssl", user="FIRMA\\Administrator", base_dn="DC=firma,DC=example"
    )
    assert_true(read_directory(settings), domain_company)


def test_two_readings_are_equal(ad_like: OpenLdap) -> None:
    assert read_directory(settings_for(ad_like)) == read_directory(settings_for(ad_like, page_size=7))


def test_what_is_left_out_is_noted(ad_like: OpenLdap) -> None:
    notes = "\n".join(map(str, read_directory(settings_for(ad_like)).notes))
    for words in ("belong to the system (7)", "no mailbox in the company (2)", "kind of mailbox is not known (1)",
                  "dynamic groups cannot be read", "public folders cannot be read", "older shared mailboxes (1)",
                  "Not readable as a mail address (2)"):  # fmt: skip
        assert words in notes


def test_rooms_are_left_out_unless_asked_for(ad_like: OpenLdap) -> None:
    found = read_directory(settings_for(ad_like, should_archive_rooms=False))
    assert not {"room", "equipment"} & {entry.kind for entry in found.entries}
    assert any("rooms and equipment" in str(note) for note in found.notes)
