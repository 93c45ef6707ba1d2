"""`verify` changes nothing: not a byte, not a time, no new file, whatever state the archive is in.

But for its own note of the run, which lies in a folder of its own, and which it leaves in the archive only.
"""

import hashlib
import shutil
from pathlib import Path

import pytest
from django.db import connections

from amberpost.daemon.work import open_worker
from amberpost.health.verified import FOLDER as NOTES
from amberpost.remark import Remark
from tests.another_user import STRANGER, need_other_users, open_to_all, run_as
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, letter

DEPTHS = ("--quick", "--crc", "--deep")
State = dict[str, tuple[str, int, int]]


def state_of(folder: Path) -> State:
    """Every file and folder but the notes: what is in it, when it changed, and who may do what."""
    found: State = {}
    for path in (folder, *folder.rglob("*")):
        if path == folder / NOTES or (folder / NOTES) in path.parents:
            continue
        facts = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (content, facts.st_mtime_ns, facts.st_mode)
    return found


@pytest.fixture
def filled(opened: Opened) -> Opened:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1), letter(2), letter(3, text="lang " * 5000))
    connections.close_all()
    return opened


def verified(opened: Opened, depth: str) -> dict[str, object]:
    """What the command finds; it must leave the folder as it is."""
    before = state_of(opened.config.data)
    said = opened.commands.json("verify", depth)
    assert state_of(opened.config.data) == before
    return said


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_archive_at_rest_is_left_as_it_is(depth: str, filled: Opened) -> None:
    assert not (filled.config.data / "keys.db-wal").exists()
    (filled.config.data / "session.secret").unlink(missing_ok=True)  # made by whoever signs something
    for lock in (filled.config.data / "worker.lock", *(filled.config.data / "index").rglob(".tantivy*.lock")):
        lock.unlink()
    assert verified(filled, depth)["findings"] == []


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_archive_with_a_worker_is_left_as_it_is(depth: str, filled: Opened) -> None:
    with open_worker(filled.config) as worker:
        filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
        worker.settle()
        assert (filled.config.data / "keys.db-wal").exists()
        assert verified(filled, depth)["findings"] == []


def step_and_die(opened: Opened) -> None:
    from tests.road.test_road_steps import process_and_die

    process_and_die(opened, "before the checkpoint", "3")


@pytest.mark.parametrize("has_memory", [True, False])
@pytest.mark.parametrize("depth", DEPTHS)
def test_what_a_crash_left_is_read_and_left_as_it_is(depth: str, has_memory: bool, filled: Opened) -> None:
    """Without the shared memory: as a copy has it. What stands only in the write-ahead log must be seen."""
    filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
    filled.dies_in("tests.road.test_road_untouched:step_and_die")
    for name in ("keys.db", "catalogue.db"):
        assert (filled.config.data / f"{name}-wal").stat().st_size
        if not has_memory:
            (filled.config.data / f"{name}-shm").unlink()
    said = verified(filled, depth)
    assert said["findings"] == []
    assert said["uncovered"] == 1


def batch_and_die(opened: Opened) -> None:
    from tests.road.test_road_steps import process_and_die

    process_and_die(opened, "sealed, not catalogued", "1")


def test_whether_a_worker_is_at_work_is_asked_without_its_lock(filled: Opened) -> None:
    """One that has just sealed gets a moment to catalogue; who asks makes no lock file."""
    filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
    filled.dies_in("tests.road.test_road_untouched:batch_and_die")
    (filled.config.data / "worker.lock").unlink()
    before = state_of(filled.config.data)
    findings = filled.commands.json("verify", "--deep", code=6)["findings"]
    assert [finding["kind"] for finding in findings] == ["catalogue_behind"]
    assert state_of(filled.config.data) == before


def test_a_tail_without_checkpoint_is_told_and_is_no_finding(filled: Opened) -> None:
    filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
    filled.dies_in("tests.road.test_road_untouched:step_and_die")
    done = filled.commands.run("verify")
    assert done.code == 0
    assert b"uncovered: 1\n" in done.out
    filled.process()
    connections.close_all()
    assert b"uncovered: 0\n" in filled.commands.run("verify").out


def let_read(archive: Archive) -> None:
    """Permission to read and none to write, for everybody."""
    open_to_all(archive.data)
    for path in archive.data.rglob("*"):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    archive.key_file.chmod(0o644)


def test_who_may_only_read_verifies_and_finds_the_same(filled: Opened) -> None:
    need_other_users()
    archive = filled.commands
    let_read(archive)
    done = run_as(STRANGER, archive, "verify", "--deep", "--json")
    assert (done.code, done.json) == (0, archive.json("verify", "--deep")), done
    with open_worker(filled.config) as worker:
        filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
        worker.settle()
        let_read(archive)  # what the worker makes is readable for its owner only
        done = run_as(STRANGER, archive, "verify", "--deep", "--json")
        assert (done.code, done.json["findings"]) == (0, []), done
    connections.close_all()
    flip(archive.data / "mail/segments/00000000000000000001.seg")
    before = state_of(archive.data)
    done = run_as(STRANGER, archive, "verify", "--deep", "--json")
    assert state_of(archive.data) == before
    assert done.code == 6
    assert done.json == archive.json("verify", "--deep", code=6)


def test_what_may_not_be_read_is_an_error_and_no_finding(filled: Opened) -> None:
    need_other_users()
    archive = filled.commands
    for closed in (
        "keys.db",
        "catalogue.db",
        "mail/segments/00000000000000000001.seg",
        "mail/ledger/checkpoint",
        "index",
    ):
        let_read(archive)
        (archive.data / closed).chmod(0o600)
        done = run_as(STRANGER, archive, "verify", "--quick", "--json")
        assert (done.code, done.json["exit"]) == (5, 5), (closed, done)
        assert closed in done.json["error"]
        (archive.data / closed).chmod(0o700)


def flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def test_an_archive_that_is_written_to_meanwhile_is_looked_at_again(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At rest nothing locks the databases: what was read while somebody began to write means nothing."""
    import argparse
    from dataclasses import replace

    from amberpost.cli import verify_command
    from amberpost.cli.call import Call
    from amberpost.errors import Finding, FindingKind

    real, runs = verify_command.verify_archive, []

    def disturbed(*arguments: object) -> object:
        report = real(*arguments)  # type: ignore[arg-type]
        runs.append(report)
        if len(runs) == 1:
            report.findings.append(
                Finding(kind=FindingKind.KEYS_DAMAGED, where="keys.db", remark=Remark("file_cut"))
            )
            filled.take(letter(5))
            connections.close_all()
        return report

    monkeypatch.setattr(verify_command, "verify_archive", disturbed)
    config = replace(filled.config, read_only=True)
    result = verify_command.run(
        Call(arguments=argparse.Namespace(depth="quick"), config=config, actor="test")
    )
    assert (len(runs), result.data["findings"]) == (2, [])


def test_a_copy_is_made_for_itself_and_goes_with_the_process(filled: Opened, tmp_path: Path) -> None:
    passing = tmp_path / "passing"
    passing.mkdir()
    filled.accept([filled.incoming(letter(4), remote="INBOX/1/4")])
    filled.dies_in("tests.road.test_road_untouched:step_and_die")
    shutil.copytree(filled.config.data, tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm"))
    done = filled.commands.run("verify", "--deep", env={"TMPDIR": str(passing), "AMBERPOST_DATA": "x"})
    assert done.code == 0, done
    assert list(passing.iterdir()) == []
