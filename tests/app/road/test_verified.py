"""The last verification is known wherever it was asked for; once a day one is made without being asked for."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections

from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.daemon import work
from amberpost.daemon.jobs import request_daily_verify
from amberpost.daemon.work import open_worker
from amberpost.errors import Finding, FindingKind
from amberpost.health.facts import gather
from amberpost.health.verified import note_verified, read_verified, standing
from amberpost.health.verify import Verification, request_verify
from amberpost.remark import Remark
from amberpost.road.models import Message, Work
from amberpost.store.check import Depth
from amberpost.store.disk import LocalDisk
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, letter

FINDING = Finding(kind=FindingKind.COMMITMENT_MISMATCH, where="mail/0", remark=Remark("record_damaged"))


@pytest.fixture
def disk(opened: Opened) -> LocalDisk:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1), letter(2))
    return LocalDisk(opened.config.data)


def note(disk: LocalDisk, depth: Depth, *findings: Finding, error: str = "") -> None:
    note_verified(
        disk,
        depth,
        by="test",
        report=Verification(findings=list(findings)),
        error=Remark(error) if error else None,
    )


def found(disk: LocalDisk) -> list[tuple[str, int, str]]:
    return [(run.depth, run.findings_count, str(run.error or "")) for run in standing(read_verified(disk))]


def test_a_look_takes_back_only_what_it_can_see(disk: LocalDisk) -> None:
    note(disk, "quick", FINDING)
    note(disk, "deep", FINDING, FINDING)
    assert found(disk) == [("deep", 2, "")]
    note(disk, "quick")  # sees no content, so what the deep one found stands
    assert found(disk) == [("quick", 0, ""), ("deep", 2, "")]
    note(disk, "crc", error="cannot_write")  # did not come to its end
    assert found(disk) == [("crc", 0, str(Remark("cannot_write"))), ("quick", 0, ""), ("deep", 2, "")]
    note(disk, "deep")
    assert found(disk) == [("deep", 0, "")]


def test_a_note_that_cannot_be_read_is_none(disk: LocalDisk) -> None:
    note(disk, "quick")
    for content in (b"", b"[]", b"{}", b'{"findings": [{"kind": "x"}]}'):
        (disk.root / "verified" / "quick.json").write_bytes(content)
        assert read_verified(disk) == []


def test_of_many_findings_the_first_are_kept_and_all_are_counted(disk: LocalDisk) -> None:
    note(disk, "quick", *[FINDING] * 1000)
    (run,) = read_verified(disk)
    assert (run.findings_count, len(run.findings)) == (1000, 200)


@pytest.mark.parametrize("depth", ["quick", "crc", "deep"])
def test_a_run_of_the_command_is_known(disk: LocalDisk, opened: Opened, depth: str) -> None:
    connections.close_all()
    said = opened.commands.json("verify", f"--{depth}")
    (run,) = read_verified(disk)
    assert (run.depth, run.checked, run.findings_count) == (depth, said["checked"], 0)
    assert run.by.startswith("cli:")


def test_a_run_that_was_asked_for_on_the_page_is_known(disk: LocalDisk, opened: Opened) -> None:
    request_verify("aron")
    opened.process()
    assert [(run.depth, run.by) for run in read_verified(disk)] == [("quick", "aron")]


def test_a_run_on_a_copy_leaves_it_as_it_is_and_is_not_the_archives(
    disk: LocalDisk, opened: Opened, tmp_path: Path
) -> None:
    connections.close_all()
    copy = Archive(data=tmp_path / "copy")
    shutil.copytree(disk.root, copy.data)
    shutil.copy(opened.config.key_file, copy.key_file)
    assert copy.json("verify", "--deep")["findings"] == []
    assert read_verified(LocalDisk(copy.data)) == []
    assert read_verified(disk) == []


def test_once_a_day_a_verification_is_asked_for(disk: LocalDisk, opened: Opened) -> None:
    for _ in range(2):
        request_daily_verify(disk)
    assert [w.requested_by for w in Work.objects.filter(kind="verify")] == ["schedule"]
    opened.process()
    (run,) = read_verified(disk)
    assert (run.depth, run.by) == ("quick", "schedule")
    assert AuditEvent.objects.filter(action="archive:verified", actor="schedule").exists()
    request_daily_verify(disk)
    assert not Work.objects.filter(kind="verify", finished_at=None).exists()
    move(disk, timedelta(hours=-25))
    request_daily_verify(disk)
    assert Work.objects.filter(kind="verify", finished_at=None).count() == 1


@pytest.mark.parametrize("depth", ["quick", "deep"])
def test_who_verifies_every_day_needs_no_schedule(disk: LocalDisk, depth: Depth) -> None:
    note(disk, depth)
    request_daily_verify(disk)
    assert not Work.objects.filter(kind="verify").exists()


def test_a_clock_that_was_ahead_delays_nothing(disk: LocalDisk) -> None:
    note(disk, "quick")
    move(disk, timedelta(days=300))
    request_daily_verify(disk)
    assert Work.objects.filter(kind="verify").exists()


def test_what_the_schedule_finds_is_an_alarm(disk: LocalDisk, opened: Opened) -> None:
    Message.objects.filter(id=1).delete()
    request_daily_verify(disk)
    assert gather(opened.config, has_index=True).findings == 0
    opened.process()
    (run,) = read_verified(disk)
    assert FindingKind.INDEX_DISAGREES in {finding.kind for finding in run.findings}
    assert gather(opened.config, has_index=True).findings == run.findings_count > 0


def test_a_run_that_breaks_down_is_an_alarm(
    disk: LocalDisk, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr("amberpost.daemon.jobs.verify", broken)
    request_daily_verify(disk)
    opened.process()
    assert gather(opened.config, has_index=True).has_failed_verify


@pytest.fixture
def at_work(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that looks all the time whether a verification is due."""
    monkeypatch.setattr(work, "VERIFY_LOOK_SECONDS", 0.0)
    stop = threading.Event()

    def be_worker() -> None:
        with open_worker(opened.config) as worker:
            worker.run(stop)
        connection.close()

    thread = threading.Thread(target=be_worker)
    thread.start()
    yield
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_worker_verifies_by_itself(disk: LocalDisk, at_work: None) -> None:
    _until(lambda: [run.by for run in read_verified(disk)] == ["schedule"])


def move(disk: LocalDisk, by: timedelta) -> None:
    """Date what was noted otherwise."""
    for file in (disk.root / "verified").iterdir():
        fields = json.loads(file.read_text())
        file.write_text(json.dumps({**fields, "at": (now() + by).isoformat()}))


def _until(true: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    patience = threading.Event()
    for _ in range(1200):
        if true():
            return
        patience.wait(0.05)
    raise AssertionError("it never happens")
