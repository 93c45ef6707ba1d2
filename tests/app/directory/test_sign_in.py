"""Signing in with the directory: who gets in, who does not, and that the answer says why."""

from collections.abc import Iterator

import pytest

from amberpost.directory.ldap.reader import SignIn, bind_as, enabled_keys, read_directory
from amberpost.directory.ldap.session import Refusal
from amberpost.errors import DirectoryError
from amberpost.store.secret import Secret
from tests.app.directory.conftest import by_label, settings_for
from tests.directory_sample import PASSWORD, Company
from tests.servers.ldif import LdifEntry
from tests.servers.openldap import AD_LIKE, OpenLdap
from tests.servers.samba import BASE, Samba, password_value

pytestmark = pytest.mark.server

RIGHT = Secret(PASSWORD.encode())
# Nothing, and what turns into nothing when a password is prepared (RFC 4013 table B.1)
EMPTY = ["", "\u00ad", "\u200b", "\ufeff\u2060", "\0"]


@pytest.mark.parametrize("login", ["p1", "P1@firma.example", "Person.1@firma.example", "FIRMA\\p1", " p1 "])
def test_a_person_signs_in_under_each_of_his_names(ad_like: OpenLdap, company: Company, login: str) -> None:
    settings = settings_for(ad_like)
    key = by_label(read_directory(settings), company)["p1"].key
    assert bind_as(settings, login, RIGHT) == SignIn(key=key)


def test_the_names_shown_are_the_names_that_work(ad_like: OpenLdap, company: Company) -> None:
    settings = settings_for(ad_like)
    for label in ("p0", "p5", "onlymail"):
        entry = by_label(read_directory(settings), company)[label]
        for login in (entry.login, *entry.logins):
            assert bind_as(settings, login, RIGHT).key == entry.key, login


@pytest.mark.parametrize(
    "login",
    [
        "nobody",
        "",
        "*",
        "p*",
        "p1)(cn=*",
        "p1)(|(cn=*",
        "ELSEWHERE\\p1",
        "\\70\\31",
        "p1\0",
        "dyn",
        "x" * 100_000,
    ],
)
def test_no_other_name_leads_to_him(ad_like: OpenLdap, login: str) -> None:
    assert bind_as(settings_for(ad_like), login, RIGHT) == SignIn(refusal=Refusal.WRONG)


@pytest.mark.parametrize("password", EMPTY)
@pytest.mark.parametrize("login", ["p1", "", "reader"])
def test_an_empty_password_never_signs_in(ad_like: OpenLdap, login: str, password: str) -> None:
    assert bind_as(settings_for(ad_like), login, Secret(password.encode())).key is None


@pytest.mark.parametrize("password", EMPTY)
def test_an_empty_password_never_signs_in_to_a_domain(domain: Samba, password: str) -> None:
    assert bind_as(settings_for(domain), "p1", Secret(password.encode())).key is None


def test_a_name_that_two_people_have_lets_nobody_in(company: Company) -> None:
    twins = [
        entry for entry in company.entries if entry.text("cn") in ("Sonderfall onlymail", "Sonderfall linked")
    ]
    changed = [LdifEntry(twin.dn, {**twin.values, "mail": [b"same@firma.example"]}) for twin in twins]
    with OpenLdap(company.suffix, changed, schema=AD_LIKE) as server:
        assert len(changed) == 2
        assert bind_as(settings_for(server), "same@firma.example", RIGHT).refusal is Refusal.WRONG
        assert bind_as(settings_for(server), "onlymail", RIGHT).key


def test_nobody_signs_in_over_an_open_connection(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError, match="needs STARTTLS or SSL"):
        bind_as(settings_for(ad_like, security="none"), "p1", RIGHT)


def test_a_person_disabled_in_the_directory_does_not_sign_in(ad_like: OpenLdap) -> None:
    # OpenLDAP knows nothing of userAccountControl: it is we who look
    assert bind_as(settings_for(ad_like), "leaver", RIGHT).refusal is Refusal.DISABLED
    assert bind_as(settings_for(ad_like), "leaver", Secret(b"falsch")).refusal is Refusal.WRONG


def test_when_no_server_answers_it_is_an_error_and_no_refusal(ad_like: OpenLdap) -> None:
    with pytest.raises(DirectoryError):
        bind_as(settings_for(ad_like, hosts=("localhost:1",)), "p1", RIGHT)


# A real domain


def account(name: str, *, uac: int = 512, **values: str | int) -> LdifEntry:
    entry = LdifEntry(f"CN={name},OU=Anmeldung,{BASE}").add("objectClass", "user").add("sAMAccountName", name)
    entry.add("userAccountControl", uac).add("mail", f"{name}@sign.example")
    entry.add("clearTextPassword", password_value())
    for key, value in values.items():
        entry.add(key, value)
    return entry


@pytest.fixture(scope="module")
def troubled(domain: Samba) -> Iterator[Samba]:
    """The domain with accounts that are closed in one way each; others compare it with its truth later."""
    domain.load(
        [
            account("fine", uac=66048),
            account("must", pwdLastSet=0),
            account("off", uac=514),
            account("over", accountExpires=130000000000000000),
            account("locked", uac=66048),
            account("night", uac=66048),
            account("old"),
        ]
    )
    yield domain
    domain.clear(f"OU=Anmeldung,{BASE}")


@pytest.mark.parametrize(
    ("login", "refusal"),
    [
        ("fine", None),
        ("fine@firma.example", None),
        ("FIRMA\\fine", None),
        ("fine@sign.example", None),
        ("must", Refusal.MUST_CHANGE_PASSWORD),
        ("off", Refusal.DISABLED),
        ("over", Refusal.ACCOUNT_EXPIRED),
        ("nobody", Refusal.WRONG),
    ],
)
def test_a_domain_says_why_somebody_is_not_let_in(
    troubled: Samba, login: str, refusal: Refusal | None
) -> None:
    signed = bind_as(settings_for(troubled), login, RIGHT)
    assert signed.refusal is refusal
    assert (signed.key is None) is (refusal is not None)


def test_a_wrong_password_in_a_domain_is_just_wrong(troubled: Samba) -> None:
    assert bind_as(settings_for(troubled), "fine", Secret(b"falsch")).refusal is Refusal.WRONG


def test_a_locked_account_is_told_apart(troubled: Samba) -> None:
    troubled.modify(BASE, lockoutThreshold="3")
    settings = settings_for(troubled)
    try:
        outcomes = {bind_as(settings, "locked", Secret(b"falsch")).refusal for _ in range(5)}
        assert Refusal.LOCKED in outcomes
        assert bind_as(settings, "locked", RIGHT).refusal is Refusal.LOCKED
    finally:
        troubled.modify(BASE, lockoutThreshold="0")


def test_an_account_outside_its_hours_is_told_apart(troubled: Samba) -> None:
    troubled.modify(f"CN=night,OU=Anmeldung,{BASE}", logonHours="\0" * 21)
    assert bind_as(settings_for(troubled), "night", RIGHT).refusal is Refusal.NOT_NOW


def test_expired_passwords_are_told_for_people_and_for_our_own_account(troubled: Samba) -> None:
    troubled.age_password(f"CN=old,OU=Anmeldung,{BASE}")
    assert bind_as(settings_for(troubled), "old", RIGHT).refusal is Refusal.PASSWORD_EXPIRED
    with pytest.raises(DirectoryError, match=r"password of the account for reading.*has expired") as caught:
        read_directory(settings_for(troubled, user="old"))
    assert caught.value.permanent


def test_a_disabled_or_deleted_account_is_seen_at_once(troubled: Samba) -> None:
    settings = settings_for(troubled)
    troubled.load([account("soon"), account("gone")])
    found = {entry.login: entry for entry in read_directory(settings).entries if entry.kind == "person"}
    soon, gone = found["soon"], found["gone"]
    assert enabled_keys(settings, [soon.key, gone.key]) == {soon.key, gone.key}
    troubled.modify(f"CN=soon,OU=Anmeldung,{BASE}", userAccountControl="514")
    troubled.delete(f"CN=gone,OU=Anmeldung,{BASE}")
    assert enabled_keys(settings, [soon.key, gone.key]) == frozenset()
    assert enabled_keys(settings, []) == frozenset()


def test_a_key_survives_a_rename_and_a_move(troubled: Samba) -> None:
    settings = settings_for(troubled)
    troubled.load([account("mover")])
    before = next(entry for entry in read_directory(settings).entries if entry.login == "mover")
    troubled.rename(f"CN=mover,OU=Anmeldung,{BASE}", f"CN=Neuer Name,OU=Leute,{BASE}")
    after = next(entry for entry in read_directory(settings).entries if entry.login == "mover")
    assert (before.key, before.name) == (after.key, "mover")
    assert after.name == "Neuer Name"
    troubled.delete(f"CN=Neuer Name,OU=Leute,{BASE}")
