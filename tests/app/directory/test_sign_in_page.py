"""The sign-in page with a directory behind it: whom it lets in, and that it tells strangers nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

import pytest
from django.test import Client

from amberpost.accounts.models import User
from amberpost.accounts.people import set_active
from amberpost.audit.models import AuditEvent
from amberpost.directory.active import activate, get_directory, rules_of, save_directory
from amberpost.directory.ldap.reader import SignIn, bind_as, read_directory
from amberpost.directory.ldap.session import Refusal
from amberpost.directory.models import Directory
from amberpost.directory.plan.plan import plan
from amberpost.directory.settings import LdapSettings
from amberpost.errors import DirectoryError
from amberpost.governance import sync as accounts_sync
from amberpost.road.open import open_keys_of
from amberpost.signin import directory_login
from amberpost.store.secret import Secret
from tests.app.directory.conftest import settings_for
from tests.app.pages import PASSWORD as LOCAL_PASSWORD
from tests.app.pages import sign_in, text
from tests.directory_sample import PASSWORD
from tests.opened import Opened
from tests.servers.openldap import OpenLdap
from tests.servers.samba import BASE, Samba

pytestmark = pytest.mark.server

USUAL = "Login and password do not match"
DOWN = "the directory cannot be reached"


@dataclass
class Joined:
    """An archive whose people come from a directory, and a local operator otto."""

    opened: Opened
    directory: Directory
    asked: list[str] = field(default_factory=list)  # every login the directory was asked about

    def attempt(self, login: str, password: str = PASSWORD, address: str = "127.0.0.1") -> str:
        """ "" if he is in, else what the page says."""
        client = Client(REMOTE_ADDR=address)
        answer = sign_in(client, login, password)
        if answer.status_code == 302:
            assert client.get("/account/").status_code == 200
            return ""
        assert answer.status_code in {200, 401}
        assert client.get("/account/").status_code == 302
        return text(answer)


def join(opened: Opened, settings: LdapSettings) -> Directory:
    """What an operator does: enter the directory, read it, apply the plan."""
    directory = get_directory(settings.kind)
    given = {one.name: getattr(settings, one.name) for one in fields(settings)}
    names = ("hosts", "user", "security", "ca_pem", "base_dn", "domain", "netbios", "page_size")
    directory.settings = {
        name: list(value) if isinstance(value := given[name], tuple) else value for name in names
    }
    keys = open_keys_of(opened.config)
    save_directory(directory, {"password": settings.password}, keys.seal_setting, by="test")
    keys.close()
    activate(directory, by="test")
    found = read_directory(settings)
    accounts_sync.apply(plan(accounts_sync.current_state(), found, rules_of(directory)), by="test")
    return directory


@pytest.fixture
def joined(new_opened: Callable[..., Opened], ad_like: OpenLdap, monkeypatch: pytest.MonkeyPatch) -> Joined:
    opened = new_opened()
    opened.add_user("otto", role="operator")
    one = Joined(opened, join(opened, settings_for(ad_like)))

    def spy(settings: LdapSettings, login: str, password: Secret) -> SignIn:
        one.asked.append(login)
        return bind_as(settings, login, password)

    monkeypatch.setattr(directory_login, "bind_as", spy)
    return one


@pytest.mark.parametrize("login", ["p1@firma.example", "P1", "Person.1@firma.example", "FIRMA\\p1"])
def test_a_person_of_the_directory_signs_in_with_its_password(joined: Joined, login: str) -> None:
    assert joined.attempt(login) == ""
    assert AuditEvent.objects.filter(action="user:signed_in", target="p1@firma.example").exists()


def test_a_local_password_never_lets_a_person_of_the_directory_in(joined: Joined) -> None:
    person = User.objects.get(login="p1@firma.example")
    person.set_password("a local password")
    person.save()
    assert USUAL in joined.attempt("p1@firma.example", "a local password")
    assert joined.attempt("p1@firma.example") == ""


def test_all_who_may_not_know_more_read_the_same(joined: Joined) -> None:
    pages = {
        joined.attempt(login, word, f"192.0.2.{number}").replace(login, "LOGIN")
        for number, (login, word) in enumerate(
            [
                ("p1", "wrong"),
                ("nobody", "wrong"),
                ("otto", "wrong"),
                ("nobody", PASSWORD),
                ("leaver", "wrong"),
            ]
        )
    }
    shown = {page[page.index("<main") :].split("csrfmiddlewaretoken")[0] for page in pages}
    assert len(shown) == 1
    assert USUAL in shown.pop()


def test_every_login_is_asked_for_and_no_word_of_a_local_user_leaves(joined: Joined) -> None:
    for login in ("p1", "nobody", "otto"):
        joined.attempt(login, "wrong")
    assert joined.asked[:2] == ["p1", "nobody"]
    assert len(joined.asked) == 3, "who is not asked for answers faster"
    assert "otto" not in joined.asked


def test_what_is_wrong_with_an_account_is_told_after_the_right_password(joined: Joined) -> None:
    assert "Your account is disabled in the directory" in joined.attempt("leaver")
    assert USUAL in joined.attempt("leaver", "wrong", "192.0.2.9")
    failed = AuditEvent.objects.filter(action="user:login_failed")
    assert {event.detail["cause"] for event in failed} == {"disabled", "wrong"}


def test_an_empty_password_lets_nobody_in(joined: Joined) -> None:
    for word in ("", "\u00ad", "\u200b"):
        assert joined.attempt("p1", word)


def test_without_the_directory_only_the_local_operator_comes_in(joined: Joined) -> None:
    joined.directory.settings["hosts"] = ["localhost:1"]
    joined.directory.save()
    said = {joined.attempt(login, "wrong", "192.0.2.1") for login in ("p1", "nobody", "otto")}
    assert all(DOWN in page and "A local operator still can" in page for page in said)
    assert joined.attempt("otto", LOCAL_PASSWORD) == ""


def test_the_answer_must_be_the_key_of_that_very_user(
    joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = User.objects.get(login="p2@firma.example")
    monkeypatch.setattr(
        directory_login, "bind_as", lambda *_: SignIn(key=other.directory_key)
    )  # the name went to another person since the directory was read
    assert "you have no account in this archive" in joined.attempt("p1")
    assert joined.attempt("p2") == ""
    monkeypatch.setattr(directory_login, "bind_as", lambda *_: SignIn(key="ad:unknown"))
    assert "you have no account in this archive" in joined.attempt("new")


def test_a_locked_account_reads_the_same_as_a_wrong_password(
    joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A domain controller says "locked" without looking at the password."""
    monkeypatch.setattr(directory_login, "bind_as", lambda *_: SignIn(refusal=Refusal.LOCKED))
    assert USUAL in joined.attempt("p1")


def test_whoever_is_disabled_here_does_not_come_in(joined: Joined) -> None:
    set_active(User.objects.get(login="p1@firma.example"), active=False, by="test")
    assert "you have no account" in joined.attempt("p1")


def test_other_names_of_a_person_are_no_further_tries(joined: Joined) -> None:
    for login in ("p1", "p1@firma.example", "FIRMA\\p1", "Person.1@firma.example", "P1"):
        joined.attempt(login, "wrong")
    assert "Too many attempts" in joined.attempt("p1@firma.example")
    assert joined.attempt("p2") == ""


def test_invented_domains_are_no_further_tries(joined: Joined) -> None:
    for name in ("A\\nobody", "B\\Nobody", "nobody@x.example", "nóbody", "no body"):
        joined.attempt(name, "wrong")
    assert "Too many attempts" in joined.attempt("C\\nobody")


def test_a_person_of_the_directory_has_no_password_to_change_here(joined: Joined) -> None:
    client = Client()
    sign_in(client, "p1", PASSWORD)
    assert "change-password" not in text(client.get("/account/"))
    assert "/account/password/" not in text(client.get("/account/"))
    answer = client.get("/account/password/")
    assert answer.status_code == 400
    assert "directory" in text(answer)


def test_a_directory_that_breaks_is_no_refusal(joined: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> SignIn:
        raise DirectoryError("connection_lost")

    monkeypatch.setattr(directory_login, "bind_as", broken)
    assert DOWN in joined.attempt("p1")


def test_a_real_domain_lets_people_in_and_says_when_the_password_must_change(
    new_opened: Callable[..., Opened], domain: Samba
) -> None:
    opened = new_opened()
    opened.add_user("otto", role="operator")
    one = Joined(opened, join(opened, settings_for(domain)))
    assert one.attempt("p3") == ""
    assert USUAL in one.attempt("p3", "wrong")
    domain.modify(f"{_dn(domain, 'p4')}", pwdLastSet="0")
    try:
        assert "must be changed first" in one.attempt("p4")
        assert USUAL in one.attempt("p4", "wrong", "192.0.2.1")
    finally:
        domain.modify(f"{_dn(domain, 'p4')}", pwdLastSet="-1")


def _dn(domain: Samba, login: str) -> str:
    user = User.objects.get(login=f"{login}@firma.example")
    assert user.directory_reference.endswith(BASE)
    return user.directory_reference
