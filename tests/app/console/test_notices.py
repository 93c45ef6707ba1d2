"""The page of the notifications: settings without secrets, a test in plain words, what is open."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.governance.state import take_snapshot
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.configure import current_settings
from amberpost.notice.models import Channel, Dispatch, Notice, NoticeSettings
from amberpost.notice.rounds import follow
from tests.app.pages import Site, text
from tests.servers.certificates import make_certificates
from tests.servers.microsoft import Microsoft
from tests.servers.smtp import USER, WORD, relay, web_server

URL = "/console/notices/"
FIELDS = {
    "addresses": "otto@firma.example\noda@firma.example",
    "relay": "localhost:2525",
    "security": "starttls",
    "sender": "archive@firma.example",
    "login": "password",
    "user": USER,
    "password": WORD,
    "webhook_url": "https://hooks.firma.example/in",
    "webhook_secret": "hook geheim",
    "ca_pem": "",
    "language": "en",
    "failing_polls": "5",
    "behind_minutes": "15",
    "quarantine_per_day": "100",
    "disk_percent": "80",
    "disk_full_percent": "90",
}


def save(site: Site, **changes: str) -> str:
    return text(site.client("otto").post(URL, {**FIELDS, **changes}, follow=True))


def try_out(site: Site) -> str:
    return text(site.client("otto").post(f"{URL}test/", follow=True))


def test_what_is_saved_is_kept_and_recorded_without_secrets(site: Site) -> None:
    assert "The notifications are saved" in save(site)
    settings = current_settings()
    assert settings.addresses == ["otto@firma.example", "oda@firma.example"]
    assert settings.channels == [Channel.MAIL, Channel.WEBHOOK]
    assert WORD.encode() not in bytes(settings.sealed_password)
    event = AuditEvent.objects.get(action="notice:settings_changed")
    assert event.actor == "otto"
    assert "password" in event.detail["fields"]
    page = text(site.client("otto").get(URL))
    shown = [page, text(site.client("otto").get("/console/audit/")), str(event.detail), str(take_snapshot())]
    for word in (WORD, "hook geheim"):
        assert not any(word in where for where in shown)
    assert page.count("Leave empty to keep it") == 2


def test_an_empty_secret_keeps_the_one_that_is_set(site: Site) -> None:
    save(site)
    before = current_settings()
    save(site, password="", webhook_secret="", failing_polls="7")
    after = current_settings()
    assert after.failing_polls == 7
    assert bytes(after.sealed_password) == bytes(before.sealed_password)
    assert bytes(after.sealed_webhook_secret) == bytes(before.sealed_webhook_secret)


def test_without_a_user_the_password_is_forgotten(site: Site) -> None:
    save(site)
    save(site, user="", password="")
    assert bytes(current_settings().sealed_password) == b""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"addresses": "no address"}, "not an e-mail address"),
        ({"addresses": ""}, "at least one recipient"),
        ({"addresses": "\n".join(f"a{n}@firma.example" for n in range(21))}, "At most 20 recipients"),
        ({"sender": "böse@firma.example"}, "not an e-mail address"),
        ({"relay": "host:99999"}, "The server is a host name"),
        ({"security": "none"}, "A password is not sent without TLS"),
        ({"ca_pem": "no certificate"}, "not valid PEM"),
        ({"webhook_url": "http://hooks.firma.example/"}, "Plain http is possible only"),
        ({"webhook_url": "file:///etc/passwd"}, "not a web address"),
        ({"disk_percent": "95"}, "check both figures"),
        ({"disk_percent": "0"}, "greater than or equal to 1"),
        ({"language": "xx"}, "not one of the available choices"),
        ({"failing_polls": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_told_and_nothing_saved(site: Site, changes: dict[str, str], words: str) -> None:
    page = save(site, **changes)
    assert words in page.replace("&#x27;", "'")
    assert 'role="alert"' in page
    assert WORD not in page
    assert not NoticeSettings.objects.exists()


def test_the_test_message_arrives_by_both_ways(site: Site, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with relay(certificates, auth=True) as (mailbox, port), web_server(certificates) as received:
        save(
            site,
            relay=f"localhost:{port}",
            webhook_url=f"https://localhost:{received.port}/",
            is_webhook_internal="on",
            ca_pem=certificates.ca_pem,
            language="de",
        )
        page = try_out(site)
    assert "The mail relay took the test message for otto@firma.example, oda@firma.example" in page
    assert "The webhook took the test message" in page
    assert "Das ist ein Test" in mailbox.texts[0]
    assert received.events[0]["what"] == "test"
    assert received.events[0]["text"] == "Amberpost: Testnachricht"
    assert sorted(AuditEvent.objects.filter(action="notice:test_sent").values_list("target", flat=True)) == [
        "mail",
        "webhook",
    ]


def test_a_failed_test_names_the_step(site: Site, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with relay(certificates, auth=True) as (_mailbox, port):
        save(site, relay=f"localhost:{port}", password="wrong", webhook_url="", ca_pem=certificates.ca_pem)
        page = try_out(site)
        assert "E-mail, Signing in: The server does not accept the user name or password" in page
        save(site, relay=f"localhost:{port}", webhook_url="", ca_pem="")
        assert "E-mail, Securing the connection: The certificate of the server cannot be trusted" in try_out(
            site
        )
    save(site, relay="no-such-host.invalid", webhook_url="")
    assert "E-mail, Looking up the name: The server name is not known" in try_out(site)
    event = AuditEvent.objects.filter(action="notice:test_sent").latest("id")
    assert event.detail == {"failed": "name"}


OAUTH = {
    "login": "oauth",
    "user": "archive@firma.example",
    "password": "",
    "tenant_id": "firma.example",
    "client_id": "11111111-2222-3333-4444-555555555555",
    "client_secret": "aB8Q~client word",
}


def test_with_oauth_the_client_secret_is_sealed_and_the_password_forgotten(site: Site) -> None:
    save(site)
    page = save(site, **OAUTH)
    settings = current_settings()
    assert bytes(settings.sealed_password) == b""
    assert settings.sealed_client_secret
    assert "client word" not in page + str(take_snapshot())
    assert b"client word" not in bytes(settings.sealed_client_secret)
    before = bytes(settings.sealed_client_secret)
    save(site, **OAUTH | {"client_secret": ""})
    assert bytes(current_settings().sealed_client_secret) == before
    save(site)
    assert bytes(current_settings().sealed_client_secret) == b""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": ""}, "needs the mailbox that sends"),
        ({"tenant_id": ""}, "needs tenant ID and client ID"),
        ({"client_id": ""}, "needs tenant ID and client ID"),
        ({"client_secret": ""}, "needs the client secret"),
        ({"relay": ""}, "is for a mail relay"),
        ({"authority": "http://login.firma.example"}, "must begin with https://"),
        ({"security": "none"}, "not sent without TLS"),
    ],
)
def test_what_oauth_needs_is_told_and_nothing_saved(site: Site, changes: dict[str, str], words: str) -> None:
    assert words in save(site, **{**OAUTH, **changes})
    assert not NoticeSettings.objects.exists()


def test_the_test_message_goes_out_by_oauth(site: Site, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with Microsoft() as login, relay(certificates, login=login) as (mailbox, port):
        app = login.register(mailbox="archive@firma.example")
        app.roles = ("SMTP.SendAsApp",)
        save(
            site,
            **OAUTH
            | {
                "relay": f"localhost:{port}",
                "webhook_url": "",
                "ca_pem": certificates.ca_pem + login.ca_pem,
                "authority": login.authority,
                "tenant_id": app.tenant,
                "client_id": app.client_id,
                "client_secret": app.secret,
            },
        )
        assert "The mail relay took the test message" in try_out(site)
        assert mailbox.signed_in == ["XOAUTH2"]
        save(site, relay=f"localhost:{port}", webhook_url="", ca_pem=certificates.ca_pem)
        assert "no sign-in that we know" in try_out(site)


@pytest.mark.parametrize(
    ("relay_name", "changes", "is_warned"),
    [
        ("smtp.office365.com", {}, True),
        ("SMTP.office365.com:587", {}, True),
        ("smtp-mail.outlook.com", {}, True),
        ("smtp.office365.com", {"user": "", "password": ""}, False),
        ("smtp.office365.com", OAUTH, False),
        ("smtp.firma.example", {}, False),
        ("outlook.com.firma.example", {}, False),
    ],
)
def test_a_password_at_exchange_online_is_warned_of(
    site: Site, relay_name: str, changes: dict[str, str], is_warned: bool
) -> None:
    assert ("end of December 2026" in save(site, relay=relay_name, **changes)) == is_warned
    assert ("end of December 2026" in text(site.client("otto").get(URL))) == is_warned


def test_without_a_way_there_is_nothing_to_test(site: Site) -> None:
    assert "Send a test message" not in text(site.client("otto").get(URL))
    assert "Nobody is notified yet" in try_out(site)


def test_open_and_ended_notices_are_listed_with_their_place(site: Site) -> None:
    at = now()
    silent = Alarm(
        kind=AlarmKind.PROCESS_SILENT, level=Level.GRAVE, subject="work", arguments={"process": "work"}
    )
    jobs = Alarm(kind=AlarmKind.JOBS_FAILED, level=Level.WARNING, stage=1, arguments={"number": 1})
    follow([silent, jobs], [Channel.MAIL], at - timedelta(hours=2))
    follow([silent], [Channel.MAIL], at - timedelta(hours=1))
    page = text(site.client("otto").get(URL))
    open_part, _, ended = page.partition('id="ended-heading"')
    assert re.search(r'<a href="/console/system/">The worker is not running', open_part)
    assert "1 job failed" in ended


def test_a_notice_of_another_release_breaks_no_page(site: Site) -> None:
    Notice.objects.create(kind="moon_full", subject="x", level=1, first_at=now(), last_at=now())
    assert '<a href="/console/system/">moon_full' in text(site.client("otto").get(URL))


def test_a_failed_notification_is_shown_on_the_overview(site: Site) -> None:
    Dispatch.objects.create(
        channel="mail", events=[], created_at=now(), next_at=now(), tries=2, error={"code": "connection_lost"}
    )
    page = text(site.client("otto").get("/console/"))
    assert re.search(rf'<a href="{URL}">Notifications by e-mail do not arrive: The connection was lost', page)
    assert "The last e-mail did not arrive everywhere. The connection was lost" in text(
        site.client("otto").get(URL)
    )
