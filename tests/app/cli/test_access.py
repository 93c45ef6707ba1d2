"""Whose files an archive consists of, who may run a command on it, and what works where nothing can be written."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amberpost.cli import access
from amberpost.cli.access import AccessStep, Owner, first_step
from amberpost.cli.main import COMMANDS, READING
from tests.another_user import OWNER, STRANGER, give_to, need_other_users, open_to_all, run_as, start_as
from tests.archive import Archive, Done
from tests.opened import Opened
from tests.people import ALICE, letter
from tests.processes import kill_all, session_members

ROOT = 0


@pytest.mark.parametrize(
    ("us", "owner", "has_archive", "writes_nothing", "step"),
    [
        (1000, 1000, True, False, AccessStep.GO_ON),
        (0, 0, True, False, AccessStep.GO_ON),
        (0, 1000, True, False, AccessStep.BECOME_OWNER),
        (0, 1000, False, False, AccessStep.BECOME_OWNER),  # init in a folder of somebody's
        (0, 1000, True, True, AccessStep.BECOME_OWNER),
        (1001, 1000, True, False, AccessStep.REFUSE),
        (1000, 0, True, False, AccessStep.REFUSE),
        (1001, 1000, True, True, AccessStep.GO_ON),  # verify, or a medium that is read-only for everybody
        (1000, 0, False, False, AccessStep.GO_ON),  # whoever may write there may make an archive, and owns it
    ],
)
def test_only_the_owner_goes_on_and_root_becomes_the_owner(
    us: int, owner: int, has_archive: bool, writes_nothing: bool, step: AccessStep
) -> None:
    whose = Owner(uid=owner, gid=owner, has_archive=has_archive)
    assert first_step(us, whose, writes_nothing=writes_nothing) is step


@pytest.fixture(scope="module")
def _filled(_empty: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """An archive with two messages of alice's, to copy."""
    need_other_users()
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(_empty / "archive", folder / "archive")
    shutil.copy(_empty / "archive.key", folder)
    (folder / "archive" / "config.toml").unlink()  # it names the key file of the archive we copied
    with django_db_blocker.unblock():
        opened = Opened.enter(folder / "archive")
        opened.add_user("alice", *ALICE.addresses)
        opened.take(letter(1), letter(2))
        opened.leave()
    return folder


@pytest.fixture
def owned(_filled: Path) -> Iterator[Archive]:
    """An archive of another user, in a folder of that user's."""
    with tempfile.TemporaryDirectory() as folder:  # those of pytest are open to nobody else
        shutil.copytree(_filled, folder, dirs_exist_ok=True)
        give_to(OWNER, Path(folder))
        yield Archive(data=Path(folder) / "archive")


def owners(folder: Path) -> set[tuple[int, int]]:
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in (folder, *folder.rglob("*"))}


def key_of(archive: Archive) -> dict[str, str]:
    """For a copy, beside which no key file lies."""
    return {"AMBERPOST_KEY_FILE": str(archive.key_file)}


def names(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in (folder, *folder.rglob("*"))}


def test_every_command_of_another_user_ends_with_the_owners_name_before_it_touches_a_file(
    owned: Archive,
) -> None:
    folder = owned.data.parent
    open_to_all(folder)
    for file in owned.data.rglob("*"):
        file.chmod(0o777)  # it could write
    before = names(folder)
    for command in COMMANDS.keys() - {"verify"}:
        done = run_as(STRANGER, owned, command, "--json")
        assert (done.code, done.json["exit"]) == (2, 2), done
        assert f"belongs to #{OWNER}" in done.json["error"]
        assert f"sudo -u '#{OWNER}' amberpost {command} --json" in done.json["error"]
    assert names(folder) == before


def test_a_folder_closed_to_another_user_is_named(owned: Archive) -> None:
    owned.data.chmod(0o700)
    open_to_all(owned.data.parent)
    done = run_as(STRANGER, owned, "user", "list", "--json")
    assert (done.code, str(OWNER) in done.json["error"]) == (2, True), done
    owned.data.parent.chmod(0o700)
    done = run_as(STRANGER, owned, "user", "list", "--json")
    assert (done.code, "closed to you" in done.json["error"]) == (2, True), done


def test_what_root_does_belongs_to_the_owner(owned: Archive) -> None:
    new = owned.data.parent / "new.eml"
    new.write_bytes(letter(3))
    new.chmod(0o644)
    for words in (
        ("user", "add", "--login", "bob"), ("import", new), ("search", "", "--as", "alice"), ("rebuild",),
        ("export", "--to", owned.data.parent / "out"),
    ):  # fmt: skip
        pool = {} if words[0] == "import" else {"AMBERPOST_POOL": "0"}
        done = run_as(ROOT, owned, *words, "--json", env=pool)
        assert done.code == 0, (words, done)
    new.unlink()
    assert owners(owned.data.parent) == {(OWNER, OWNER)}
    assert run_as(OWNER, owned, "search", "", "--as", "alice", "--json").json["count"] == 3


def test_what_root_serves_belongs_to_the_owner(owned: Archive) -> None:
    server = start_as(ROOT, owned, "serve", "--listen", "127.0.0.1:0")
    try:
        deadline = time.monotonic() + 60
        while "serve" not in roles(server) or len(roles(server)) < 4:  # the supervisor and its three parts
            assert time.monotonic() < deadline
            assert server.poll() is None
            time.sleep(0.1)
        assert {uid for uid, _ in users_of(server)} == {OWNER}
    finally:
        kill_all(server)
    assert owners(owned.data.parent) == {(OWNER, OWNER)}


def users_of(server: "subprocess.Popen[bytes]") -> list[tuple[int, str]]:
    """(user, command line) of each process of a server that is past its own beginning."""
    found = []
    for pid in session_members(server.pid):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found.append((os.stat(f"/proc/{pid}").st_uid, line))
        except OSError:
            continue
    return found


def roles(server: "subprocess.Popen[bytes]") -> set[str]:
    lines = [line for _, line in users_of(server)]
    parts = {part for part in ("web-only", "fetch-only", "work-only") for line in lines if part in line}
    return parts | ({"serve"} if lines else set())


def test_root_hears_that_the_owner_may_not_read_the_key_file(owned: Archive) -> None:
    shutil.chown(owned.key_file, 0, 0)
    done = run_as(ROOT, owned, "user", "list", "--json")
    assert done.code == 5
    assert "must belong to the owner" in done.json["error"]
    assert str(owned.key_file) in done.json["error"]


def test_root_reads_and_writes_elsewhere_with_the_owners_rights(owned: Archive, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(letter(1))
    for words in (("import", tmp_path / "1.eml"), ("export", "--to", tmp_path / "out")):
        done = run_as(ROOT, owned, *words, "--json")
        assert (done.code, "owner may not" in done.json["error"]) == (2, True), done


def test_init_by_root_makes_what_belongs_to_the_owner_of_the_folder() -> None:
    need_other_users()
    with tempfile.TemporaryDirectory() as folder:
        open_to_all(Path(folder))
        fresh = Archive(data=Path(folder) / "archive")
        fresh.data.mkdir()
        shutil.chown(fresh.data, OWNER, OWNER)
        refused = run_as(ROOT, fresh, "init", "--json")  # the key would lie in root's folder
        assert (refused.code, refused.json["exit"]) == (2, 2), refused
        assert str(fresh.key_file) in refused.json["error"]
        assert list(fresh.data.iterdir()) == []
        shutil.chown(folder, OWNER, OWNER)
        assert run_as(ROOT, fresh, "init", "--json").code == 0
        assert owners(Path(folder)) == {(OWNER, OWNER)}
        assert run_as(OWNER, fresh, "user", "list", "--json").code == 0


# Where nothing can be written


def read_as_owner(archive: Archive, *words: str | Path) -> Done:
    return run_as(OWNER, archive, *words)


@pytest.fixture
def protected(owned: Archive) -> Iterator[Archive]:
    for path in (owned.data, *owned.data.rglob("*")):
        path.chmod(path.stat().st_mode & 0o555)
    before = names(owned.data)
    yield owned
    assert names(owned.data) == before


def test_who_holds_the_key_reads_and_hears_that_it_is_not_recorded(protected: Archive) -> None:
    found = read_as_owner(protected, "search", "Brief", "--as", "alice", "--json")
    assert found.json["count"] == 2, found
    out = protected.data.parent / "out"
    deeds = [
        ("search", "Brief", "--as", "alice"), ("show", str(found.json["hits"][0]["id"]), "--as", "alice"),
        ("export", "--to", out), ("config", "export", protected.data.parent / "state.json"),
    ]  # fmt: skip
    for words in deeds:
        done = read_as_owner(protected, *words, "--json")
        assert (done.code, done.words) == (0, "not recorded: the medium is read-only\n"), (words, done)
    assert len(list(out.rglob("*.eml"))) == 2


def test_what_would_not_have_been_recorded_says_nothing(protected: Archive) -> None:
    (protected.data.parent / "one.eml").write_bytes(letter(1))
    (protected.data.parent / "one.eml").chmod(0o644)
    arguments = {
        "evaluate": [protected.data.parent / "one.eml"], "user export": [protected.data.parent / "users.csv"],
    }  # fmt: skip
    for name in sorted(READING - {"search", "show", "export", "config export"}):
        done = read_as_owner(protected, *name.split(), *arguments.get(name, []), "--json")
        if name == "config check":
            assert {problem["code"] for problem in done.json["problems"]} == {"C031"}
            continue
        assert (done.code, done.words) == (0, ""), (name, done)


def test_what_must_write_refuses_with_a_sentence(protected: Archive) -> None:
    for words in (
        ("serve",),
        ("process", "--all"),
        ("rebuild",),
        ("user", "add", "--login", "x"),
        ("seats",),
    ):
        done = read_as_owner(protected, *words, "--json")
        assert (done.code, done.json["exit"]) == (2, 2), done
        assert "Nothing can be written here" in done.json["error"]
        assert "search" in done.json["error"]


def test_a_copy_with_commits_only_in_its_write_ahead_log_is_read_whole(owned: Archive) -> None:
    """As a snapshot, or a crash, leaves it: the rows of the last message are not in the database file."""
    import sqlite3

    connection = sqlite3.connect(owned.data / "catalogue.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("UPDATE accounts_user SET name = 'only in the log' WHERE login = 'alice'")
    connection.commit()
    snapshot = owned.data.parent / "snapshot"
    shutil.copytree(owned.data, snapshot, ignore=shutil.ignore_patterns("*-shm"))
    connection.close()
    give_to(OWNER, snapshot, owned.data)
    assert (snapshot / "catalogue.db-wal").stat().st_size
    for path in (snapshot, *snapshot.rglob("*")):
        path.chmod(path.stat().st_mode & 0o555)
    before = names(snapshot)
    users = read_as_owner(
        replace(owned, data=snapshot, settings=key_of(owned)), "user", "list", "--json"
    ).json["users"]
    assert [user["name"] for user in users] == ["only in the log"]
    assert names(snapshot) == before


def test_a_read_only_mount_counts_for_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not access.is_write_protected(tmp_path)
    real = os.statvfs(tmp_path)
    facts = list(real)
    facts[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(facts))
    assert access.has_read_only_mount(tmp_path)
    assert access.is_write_protected(tmp_path)


def test_a_mounted_snapshot_is_read_by_whoever_may(owned: Archive) -> None:
    mounted = owned.data.parent / "mounted"
    mounted.mkdir()
    for words in (["--bind", owned.data, mounted], ["-o", "remount,ro,bind", mounted]):
        if subprocess.run(["mount", *words], capture_output=True, check=False).returncode:
            pytest.skip("this machine lets nobody mount")
    try:
        open_to_all(owned.data.parent)
        for file in (mounted, *mounted.rglob("*")):
            (owned.data / file.relative_to(mounted)).chmod(0o755)
        owned.key_file.chmod(0o644)
        seen = replace(owned, data=mounted, settings=key_of(owned))
        for user in (OWNER, STRANGER, ROOT):
            found = run_as(user, seen, "search", "", "--as", "alice", "--json")
            assert (found.code, found.words) == (0, "not recorded: the medium is read-only\n"), found
            assert json.loads(found.out)["count"] == 2
            assert run_as(user, seen, "serve", "--json").code == 2
    finally:
        subprocess.run(["umount", mounted], check=True)
