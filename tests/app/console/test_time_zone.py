"""The archive's time zone: offered once by the browser, and the same moment everywhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from amberpost.accounts.installation import current_installation, save_installation
from amberpost.accounts.models import User
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.daemon.notices import carry_all
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.configure import current_settings, save_settings
from amberpost.notice.models import Dispatch
from amberpost.notice.rounds import follow
from tests.app.pages import sign_in, text
from tests.opened import Opened
from tests.servers.smtp import relay

OFFER = 'id="zone-offer"'
SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # in Berlin the next day has begun


@pytest.fixture
def desk(new_opened: Callable[..., Opened]) -> tuple[Opened, Client]:
    opened = new_opened()
    opened.add_user("otto", role="operator")
    opened.add_user("olga", role="officer")
    return opened, signed_in("otto")


def signed_in(login: str) -> Client:
    client = Client()
    assert sign_in(client, login).status_code == 302
    return client


def answer(client: Client, **given: str) -> str:
    return text(client.post("/console/system/time-zone/", given, follow=True))


def test_the_zone_of_the_browser_is_offered_to_operators_until_one_answers(
    desk: tuple[Opened, Client],
) -> None:
    _opened, otto = desk
    assert OFFER in text(otto.get("/console/"))
    assert OFFER in text(otto.get("/console/archives/"))
    assert OFFER not in text(signed_in("olga").get("/console/audit/"))
    assert "Times are shown in the time zone Europe/Berlin." in answer(
        otto, zone="Europe/Berlin", answer="yes"
    )
    assert current_installation().time_zone == "Europe/Berlin"
    assert OFFER not in text(otto.get("/console/"))
    assert AuditEvent.objects.filter(action="installation:changed", actor="otto").count() == 1


def test_no_is_an_answer_too(desk: tuple[Opened, Client]) -> None:
    _opened, otto = desk
    answer(otto, zone="Europe/Berlin", answer="no")
    assert current_installation().time_zone == "UTC"
    assert OFFER not in text(otto.get("/console/"))


def test_a_zone_that_this_machine_does_not_know_is_not_taken(desk: tuple[Opened, Client]) -> None:
    _opened, otto = desk
    assert "This machine does not know the time zone Mars/Olympus." in answer(
        otto, zone="Mars/Olympus", answer="yes"
    )
    assert current_installation().time_zone == ""


def test_a_zone_chosen_in_the_assistant_is_not_asked_about(desk: tuple[Opened, Client]) -> None:
    _opened, otto = desk
    page = text(otto.get("/console/assistant/1/"))
    assert "data-browser-zone" in page
    otto.post("/console/assistant/1/", {"name": "", "language": "en", "time_zone": "Europe/Paris"})
    assert OFFER not in text(otto.get("/console/"))
    assert "data-browser-zone" not in text(otto.get("/console/assistant/1/"))


def test_a_mail_a_page_and_a_command_tell_the_same_moment_in_the_archives_zone(
    desk: tuple[Opened, Client],
) -> None:
    opened, otto = desk
    save_installation(name="", language="en", time_zone="Europe/Berlin")
    failing = Alarm(
        kind=AlarmKind.SOURCE_FAILING,
        level=Level.GRAVE,
        subject="1",
        arguments={"source": "Journal", "error": "gone"},
    )
    with relay() as (mailbox, port):
        settings = current_settings()
        settings.relay, settings.security, settings.addresses = (
            f"localhost:{port}",
            "none",
            ["otto@firma.example"],
        )
        save_settings(settings, {}, lambda _row, _field, plain: plain)
        follow([failing], settings.channels, SUMMER)
        Dispatch.objects.update(next_at=now() - timedelta(seconds=1))
        carry_all(opened.config)
    (mail,) = mailbox.texts
    assert "since 2 July 2026, 00:30 UTC+2" in mail
    assert 'title="2 July 2026, 00:30:00 UTC+2 (2026-07-01 22:30:00Z)"' in text(otto.get("/console/notices/"))
    printed = opened.commands.run("notice", "list").out
    assert b"2026-07-02 00:30:00+02:00" in printed
    told = opened.commands.json("notice", "list")["notices"][0]
    assert datetime.fromisoformat(told["since"]) == SUMMER
    User.objects.filter(login="otto").update(time_zone="America/New_York")
    assert "1 July 2026, 18:30:00 UTC-4" in text(otto.get("/console/notices/")), "who chose a zone has it"
