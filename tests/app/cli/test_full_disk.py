"""Commands on a full disk: who reads goes on, who writes is told, and all goes on by itself when there is room."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, connections

from amberpost.audit.models import AuditEvent
from amberpost.cli.main import main
from amberpost.daemon import serve
from amberpost.errors import DiskFull, StoreError
from tests.full_disk import FailingDisk, SmallDisk, can_mount
from tests.opened import Opened
from tests.people import ALICE, letter


def fill(opened: Opened) -> None:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(*(letter(n) for n in range(4)))
    connections.close_all()


def test_who_reads_goes_on_and_is_told(
    opened: Opened, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    fill(opened)
    with FailingDisk(tmp_path / "any").full():
        assert main(["search", "", "--as", "alice", "--data", str(opened.config.data)]) == 0
        assert main(["show", "1", "--as", "alice", "--raw", "--data", str(opened.config.data)]) == 0
    out, errors = capsysbinary.readouterr()
    assert b"4 found" in out
    assert letter(1) in out
    assert errors.count(b"The disk is full; what was read is recorded, and sealed when there is room") == 2
    opened.process()
    deeds = AuditEvent.objects.filter(actor__endswith="alice").exclude(entry=None)
    assert sorted(deeds.values_list("action", flat=True)) == ["message:downloaded", "search:made"]


def test_who_writes_is_told_in_one_sentence(
    opened: Opened, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fill(opened)
    with FailingDisk(tmp_path / "any").full():
        for words in (["user", "add", "--login", "bob"], ["import", str(tmp_path)]):
            assert main([*words, "--data", str(opened.config.data)]) == StoreError.exit_code
            said = capsys.readouterr().err
            assert said.startswith("amberpost: The disk is full; make room on it: "), said
            assert said.count("\n") == 1


@pytest.mark.skipif(not can_mount(), reason="needs a file system of its own; the tests above show the same")
def test_commands_on_a_real_disk_that_is_full_to_the_last_byte_each_time(
    new_opened: Callable[..., Opened], tmp_path: Path
) -> None:
    """Nobody else has the databases open, so not even SQLite's shared memory has room."""
    with SmallDisk.mounted(tmp_path / "disk") as disk:
        opened = new_opened("disk/archive")
        fill(opened)
        run = opened.commands.run
        for words in (["search", "", "--as", "alice"], ["show", "1", "--as", "alice"]):
            with disk.full():
                done = run(*words)
            assert done.code == 0, done
            assert "The disk is full; what was read is recorded" in done.words
        with disk.full():
            outside = run("export", "--as", "alice", "--to", tmp_path / "out")
            inside = run("export", "--as", "alice", "--to", disk.folder / "out")
            changed = run("user", "add", "--login", "bob")
        assert outside.code == 0
        assert (inside.code, changed.code) == (5, 5)
        assert f"amberpost: The disk is full; make room on it: {disk.folder / 'out'}" in inside.words
        assert "amberpost: The disk is full; make room on it: " in changed.words
        shutil.rmtree(disk.folder / "out")
        assert opened.commands.json("process")["index_lag"] == 0
        deeds = AuditEvent.objects.filter(actor__endswith="alice").exclude(entry=None)
        assert sorted(deeds.values_list("action", flat=True)) == [
            "export:written", "message:opened", "search:made",
        ]  # fmt: skip
        assert opened.verify() == []
        connections.close_all()


class _Worker:
    """Fails as long as the disk is full."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures, self.begun, self.done = failures, 0, threading.Event()

    @contextmanager
    def open(self, _config: object) -> Iterator["_Worker"]:
        self.begun += 1
        yield self

    def run(self, stop: threading.Event) -> None:
        if self.failures:
            raise self.failures.pop()
        self.done.set()
        stop.set()


def test_a_worker_goes_on_by_itself_when_there_is_room_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _Worker([DiskFull("x"), OSError(28, "No space left on device")])
    monkeypatch.setattr(serve, "open_worker", worker.open)
    monkeypatch.setattr(serve, "_FULL_SECONDS", 0)
    serve.run_worker(opened.config, threading.Event())
    assert worker.done.is_set()
    assert worker.begun == 3


def test_any_other_error_ends_the_worker(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = _Worker([StoreError("cannot_write")])
    monkeypatch.setattr(serve, "open_worker", worker.open)
    with pytest.raises(StoreError, match="Cannot write"):
        serve.run_worker(opened.config, threading.Event())
    connection.close()
