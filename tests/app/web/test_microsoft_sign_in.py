"""Sign-in at Microsoft: who gets in, and that no forged, foreign or stale answer does."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import jwt
import pytest
from django.conf import settings as django_settings
from django.test import Client

from amberpost.accounts.models import User
from amberpost.accounts.people import set_active
from amberpost.audit.models import AuditEvent
from amberpost.directory.active import activate, get_directory
from amberpost.errors import DirectoryError
from amberpost.governance.departed import end_sessions_of_departed
from amberpost.oauth.openid import LoginServers
from amberpost.road.open import open_keys_of
from amberpost.signin import openid
from tests.app.pages import PASSWORD, sign_in, text
from tests.microsoft_site import MicrosoftSite, make_site
from tests.opened import Opened
from tests.servers.microsoft import Answer, Microsoft
from tests.servers.openid import new_key, unsigned

NOT_ACCEPTED = "answer cannot be accepted"
STALE = "no longer valid"


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture
def site(
    new_opened: Callable[..., Opened], microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch
) -> MicrosoftSite:
    monkeypatch.setattr(openid, "_LOGINS", LoginServers())
    return make_site(new_opened(), microsoft)


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def refused(site: MicrosoftSite, object_id: str = "") -> str:
    """The page of an attempt that must not get in."""
    client = Client()
    answer = site.attempt(object_id or site.anna, client)
    assert answer.status_code == 401, answer.headers
    assert not is_in(client)
    return text(answer)


def test_a_person_of_entra_signs_in_and_goes_where_he_wanted(site: MicrosoftSite) -> None:
    client = Client()
    answer = site.come_back(client, site.depart(client, "/account/"), site.anna)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")
    assert is_in(client)
    assert client.session["_auth_user_id"] == str(User.objects.get(login="anna@firma.example").pk)
    event = AuditEvent.objects.get(action="user:signed_in")
    assert (event.target, event.detail["by"]) == ("anna@firma.example", "microsoft")


def test_the_session_is_a_new_one(site: MicrosoftSite) -> None:
    client = Client()
    sign_in(client, "otto", PASSWORD)
    before = client.session.session_key
    site.attempt(site.anna, client)
    assert client.session.session_key != before
    assert client.session["_auth_user_id"] == str(User.objects.get(login="anna@firma.example").pk)


def test_the_way_on_leads_to_own_pages_only(site: MicrosoftSite) -> None:
    client = Client()
    answer = site.come_back(client, site.depart(client, "https://evil.example/"), site.anna)
    assert answer.headers["Location"] == "/"


def test_the_question_to_microsoft_is_bound_to_the_attempt(site: MicrosoftSite) -> None:
    first, second = site.depart(Client()), site.depart(Client())
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name]) >= 43
    assert first["redirect_uri"] == "http://127.0.0.1:8025/sign-in/microsoft/back/"
    assert "client_secret" not in first


def test_the_ticket_is_hidden_from_scripts_and_lasts_ten_minutes(site: MicrosoftSite) -> None:
    client = Client()
    site.depart(client)
    ticket = client.cookies[f"{django_settings.SESSION_COOKIE_NAME}-microsoft"]
    assert (ticket["httponly"], ticket["samesite"], ticket["max-age"]) == (True, "Lax", 600)


def test_whoever_is_disabled_or_deleted_in_entra_loses_his_session(site: MicrosoftSite) -> None:
    client, keys = Client(), open_keys_of(site.opened.config)
    try:
        for trouble in (lambda: site.tenant.users[site.anna].update(accountEnabled=False),
                        lambda: site.tenant.users.pop(site.anna)):  # fmt: skip
            site.attempt(site.anna, client)
            assert end_sessions_of_departed(keys, by="test") == []
            assert is_in(client)
            kept = dict(site.tenant.users[site.anna])
            trouble()
            assert [user.login for user in end_sessions_of_departed(keys, by="test")] == [
                "anna@firma.example"
            ]
            assert not is_in(client)
            site.tenant.users[site.anna] = kept
    finally:
        keys.close()


def test_when_graph_does_not_answer_sessions_stay(site: MicrosoftSite) -> None:
    client, keys = Client(), open_keys_of(site.opened.config)
    site.attempt(site.anna, client)
    site.tenant.app.roles = ()
    site.tenant.server.revoke(site.tenant.app)
    with pytest.raises(DirectoryError):
        end_sessions_of_departed(keys, by="test")
    keys.close()
    assert is_in(client)


# Who is nobody here


def test_a_person_we_do_not_know_does_not_come_in_and_is_not_made(site: MicrosoftSite) -> None:
    stranger = str(uuid.uuid4())
    site.pages.accounts[stranger] = "new@firma.example"
    before = User.objects.count()
    page = refused(site, stranger)
    assert "new@firma.example, but have no account in this archive" in page
    assert User.objects.count() == before


def test_the_name_in_the_token_decides_nothing(site: MicrosoftSite) -> None:
    site.pages.claims = {
        "preferred_username": "anna@firma.example",
        "email": "anna@firma.example",
        "sub": site.anna,
    }
    assert "have no account" in refused(site, str(uuid.uuid4()))


def test_whoever_is_disabled_does_not_come_in(site: MicrosoftSite) -> None:
    assert "have no account" in refused(site, site.gone)
    set_active(User.objects.get(login="anna@firma.example"), active=False, by="test")
    assert "have no account" in refused(site)


def test_a_local_user_is_nobody_at_microsoft(site: MicrosoftSite) -> None:
    otto = User.objects.get(login="otto")
    otto.directory_key = f"entra:{uuid.uuid4()}"
    otto.save()
    assert "have no account" in refused(site, otto.directory_key.removeprefix("entra:"))


# State


def test_an_answer_works_once(site: MicrosoftSite) -> None:
    client = Client()
    back = urlsplit(site.pages.choose(site.depart(client), site.anna))
    address = f"{back.path}?{back.query}"
    assert client.get(address).status_code == 302
    client.post("/sign-out/")
    again = client.get(address)
    assert again.status_code == 401
    assert STALE in text(again)


def test_an_answer_in_another_browser_is_refused(site: MicrosoftSite) -> None:
    back = urlsplit(site.pages.choose(site.depart(Client()), site.anna))
    victim = Client()
    assert STALE in text(victim.get(f"{back.path}?{back.query}"))
    site.depart(victim)
    assert STALE in text(victim.get(f"{back.path}?{back.query}"))
    assert not is_in(victim)


def test_a_ticket_taken_over_does_not_make_a_code_work_twice(site: MicrosoftSite) -> None:
    client, thief = Client(), Client()
    query = site.depart(client)
    thief.cookies = client.cookies.copy()  # type: ignore[assignment]
    back = urlsplit(site.pages.choose(query, site.anna))
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert NOT_ACCEPTED in text(thief.get(f"{back.path}?{back.query}"))


@pytest.mark.parametrize("state", ["", "x", "\udc80", "ä"])
def test_an_invented_state_is_refused(site: MicrosoftSite, state: str) -> None:
    client = Client()
    site.depart(client)
    answer = client.get(
        "/sign-in/microsoft/back/", {"code": "x", "state": state.encode("utf-8", "surrogateescape")}
    )
    assert STALE in text(answer)


def test_an_old_or_changed_ticket_is_refused(site: MicrosoftSite, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{django_settings.SESSION_COOKIE_NAME}-microsoft"
    client = Client()
    query = site.depart(client)
    client.cookies[name] = client.cookies[name].value[:-1] + "-"
    assert STALE in text(site.come_back(client, query, site.anna))
    query = site.depart(client)
    monkeypatch.setattr(openid, "LASTS_SECONDS", -1)
    assert STALE in text(site.come_back(client, query, site.anna))


def test_a_code_of_another_attempt_is_refused(site: MicrosoftSite) -> None:
    """PKCE: a code that was caught is of no use in another browser."""
    mine, theirs = site.depart(client := Client()), site.depart(Client())
    caught = urlsplit(site.pages.choose({**theirs, "state": mine["state"]}, site.anna))
    assert NOT_ACCEPTED in text(client.get(f"{caught.path}?{caught.query}"))
    assert not is_in(client)


# The ID token


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://evil.example/v2.0"}, "another company"),
        ({"tid": str(uuid.uuid4())}, "another company"),
        ({"aud": str(uuid.uuid4())}, NOT_ACCEPTED),
        ({"nonce": "x"}, NOT_ACCEPTED),
        ({"nonce": None}, NOT_ACCEPTED),
        ({"oid": None}, NOT_ACCEPTED),
        ({"oid": "../x"}, NOT_ACCEPTED),
        ({"exp": None}, NOT_ACCEPTED),
        ({"exp": 1000}, "clocks"),
        ({"nbf": 9_999_999_999}, "clocks"),
        ({"iat": 9_999_999_999}, "clocks"),
        ({"iss": None}, NOT_ACCEPTED),
    ],
)
def test_a_token_that_is_not_for_us_is_refused(
    site: MicrosoftSite, claims: dict[str, object], words: str
) -> None:
    site.pages.claims = claims
    assert words in refused(site)


def test_several_audiences_are_refused(site: MicrosoftSite) -> None:
    site.pages.claims = {"aud": [site.tenant.app.client_id, "other"]}
    assert NOT_ACCEPTED in refused(site)


def test_a_token_signed_by_a_stranger_is_refused(site: MicrosoftSite) -> None:
    strange = new_key()
    site.pages.forge = lambda claims: jwt.encode(claims, strange, algorithm="RS256", headers={"kid": "first"})
    assert NOT_ACCEPTED in refused(site)


def test_a_token_without_a_signature_or_of_another_kind_is_refused(site: MicrosoftSite) -> None:
    public = json.dumps(site.pages._keys(None).body.decode())  # type: ignore[arg-type]
    forged = (
        lambda claims: unsigned(claims, {"alg": "none", "kid": "first"}),
        lambda claims: unsigned(claims, {"alg": "RS256", "kid": "first"}),
        lambda claims: jwt.encode(claims, public, algorithm="HS256", headers={"kid": "first"}),
        lambda claims: jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "other"}),
        lambda claims: "x",
        lambda claims: "",
    )
    for forge in forged:
        site.pages.forge = forge
        assert NOT_ACCEPTED in refused(site)


def test_new_keys_of_microsoft_are_taken_and_unknown_ones_not_asked_for_each_time(
    site: MicrosoftSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.attempt(site.anna).status_code == 302
    site.pages.keys["second"] = new_key()
    site.pages.signing = "second"
    refused(site)
    assert site.pages.keys_asked == 1, "asked a moment ago"
    monkeypatch.setattr("amberpost.oauth.openid._ASK_AGAIN", timedelta(0))
    assert site.attempt(site.anna).status_code == 302
    assert site.pages.keys_asked == 2


# Trouble


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (("access_denied", 65004, "User declined to consent."), "you declined"),
        (("access_denied", 50105, "Not assigned to a role."), "not assigned"),
        (("consent_required", 65001, "Has not consented."), "must first consent"),
        (("access_denied", 90094, "Needs admin permission."), "must first consent"),
        (("invalid_request", 50020, "User account does not exist in tenant."), "another company"),
        (("temporarily_unavailable", 90033, "Transient."), "cannot be reached"),
        (("invalid_client", 7000222, "Expired."), "not set up correctly"),
        (("<script>alert(1)</script>", 1234567, "<b>x</b>"), "AADSTS1234567"),
    ],
)
def test_each_refusal_of_microsoft_is_told_in_plain_words(
    site: MicrosoftSite, error: tuple[str, int, str], words: str
) -> None:
    site.pages.error = error
    page = refused(site)
    assert words in page
    assert "<script>alert" not in page


def test_a_cancelled_sign_in_is_no_trouble(site: MicrosoftSite) -> None:
    client = Client()
    assert "you declined" in text(site.come_back(client, site.depart(client), ""))
    assert site.attempt(site.anna, client).status_code == 302


def test_when_microsoft_is_away_the_local_operator_comes_in(site: MicrosoftSite) -> None:
    site.directory.settings["authority"] = "https://localhost:1"
    site.directory.save()
    answer = Client().get("/sign-in/microsoft/")
    assert answer.status_code == 401
    assert "cannot be reached" in text(answer)
    assert sign_in(Client(), "otto", PASSWORD).status_code == 302


def test_a_password_never_lets_a_person_of_entra_in(site: MicrosoftSite) -> None:
    anna = User.objects.get(login="anna@firma.example")
    anna.set_password(PASSWORD)
    anna.save()
    answer = sign_in(Client(), anna.login, PASSWORD)
    assert answer.status_code == 401
    assert "do not match" in text(answer)


@pytest.mark.parametrize("tenant", ["common", "organizations", "Consumers", "../x", ""])
def test_a_sign_in_for_everybody_is_not_begun(site: MicrosoftSite, tenant: str) -> None:
    site.directory.settings["tenant_id"] = tenant
    site.directory.save()
    assert Client().get("/sign-in/microsoft/").status_code in {401, 404}


@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_login_server_that_names_foreign_addresses_is_not_used(site: MicrosoftSite, name: str) -> None:
    site.pages.facts = {name: f"https://evil.example/{site.tenant.app.tenant}/v2.0"}
    answer = Client().get("/sign-in/microsoft/")
    assert answer.status_code == 401
    assert NOT_ACCEPTED in text(answer)


def test_a_login_server_that_answers_for_another_tenant_is_not_used(site: MicrosoftSite) -> None:
    site.pages.facts = {"issuer": f"{site.pages.server.authority}/{uuid.uuid4()}/v2.0"}
    assert "another company" in text(Client().get("/sign-in/microsoft/"))
    site.pages.facts = {"issuer": f"{site.pages.server.authority}/{{tenantid}}/v2.0"}
    assert Client().get("/sign-in/microsoft/").status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b"x" * 300_000])
def test_an_odd_answer_of_the_login_server_is_a_plain_page(site: MicrosoftSite, body: bytes) -> None:
    prefix = f"/{site.tenant.app.tenant}/v2.0/"
    site.pages.server.routes = {prefix: lambda _: Answer(200, body), **site.pages.server.routes}
    assert Client().get("/sign-in/microsoft/").status_code == 401
    del site.pages.server.routes[prefix]


def test_the_button_is_there_only_with_entra(site: MicrosoftSite) -> None:
    page = text(Client().get("/sign-in/?next=/account/"))
    assert "Sign in with Microsoft" in page
    assert "/sign-in/microsoft/?next=/account/" in page
    activate(get_directory("local"), by="test")
    assert "Microsoft" not in text(Client().get("/sign-in/"))
    assert Client().get("/sign-in/microsoft/").status_code == 404
    assert Client().get("/sign-in/microsoft/back/?code=x&state=y").status_code == 404


def test_too_many_attempts_from_one_address_must_wait(site: MicrosoftSite) -> None:
    client = Client()
    site.pages.error = ("access_denied", 65004, "no")
    query = site.depart(client)
    ticket = client.cookies[f"{django_settings.SESSION_COOKIE_NAME}-microsoft"].value
    for _ in range(50):
        client.cookies[f"{django_settings.SESSION_COOKIE_NAME}-microsoft"] = ticket
        answer = site.come_back(client, query, site.anna)
    client.cookies[f"{django_settings.SESSION_COOKIE_NAME}-microsoft"] = ticket
    answer = site.come_back(client, query, site.anna)
    assert "Too many attempts" in text(answer)


def test_a_wrong_secret_is_for_the_operator_and_stands_nowhere(
    site: MicrosoftSite, caplog: pytest.LogCaptureFixture
) -> None:
    before = site.tenant.app.secret
    site.tenant.app.secret = "another"
    page = refused(site)
    assert "not set up correctly" in page
    assert "AADSTS7000215" in caplog.text
    assert before not in page + caplog.text
