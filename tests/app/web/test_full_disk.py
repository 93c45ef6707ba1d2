"""On a full disk reading goes on; what was read is recorded once; what cannot be done says why."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from amberpost.accounts.models import User
from amberpost.audit.models import AuditEvent
from amberpost.clock import milliseconds, now
from amberpost.road.entries import parse_header, parse_leaf
from amberpost.signin import login as login_module
from amberpost.web.models import SavedSearch
from tests.app.pages import PASSWORD, attachment_path, sign_in, text
from tests.full_disk import KINDS, FailingDisk, SmallDisk, disk_of_kind
from tests.opened import Opened
from tests.people import ALICE, letter

WITH_A_FILE = (
    b"From: kunde@customer.example\r\nTo: alice@firma.example\r\nSubject: Mit Anlage\r\n"
    b"Date: Tue, 14 Feb 2023 08:41:05 +0000\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/html\r\n\r\n<p>Anbei</p>\r\n"
    b'--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nInhalt\r\n--x--\r\n'
)


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk | FailingDisk]:
    with disk_of_kind(request.param, tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def opened(disk: SmallDisk | FailingDisk, new_opened: Callable[..., Opened]) -> Opened:
    opened = new_opened("disk/archive")
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("otto", role="operator")
    opened.take(WITH_A_FILE, *(letter(n) for n in range(3)))
    return opened


@pytest.fixture
def alice(opened: Opened) -> Client:
    return opened.browser("alice")


def sealed_deeds(opened: Opened, actor: str = "alice") -> Counter[str]:
    """What the audit log says; the table must say the same."""
    opened.process()
    with opened.reading() as vault:
        found = [vault.audit.store.read_header(index) for index in range(vault.audit.store.next_index)]
    events = [parse_header(header)["event"] for leaf, header in found if parse_leaf(leaf)["t"] == "EVENT"]
    deeds = Counter(event["action"] for event in events if event["actor"] == actor)
    assert deeds == Counter(AuditEvent.objects.filter(actor=actor).values_list("action", flat=True))
    return deeds


def exhaust(user: User) -> None:
    """Use up the room that the database still has in its files."""
    is_first = False
    while not is_first:
        is_first = True
        for size in (1_000_000, 30_000, 1_000, 10):
            with contextlib.suppress(DatabaseError):
                while True:
                    SavedSearch.objects.create(user=user, text="x" * size, created_at=now())
                    is_first = False
        connection.close()


def test_reading_goes_on_and_each_deed_is_recorded_once(
    opened: Opened, alice: Client, disk: SmallDisk | FailingDisk
) -> None:
    path = attachment_path(alice, 0)
    before = sealed_deeds(opened)
    with disk.full():
        assert "Mit Anlage" in text(alice.get("/search/"))
        led = alice.post("/search/", {"q": "Anlage"})
        assert led.status_code == 302
        answer = alice.get(led["Location"])
        assert answer.status_code == 200
        assert "Mit Anlage" in text(answer)
        for address in ("/m/0/", "/m/0/html", "/m/0/raw", f"/m/0/part/{path}", "/m/2/"):
            assert alice.get(address).status_code == 200, address
        assert alice.get("/health").json()["status"] == "disk-full"
    assert alice.get("/search/").status_code == 200
    after = sealed_deeds(opened)
    assert after - before == Counter({
        "search:made": 3, "message:opened": 2, "message:downloaded": 1, "attachment:downloaded": 1,
    })  # fmt: skip
    assert alice.get("/health").json()["status"] == "ok"
    assert opened.verify() == []


def test_when_the_reserve_is_full_too_nothing_is_read_and_the_page_says_why(
    opened: Opened, alice: Client, disk: SmallDisk | FailingDisk
) -> None:
    before, read = sealed_deeds(opened)["message:opened"], 0
    with disk.full():
        exhaust(User.objects.get(login="alice"))
        while (answer := alice.get("/m/0/")).status_code == 200:
            read += 1
            assert read < 500
        assert answer.status_code == 503
        assert "The disk is full" in text(answer)
        assert "reserved for recording what is read" in text(answer)
        assert "our mistake" not in text(answer)
        for address in ("/search/", "/m/0/raw", "/m/0/?view=text"):
            refused = alice.get(address)
            assert refused.status_code == 503, address
            assert "Mit Anlage" not in text(refused)
        health = alice.get("/health")
        assert health.status_code == 503
        assert health.json()["status"] == "reserve-full"
        assert health.json()["reserve"]["used_bytes"] > 10_000
    assert read > 20
    assert alice.get("/m/0/").status_code == 200  # by itself
    assert sealed_deeds(opened)["message:opened"] == before + read + 1
    assert alice.get("/health").json()["reserve"]["used_bytes"] == 0


def test_who_is_signed_in_is_not_sent_away_though_their_session_cannot_be_kept(
    opened: Opened, alice: Client, disk: SmallDisk | FailingDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FailingDisk(opened.config.data.parent / "any").full():
        for minutes in range(0, 300, 50):
            later = now() + timedelta(minutes=minutes)
            monkeypatch.setattr(login_module, "now", lambda later=later: later)
            assert alice.get("/search/").status_code == 200, minutes
        monkeypatch.setattr(login_module, "now", lambda: now() + timedelta(minutes=400))
        alice.raise_request_exception = False
        assert (
            alice.get("/search/").status_code == 503
        )  # unused for too long: over, and that has to wait, too


@pytest.mark.parametrize("disk", ["failing"], indirect=True)
class TestWhatHasToWait:
    """Only where nothing at all can be written it is certain that the database has no room of its own left."""

    def test_a_sign_in_says_that_the_disk_is_full(
        self, opened: Opened, disk: SmallDisk | FailingDisk
    ) -> None:
        with disk.full():
            assert Client().get("/sign-in/").status_code == 200
            answer = sign_in(Client(raise_request_exception=False), "alice", PASSWORD)
            assert answer.status_code == 503
            assert "The disk is full" in text(answer)
        assert sign_in(Client(), "alice", PASSWORD).status_code == 302

    def test_a_change_says_it_and_changes_nothing(
        self, opened: Opened, disk: SmallDisk | FailingDisk
    ) -> None:
        otto = opened.browser("otto")
        with disk.full():
            values = {"login": "new", "name": "New", "role": "reader"}
            answer = otto.post("/console/accounts/add/", values)
            assert answer.status_code == 503
            assert "The disk is full" in text(answer)
        assert not User.objects.filter(login="new").exists()

    def test_an_error_around_the_views_says_it_too(
        self, opened: Opened, disk: SmallDisk | FailingDisk, alice: Client
    ) -> None:
        session = alice.session
        session["begun_at"] = milliseconds(now() - timedelta(days=1))
        session.save()
        alice.raise_request_exception = False
        with disk.full():
            answer = alice.get("/search/")  # the session is over and cannot be ended
        assert answer.status_code == 503
        assert "The disk is full" in text(answer)


def test_a_search_kept_in_memory_is_its_owners_alone(
    opened: Opened, alice: Client, disk: SmallDisk | FailingDisk
) -> None:
    opened.add_user("bob", "bob@firma.example")
    bob = opened.browser("bob")
    with FailingDisk(opened.config.data.parent / "any").full():
        address = alice.post("/search/", {"q": "secret words"})["Location"]
        assert alice.get(address).status_code == 200
        assert bob.get(address).status_code == 404


def test_a_damaged_catalogue_is_called_so(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    from django.db import DatabaseError

    def breaks(*_args: Any, **_kwargs: Any) -> None:
        cause = sqlite3.DatabaseError("database disk image is malformed")
        cause.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise DatabaseError(str(cause)) from cause

    alice = opened.browser("alice")
    monkeypatch.setattr("amberpost.web.views.search.find", breaks)
    answer = alice.get("/search/")
    assert answer.status_code == 503
    assert "The catalogue is damaged" in text(answer)
    assert "amberpost rebuild" in text(answer)
