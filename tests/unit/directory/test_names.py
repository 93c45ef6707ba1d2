"""Addresses and X.500 names out of attributes."""

import pytest

from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.ldap.plain import key_of
from amberpost.directory.names import read_names
from amberpost.errors import DirectoryError
from amberpost.message.addresses import normalise_address


@pytest.mark.parametrize(
    ("proxies", "mail", "addresses"),
    [
        (["smtp:b@x.example", "SMTP:A@X.example"], "", ("a@x.example", "b@x.example")),
        (["SMTP:a@x.example", "smtp:A@X.EXAMPLE"], "a@x.example", ("a@x.example",)),
        ([], "M@x.example", ("m@x.example",)),
        (["SIP:s@x.example", "X400:c=us;a= ", "EUM:1", "sip:x"], "m@x.example", ("m@x.example",)),
        (["smtp:b@x.example", "smtp:m@x.example"], "M@x.example", ("m@x.example", "b@x.example")),
        (["smtp:b@x.example"], "other@y.example", ("b@x.example",)),
        (["Smtp:b@x.example", "SMTP:p@x.example"], "", ("p@x.example", "b@x.example")),
        (["SMTP:ü@Bücher.example"], "", ("ü@xn--bcher-kva.example",)),
        (["plain@x.example"], "", ("plain@x.example",)),
        (["mailto:a@x.example"], "", ("a@x.example",)),
        (["mailto:b@x.example", "SMTP:a@x.example"], "", ("a@x.example", "b@x.example")),
        ([], "mailto:A%2Bb@x.example", ("a+b@x.example",)),
        (["SMTP:", "smtp:nothing", "smtp:a b@x.example"], "", ()),
    ],
)
def test_the_primary_address_comes_first_and_none_twice(
    proxies: list[str], mail: str, addresses: tuple[str, ...]
) -> None:
    assert read_names(proxies, [mail] if mail else []).addresses == addresses


@pytest.mark.parametrize(
    ("routing", "address"),
    [("SMTP:a@cloud.example", ("a@cloud.example",)), ("X400:c=us", ()), ("", ()), ("a@cloud.example", ())],
)
def test_a_routing_address_is_added_if_it_is_one_for_mail(routing: str, address: tuple[str, ...]) -> None:
    assert read_names([], [], routing=routing).addresses == address


def test_x500_names_compare_equal_to_what_journal_reports_say() -> None:
    legacy = "/o=Firma/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=Böhm"
    names = read_names(
        [f"X500:{legacy}", f"x500:{legacy.upper()}", "X500:/o=Alt/cn=b"], [], legacy_dns=[legacy, ""]
    )
    assert names.x500 == (normalise_address(f"[EX:{legacy}]"), "[ex:/o=alt/cn=b]")


def test_unreadable_addresses_are_kept_for_the_note() -> None:
    assert read_names(["smtp:nothing", "SMTP:a@x.example"], []).unreadable == ("nothing",)


def test_the_identity_is_the_entry_uuid_or_what_389_directory_server_has_instead() -> None:
    number = b"59E5C7A4-1DD2-11B2-8A52-B2B7A8F1A4D3"
    by_name = {
        name: key_of(LdapEntry("uid=a", {name.lower(): [number]})) for name in ("entryUUID", "nsUniqueId")
    }
    assert set(by_name.values()) == {f"ldap:{number.decode().lower()}"}
    with pytest.raises(DirectoryError, match="entryUUID"):
        key_of(LdapEntry("uid=a", {"uid": [b"a"]}))
