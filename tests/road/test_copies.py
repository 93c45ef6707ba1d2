"""A copy of an archive empties no mailbox and notifies nobody until somebody says that it is now the archive."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections

from amberpost.audit.models import AuditEvent
from amberpost.bell import ring
from amberpost.clock import now
from amberpost.daemon.directory import Turns
from amberpost.daemon.notices import hold_round
from amberpost.daemon.schedule import due_sources
from amberpost.notice.configure import current_settings, save_settings
from amberpost.notice.models import Dispatch, Notice, Round
from amberpost.road.models import Capture, WorkerStatus
from amberpost.road.open import open_keys_of
from amberpost.sources.models import FetchRun, Source, SourceStatus
from amberpost.store.disk import LocalDisk
from amberpost.store.place import find_doubts
from tests.opened import Opened
from tests.people import ALICE, letter
from tests.processes import kill_all
from tests.road.collecting import USER, WORD, Mailbox, collect_one
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.smtp import relay

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed"),
]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(users={USER: WORD}) as server:
        yield server


@pytest.fixture
def mailbox(opened: Opened, dovecot: Dovecot) -> Mailbox:
    """An archive that has collected once, and a mailbox with two messages more."""
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("otto", role="operator")
    box = Mailbox(opened=opened, server=dovecot)
    box.configure(security="none")
    box.deliver([letter(1)])
    box.collect()
    box.deliver([letter(2), letter(3)])
    assert in_mailbox(box) == 2
    return box


def in_mailbox(box: Mailbox) -> int:
    with box.client() as client:
        return int((client.select("INBOX")[1][0] or b"").decode())


def copied(box: Mailbox, tmp_path: Path) -> Opened:
    """The folder of this archive copied, as a backup is put back elsewhere, and opened in place of it."""
    original = box.opened.config
    box.opened.leave()
    shutil.copytree(original.data, tmp_path / "restored", copy_function=shutil.copy2)
    shutil.copy(original.key_file, tmp_path / "restored.key")
    return Opened.enter(tmp_path / "restored")


def test_a_copy_leaves_the_mailbox_as_it_is_until_it_is_confirmed(mailbox: Mailbox, tmp_path: Path) -> None:
    copy = copied(mailbox, tmp_path)
    try:
        SourceStatus.objects.update(next_attempt_at=None, fetch_now=True)
        source = Source.objects.get(name="Journal")
        assert due_sources() == []
        refused = copy.commands.run("fetch", "--once")
        assert refused.code == 2
        assert "amberpost place confirm" in refused.words
        assert "place confirm" in str(collect_one(copy, source).error)  # the last door, whoever asks
        assert (in_mailbox(mailbox), Capture.objects.count()) == (2, 1)
        said = copy.commands.json("place", "show")
        assert (said["is_archive"], said["doubts"]) == (False, ["path", "files"])
        said = copy.commands.json("place", "confirm")
        assert (said["is_archive"], said["confirmed"]) == (True, ["path", "files"])
        event = AuditEvent.objects.get(action="place:confirmed")
        assert (event.target, event.detail) == (str(copy.config.data), {"why": "path,files"})
        assert event.actor.startswith("cli:")
        SourceStatus.objects.update(next_attempt_at=None)
        assert due_sources() == [source]
        assert copy.commands.run("fetch", "--once").code == 0
        assert (in_mailbox(mailbox), Capture.objects.count()) == (0, 3)
    finally:
        copy.leave()


def test_a_copy_that_is_served_waits_and_goes_on_when_it_is_confirmed(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    copy, began = copied(mailbox, tmp_path), now()
    served = copy.commands.start("serve", "--listen", "127.0.0.1:0")
    try:
        _until(lambda: WorkerStatus.objects.filter(name="fetch").exists())
        SourceStatus.objects.update(next_attempt_at=None, fetch_now=True)
        ring()
        assert in_mailbox(mailbox) == 2
        assert copy.commands.run("place", "confirm").code == 0
        _until(lambda: in_mailbox(mailbox) == 0)
        confirmed_at = AuditEvent.objects.get(action="place:confirmed").at
        assert not FetchRun.objects.filter(started_at__gt=began, started_at__lt=confirmed_at).exists()
    finally:
        kill_all(served)
        copy.leave()


def test_a_copy_notifies_nobody_until_it_is_confirmed(mailbox: Mailbox, tmp_path: Path) -> None:
    SourceStatus.objects.update(left_count=1)
    with relay() as (letters, port):
        settings = current_settings()
        settings.addresses, settings.relay = ["otto@firma.example"], f"localhost:{port}"
        settings.security, settings.sender = "none", "archive@firma.example"
        save_settings(settings, {}, lambda _row, _field, plain: plain)
        Dispatch.objects.create(
            channel="mail", events=[], created_at=now(), next_at=now()
        )  # waits in the outbox
        copy = copied(mailbox, tmp_path)
        try:
            assert hold_round(copy.config, now())
            assert letters.messages == []
            kinds = set(Notice.objects.values_list("kind", flat=True))
            assert {"mail_left", "place_in_doubt"} <= kinds  # noted, and shown
            copy.commands.json("place", "confirm")
            Round.objects.update(next_at=now())
            assert hold_round(copy.config, now())
            assert any("Journal" in text for text in letters.texts)
        finally:
            copy.leave()


def test_a_copy_reads_no_directory_by_schedule(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("amberpost.daemon.directory.is_due", lambda _at: True)
    monkeypatch.setattr("amberpost.daemon.directory.needs_first_look", lambda: False)
    monkeypatch.setattr("amberpost.daemon.directory.sync_directory", lambda *_, by, **__: asked.append(by))
    copy = copied(mailbox, tmp_path)
    try:
        keys = open_keys_of(copy.config)
        turns = Turns(LocalDisk(copy.config.data), keys)
        turns.read_if_due()
        assert asked == []
        copy.commands.json("place", "confirm")
        turns.read_if_due()
        assert asked == ["directory"]
        keys.close()
    finally:
        copy.leave()


def test_an_imported_configuration_waits_as_a_copy_does(
    new_opened: Callable[..., Opened], tmp_path: Path
) -> None:
    old = new_opened("old")
    old.add_user("alice", *ALICE.addresses)
    assert old.mailbox
    old.commands.json("config", "export", tmp_path / "settings.json")
    new = new_opened("new").commands
    new.json("config", "import", tmp_path / "settings.json")
    assert new.json("place", "show")["doubts"] == ["imported"]
    assert new.run("fetch", "--once").code == 2
    assert old.commands.json("place", "show")["is_archive"]
    assert new.json("place", "confirm")["is_archive"]
    assert new.json("place", "confirm")["confirmed"] == []  # once is enough, and no second deed


def test_people_read_in_a_copy_and_an_operator_confirms_it_on_a_page(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    copy = copied(mailbox, tmp_path)
    try:
        assert copy.sees("alice")
        otto = copy.browser("otto")
        for page in ("/console/", "/console/sources/", "/console/notices/", f"/console/sources/{_source()}/"):
            assert "/console/place/" in otto.get(page).content.decode(), page
        assert "All is well" not in otto.get("/console/").content.decode()
        page = otto.get("/console/place/").content.decode()
        assert "under another path" in page
        assert "Journal" in page
        assert copy.browser("alice").post("/console/place/").status_code == 403
        assert find_doubts(copy.config.data)
        assert otto.post("/console/place/").status_code == 302
        assert find_doubts(copy.config.data) == ()
        assert AuditEvent.objects.get(action="place:confirmed").actor == "otto"
        assert "/console/place/" not in otto.get("/console/").content.decode()
    finally:
        copy.leave()


def _source() -> int:
    return Source.objects.get(name="Journal").pk


def _until(true: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never happens"
        connections.close_all()
        time.sleep(0.2)
