"""Coming in, staying in, being thrown out."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from amberpost.accounts.models import User
from amberpost.accounts.people import reset_password, set_active
from amberpost.audit.models import AuditEvent
from amberpost.clock import milliseconds, now
from amberpost.signin import login as rules
from amberpost.signin.first_operator import make_setup_link
from amberpost.signin.models import SetupLink, SignInFailures
from tests.app.pages import PASSWORD, SECRET, Site, sign_in, text

GOOD = "correct horse battery staple"


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def age(client: Client, **changes: timedelta) -> None:
    session = client.session
    for name, by in changes.items():
        session[name] = milliseconds(now() - by)
    session.save()


def test_the_session_key_changes_at_sign_in_and_is_forgotten_at_sign_out(site: Site) -> None:
    client = site.fresh()
    client.get("/sign-in/")
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    sign_in(client, "alice")
    key = client.session.session_key
    assert key != before
    assert len(key or "") >= 32  # of 36 letters: 165 bits
    client.post("/sign-out/")
    client.cookies[settings.SESSION_COOKIE_NAME] = key or ""
    assert not is_in(client)


@pytest.mark.parametrize(
    ("login", "word"), [("alice", "wrong"), ("nobody", PASSWORD), ("alice", ""), ("", "")]
)
def test_a_wrong_word_is_refused_without_saying_which(site: Site, login: str, word: str) -> None:
    answer = sign_in(site.fresh(), login, word)
    assert answer.status_code in {200, 401}
    assert "is_active" not in text(answer)
    if word and login:
        assert "Login and password do not match" in text(answer)


def test_the_login_may_be_written_in_any_case(site: Site) -> None:
    assert sign_in(site.fresh(), "ALICE").status_code == 302


def test_too_many_attempts_lock_even_the_right_password_out(site: Site) -> None:
    client = site.fresh()
    for _ in range(5):
        sign_in(client, "alice", "wrong")
    locked = sign_in(client, "alice")
    assert locked.status_code == 401
    assert "Too many attempts" in text(locked)
    assert sign_in(site.fresh(), "bob").status_code == 302, (
        "another account from the same address is not locked"
    )
    assert AuditEvent.objects.filter(action="user:locked_out", target="alice").exists()


def test_another_address_is_not_locked_with_it(site: Site) -> None:
    for _ in range(6):
        sign_in(site.fresh(), "alice", "wrong")
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(other, "alice").status_code == 302


def test_the_lock_doubles_and_ends(site: Site) -> None:
    assert rules._lock_after(4, 5) is None
    assert [rules._lock_after(n, 5) for n in (5, 6, 7, 500)] == [
        timedelta(seconds=30),
        timedelta(seconds=60),
        timedelta(seconds=120),
        timedelta(hours=1),
    ]
    for _ in range(5):
        sign_in(site.fresh(), "alice", "wrong")
    SignInFailures.objects.update(locked_until=now() - timedelta(seconds=1))
    assert sign_in(site.fresh(), "alice").status_code == 302
    assert not SignInFailures.objects.exists(), "success forgets the failures"


def test_an_unused_session_ends_after_an_hour_and_any_after_twelve(site: Site) -> None:
    idle, old, used = (site.fresh("alice") for _ in range(3))
    age(idle, seen_at=timedelta(minutes=61))
    age(old, begun_at=timedelta(hours=12, minutes=1))
    age(used, seen_at=timedelta(minutes=59), begun_at=timedelta(hours=11))
    assert (is_in(idle), is_in(old), is_in(used)) == (False, False, True)


def test_who_searches_after_the_session_ended_gets_the_results_after_signing_in(site: Site) -> None:
    client = site.fresh("alice")
    age(client, seen_at=timedelta(minutes=61))
    answer = client.post("/", {"q": SECRET})
    assert answer.headers["Location"].startswith("/sign-in/")
    assert SECRET not in answer.headers["Location"]
    answer = sign_in(client, "alice")
    shown = client.get(answer.headers["Location"])
    assert f'value="{SECRET}"' in text(shown)
    assert sign_in(client, "alice").headers["Location"] == "/", "told once"


def test_nobody_else_gets_the_words_of_an_ended_session(site: Site) -> None:
    client = site.fresh("alice")
    age(client, seen_at=timedelta(minutes=61))
    client.post("/", {"q": SECRET})
    assert sign_in(client, "bob").headers["Location"] == "/"
    assert sign_in(client, "alice").headers["Location"] == "/"


def test_a_form_that_comes_too_late_keeps_no_password(site: Site) -> None:
    client = site.fresh("alice")
    age(client, seen_at=timedelta(minutes=61))
    client.post("/account/password/", {"present": PASSWORD, "password": GOOD, "again": GOOD})
    assert not any(GOOD in str(session.get_decoded()) for session in Session.objects.all())


def test_a_form_that_comes_too_late_leads_back_to_the_page_it_stands_on(site: Site) -> None:
    client = site.fresh("alice")
    for referer, wanted in (
        ("http://testserver/account/?from=menu", "/account/?from=menu"),
        ("http://elsewhere.example/account/", ""),
        ("http://testserver.elsewhere.example/", ""),
        ("", ""),
        ("http://testserver//elsewhere.example/", "//elsewhere.example/"),  # signing in does not follow it
    ):
        age(client, seen_at=timedelta(minutes=61))
        answer = client.post("/account/password/", {"present": PASSWORD}, HTTP_REFERER=referer)
        address = answer.headers["Location"]
        assert parse_qs(urlsplit(address).query, keep_blank_values=True)["next"] == [wanted]
        assert "data-late" in text(client.get(address))
        answer = client.post(address, {"login": "alice", "password": PASSWORD})
        assert answer.headers["Location"] == ("/" if wanted.startswith("//") else wanted or "/")


def test_a_disabled_user_is_out_at_once_and_stays_out(site: Site) -> None:
    client, alice = site.fresh("alice"), User.objects.get(login="alice")
    set_active(alice, active=False, by="test")
    assert not is_in(client)
    assert sign_in(site.fresh(), "alice").status_code == 401
    set_active(alice, active=True, by="test")
    assert not is_in(client), "his old session is gone, not asleep"


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    here, there = site.fresh("alice"), site.fresh("alice")
    answer = here.post("/account/password/", {"present": PASSWORD, "password": GOOD, "again": GOOD})
    assert answer.status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert sign_in(site.fresh(), "alice", GOOD).status_code == 302


@pytest.mark.parametrize(
    ("present", "new", "again"),
    [
        ("wrong", GOOD, GOOD),
        (PASSWORD, GOOD, GOOD + "r"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "password1234", "password1234"),
        (PASSWORD, "x" * 129, "x" * 129),
        (PASSWORD, PASSWORD, PASSWORD),
        (PASSWORD, "Alice Ahrens alice", "x"),
    ],
)
def test_a_bad_new_password_changes_nothing(site: Site, present: str, new: str, again: str) -> None:
    answer = site.fresh("alice").post(
        "/account/password/", {"present": present, "password": new, "again": again}
    )
    assert answer.status_code == 200
    assert 'class="error"' in text(answer)
    assert sign_in(site.fresh(), "alice").status_code == 302


def test_with_a_one_time_password_nothing_opens_but_the_change_of_it(site: Site) -> None:
    word = reset_password(User.objects.get(login="alice"), by="test")
    client = site.fresh()
    sign_in(client, "alice", word)
    for page in ("/search/", f"/m/{site.secret}/", f"/m/{site.secret}/raw", "/account/"):
        answer = client.get(page)
        assert (answer.status_code, answer["Location"]) == (302, "/account/password/")
    client.post("/account/password/", {"present": word, "password": GOOD, "again": GOOD})
    assert client.get("/search/").status_code == 200


@pytest.mark.parametrize(
    "bad", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:///x"]
)
def test_sign_in_leads_to_own_pages_only(site: Site, bad: str) -> None:
    answer = site.fresh().post(f"/sign-in/?next={bad}", {"login": "alice", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_the_first_operator_comes_through_a_link_that_works_once(site: Site) -> None:
    token = make_setup_link()
    assert token not in str(list(SetupLink.objects.values()))
    client, form = site.fresh(), {"login": "root.one", "name": "One", "password": GOOD, "again": GOOD}
    assert client.get(f"/setup/{token}/").status_code == 200
    assert client.post(f"/setup/{token}/", form)["Location"] == "/console/assistant/"
    assert User.objects.get(login="root.one").role == "operator"
    again = site.fresh().post(f"/setup/{token}/", {**form, "login": "root.two"})
    assert again.status_code == 404
    assert not User.objects.filter(login="root.two").exists()


def test_a_mistake_in_the_form_does_not_use_the_link_up(site: Site) -> None:
    token = make_setup_link()
    answer = site.fresh().post(f"/setup/{token}/", {"login": "alice", "password": GOOD, "again": GOOD})
    assert "taken" in text(answer)
    assert site.fresh().get(f"/setup/{token}/").status_code == 200


def test_a_setup_link_ends_after_a_day(site: Site) -> None:
    token = make_setup_link()
    SetupLink.objects.update(expires_at=now() - timedelta(seconds=1))
    assert site.fresh().get(f"/setup/{token}/").status_code == 404


def test_a_newer_setup_link_ends_the_older(site: Site) -> None:
    older, newer = make_setup_link(), make_setup_link()
    assert [site.fresh().get(f"/setup/{token}/").status_code for token in (older, newer)] == [404, 200]


def test_cookies_are_closed(site: Site) -> None:
    client = site.fresh()
    client.get("/sign-in/")
    sign_in(client, "alice")
    session = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert session["max-age"] == "", "it ends with the browser"
    assert all(cookie["httponly"] for cookie in client.cookies.values())
