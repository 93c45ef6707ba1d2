"""An LDAP server that is no Active Directory: people and groups as such servers keep them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from amberpost.directory.found import Found, FoundEntry
from amberpost.directory.ldap.reader import bind_as, enabled_keys, read_directory
from amberpost.directory.ldap.session import Refusal
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.errors import DirectoryError
from amberpost.store.secret import Secret
from tests.servers import openldap
from tests.servers.ldif import LdifEntry
from tests.servers.openldap import OpenLdap

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]

BASE = "dc=verein,dc=example"
PEOPLE, GROUPS = f"ou=People,{BASE}", f"ou=Groups,{BASE}"
RIGHT = Secret(b"geheim-17")

POLICY = f"""
overlay ppolicy
ppolicy_default "cn=policy,{BASE}"
ppolicy_use_lockout
"""


def person(uid: str, *mails: str, **values: str) -> LdifEntry:
    entry = LdifEntry(f"uid={uid},{PEOPLE}").add("objectClass", "inetOrgPerson")
    entry.add("uid", uid).add("cn", f"Name von {uid}").add("sn", uid).add("userPassword", "geheim-17")
    if mails:
        entry.add("mail", *mails)
    for name, value in values.items():
        entry.add(name, value)
    return entry


def group(cn: str, kind: str, *, mail: str = "", **members: list[str]) -> LdifEntry:
    entry = LdifEntry(f"cn={cn},{GROUPS}").add("objectClass", kind).add("cn", cn)
    if mail:
        entry.add("mail", mail)
    for name, values in members.items():
        entry.add(name, *values)
    return entry


ENTRIES = [
    person("anna", "anna@verein.example", "Anna.Alt@verein.example", displayName="Anna Ängström"),
    person("bert", "bert@verein.example"),
    person("cleo", "cleo@verein.example", pwdAccountLockedTime="000001010000Z"),
    person("ohne"),
    person("dora", "dora@verein.example", pwdChangedTime="20100101000000Z"),
    LdifEntry(f"cn=extern,ou=Else,{BASE}")
    .add("objectClass", "inetOrgPerson")
    .add("cn", "extern")
    .add("sn", "x")
    .add("uid", "extern")
    .add("mail", "extern@verein.example"),
    group("vorstand", "groupOfNames", mail="vorstand@verein.example",
          member=[f"uid=anna,{PEOPLE}", f"cn=alle,{GROUPS}"]),
    group("alle", "groupOfUniqueNames", mail="alle@verein.example",
          uniqueMember=[f"uid=bert,{PEOPLE}#'0101'B", f"cn=vorstand,{GROUPS}", f"cn=unix,{GROUPS}"]),
    group("unix", "posixGroup", memberUid=["CLEO", "nobody"], gidNumber=["1000"]),
    group("still", "groupOfNames", member=[f"uid=anna,{PEOPLE}"]),
    LdifEntry(f"cn=policy,{BASE}")
    .add("objectClass", "device", "pwdPolicy")
    .add("cn", "policy")
    .add("pwdAttribute", "userPassword")
    .add("pwdMaxAge", 86400000)
    .add("pwdLockout", "TRUE")
    .add("pwdMaxFailure", 3),
]  # fmt: skip


@pytest.fixture(scope="module")
def club() -> Iterator[OpenLdap]:
    with OpenLdap(BASE, ENTRIES, extra=POLICY) as server:
        yield server


def settings_for(server: OpenLdap) -> LdapSettings:
    return LdapSettings(
        kind=LdapKind.LDAP,
        hosts=(f"localhost:{server.port}",),
        user=server.reader,
        password=Secret(server.password.encode()),
        ca_pem=server.ca_pem,
        user_container="ou=People",
        page_size=3,
    )


def by_name(found: Found) -> dict[str, FoundEntry]:
    return {entry.login or entry.name: entry for entry in found.entries}


def test_people_and_groups_are_found(club: OpenLdap) -> None:
    found = by_name(read_directory(settings_for(club)))
    assert set(found) == {"anna", "bert", "cleo", "dora", "vorstand", "alle"}
    anna = found["anna"]
    assert anna.kind == "person"
    assert anna.name == "Anna Ängström"
    assert anna.addresses == ("anna@verein.example", "anna.alt@verein.example")
    assert anna.logins == ("anna@verein.example",)
    assert anna.is_enabled
    assert not found["cleo"].is_enabled
    assert len(anna.key) == len("ldap:") + 36
    assert all(entry.key.startswith("ldap:") for entry in found.values())


def test_members_by_name_by_dn_and_in_circles_are_found(club: OpenLdap) -> None:
    found = by_name(read_directory(settings_for(club)))
    wanted = {found[name].key for name in ("anna", "bert", "cleo")}
    assert set(found["vorstand"].members) == wanted
    assert set(found["alle"].members) == wanted
    assert found["alle"].kind == "group"


def test_the_base_is_the_servers_own_unless_set(club: OpenLdap) -> None:
    settings = settings_for(club)
    assert read_directory(replace(settings, base_dn=BASE)) == read_directory(settings)
    everywhere = by_name(read_directory(replace(settings, user_container="")))
    assert "extern" in everywhere
    assert read_directory(replace(settings, user_container=PEOPLE)) == read_directory(settings)


def test_the_fields_are_as_the_operator_enters_them(club: OpenLdap) -> None:
    settings = replace(
        settings_for(club),
        user_filter="(&(objectClass=inetOrgPerson)(!(uid=bert)))",
        user_attribute="cn",
        mail_attributes=("mail", "mailLocalAddress"),
        group_filter="",
    )
    found = by_name(read_directory(settings))
    assert set(found) == {"Name von anna", "Name von cleo", "Name von dora"}


def test_signing_in_follows_the_filter_and_the_fields(club: OpenLdap) -> None:
    settings = settings_for(club)
    anna = by_name(read_directory(settings))["anna"]
    for login in ("anna", "ANNA", "Anna.Alt@verein.example"):
        assert bind_as(settings, login, RIGHT).key == anna.key
    assert bind_as(settings, "anna", Secret(b"falsch")).refusal is Refusal.WRONG
    assert bind_as(settings, "*", RIGHT).refusal is Refusal.WRONG
    assert bind_as(settings, "extern", RIGHT).refusal is Refusal.WRONG
    without = replace(settings, user_filter="(&(objectClass=inetOrgPerson)(!(uid=anna)))")
    assert bind_as(without, "anna", RIGHT).refusal is Refusal.WRONG


def test_an_expired_and_a_locked_password_are_told_apart(club: OpenLdap) -> None:
    settings = settings_for(club)
    assert bind_as(settings, "dora", RIGHT).refusal is Refusal.PASSWORD_EXPIRED
    assert bind_as(settings, "cleo", RIGHT).refusal is Refusal.LOCKED
    with pytest.raises(DirectoryError, match=r"password of the account for reading.*has expired"):
        read_directory(replace(settings, user=f"uid=dora,{PEOPLE}", password=RIGHT))


def test_the_state_of_accounts_is_seen(club: OpenLdap) -> None:
    settings = settings_for(club)
    found = by_name(read_directory(settings))
    keys = [found[name].key for name in ("anna", "bert", "cleo")]
    assert enabled_keys(settings, [*keys, "ldap:00000000-0000-0000-0000-000000000000"]) == set(keys[:2])
