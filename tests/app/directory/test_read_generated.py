"""The generated directory of the shared corpora, in a real server, becomes what directory.json says."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from amberpost.directory.ldap.reader import enabled_keys, read_directory
from tests.app.directory.conftest import settings_for
from tests.app.directory.independent import differences
from tests.corpora import shared
from tests.servers import openldap
from tests.servers.ldif import read_ldif
from tests.servers.openldap import AD_LIKE, OpenLdap

pytestmark = [
    pytest.mark.server,
    pytest.mark.shared,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]


@pytest.fixture(scope="module")
def generated() -> Iterator[OpenLdap]:
    text = shared("corpora/ldif/generated-200/directory.ldif").read_text()
    with OpenLdap("DC=musterfirma,DC=example", read_ldif(text), schema=AD_LIKE) as server:
        yield server


def test_every_entry_becomes_what_the_truth_says(generated: OpenLdap) -> None:
    truth = json.loads(shared("corpora/ldif/generated-200/directory.json").read_text())
    found = read_directory(settings_for(generated, domain="musterfirma.example"))
    assert len(found.entries) > 200
    assert differences([asdict(entry) for entry in found.entries], truth) == []


def test_the_independent_comparison_sees_a_difference(generated: OpenLdap) -> None:
    truth = json.loads(shared("corpora/ldif/generated-200/directory.json").read_text())
    found = [asdict(entry) for entry in read_directory(settings_for(generated)).entries]
    for name, value in (
        ("members", ()),
        ("addresses", ("a@b.example",)),
        ("is_enabled", False),
        ("kind", "room"),
    ):
        changed = next(
            entry for entry in found if entry["kind"] == ("group" if name == "members" else "person")
        )
        assert differences([{**entry, name: value} if entry is changed else entry for entry in found], truth)
    assert differences(found[1:], truth)


def test_an_alias_claimed_twice_is_found_at_both(generated: OpenLdap) -> None:
    found = read_directory(settings_for(generated))
    assert sum("doppelt@musterfirma.example" in entry.addresses for entry in found.entries) == 2


def test_the_state_of_many_accounts_is_asked_in_few_questions(generated: OpenLdap) -> None:
    settings = settings_for(generated)
    people = [entry for entry in read_directory(settings).entries if entry.kind == "person"]
    unknown = "ad:00000000-0000-0000-0000-000000000000"
    keys = enabled_keys(settings, [unknown, *(entry.key for entry in people)])
    assert keys == {entry.key for entry in people if entry.is_enabled}
    assert len(keys) < len(people)
