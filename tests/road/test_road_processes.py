"""Several processes on one archive: one writer, hand-over to it, clean ends, and healing."""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.archive import Archive
from tests.people import ALICE, letter
from tests.processes import kill_all, session_members
from tests.road.sample import generated

PATIENCE = 40


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


@contextmanager
def serving(archive: Archive, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = archive.start("serve", *options)
    try:
        yield process
    finally:
        kill_all(process)


def is_working(archive: Archive) -> bool:
    """Somebody holds the worker lock."""
    try:
        handle = os.open(archive.data / "worker.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def collector_of(archive: Archive) -> int | None:
    """The process that collects, as its lock names it."""
    try:
        return int((archive.data / "fetch.lock").read_text())
    except (FileNotFoundError, ValueError):
        return None


def folder_of(tmp_path: Path, name: str, messages: list[bytes]) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    for number, raw in enumerate(messages):
        (folder / f"{number:04}.eml").write_bytes(raw)
    return folder


def parts(process: "subprocess.Popen[bytes]") -> dict[str, int]:
    """Part -> pid of the supervisor's children."""
    found = {}
    for pid in session_members(process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:  # it has just ended
            continue
        for part in ("work", "fetch", "web"):
            if parent == process.pid and f"--{part}-only".encode() in words:
                found[part] = pid
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end_orphans(members: list[int]) -> None:
    """A test that fails leaves nothing behind either."""
    for pid in filter(lives, members):
        os.kill(pid, signal.SIGKILL)


def test_an_import_beside_a_worker_hands_over_and_returns_when_all_is_done(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add_user("alice", *ALICE.addresses)
    folder = folder_of(tmp_path, "mail", [letter(n) for n in range(50)])
    with serving(archive, "--work-only") as server:
        until(lambda: is_working(archive), "the worker works")
        counts = archive.json("import", folder)
        assert (counts["seen"], counts["stored"]) == (50, 50)
        archive.json("process", "--all")
        assert len(archive.found("alice")) == 50
        archive.add_user("bob", "bob@firma.example")
        late = folder_of(tmp_path, "late", [letter("b", to="neu@firma.example")])
        assert archive.json("import", late)["quarantined"] == 1
        archive.json("user", "address", "--login", "bob", "--address", "neu@firma.example")
        archive.json("process", "--all")
        until(lambda: len(archive.found("bob")) == 1, "the late address is assigned")
        assert archive.json("verify", "--deep")["findings"] == []
        assert server.poll() is None
    assert archive.json("verify", "--deep")["findings"] == []


def test_what_an_import_says_is_stored_can_be_found_at_once(archive: Archive, tmp_path: Path) -> None:
    """The contract: import returns when what it accepted is processed, with a server or without one."""
    archive.add_user("alice", *ALICE.addresses)
    with serving(archive, "--work-only"):
        until(lambda: is_working(archive), "the worker works")
        for number in range(4):
            archive.json("import", folder_of(tmp_path, f"m{number}", [letter(number)]))
            archive.json("process", "--all")
            assert len(archive.found("alice")) == number + 1


def test_two_imports_at_once_take_everything_once(archive: Archive, tmp_path: Path) -> None:
    archive.add_user("alice", *ALICE.addresses)
    first = folder_of(tmp_path, "a", [*generated(150, "a"), letter("both")])
    second = folder_of(tmp_path, "b", [*generated(150, "b"), letter("both")])

    running = [archive.start("import", folder) for folder in (first, second)]
    assert [process.wait(120) for process in running] == [0, 0]
    archive.json("process", "--all")
    assert len(archive.exported(tmp_path / "out", "--what", "capture")) == 301
    assert archive.json("verify", "--deep")["findings"] == []
    again = archive.json("import", first, second)
    assert (again["seen"], again["duplicate"]) == (302, 302)


def test_killed_alone_an_import_leaves_no_process_behind(archive: Archive, tmp_path: Path) -> None:
    """As the kernel does when memory is short: only one process of many is killed."""
    running = archive.start("import", folder_of(tmp_path, "mail", generated(1500)))
    until(lambda: len(session_members(running.pid)) >= 3, "the processes that prepare mail")
    os.kill(running.pid, signal.SIGKILL)
    running.wait(30)
    until(lambda: not session_members(running.pid), "an end of all its processes")
    archive.json("process", "--all")
    assert archive.json("verify", "--deep")["findings"] == []


def test_searching_and_verifying_beside_an_import_sees_a_sound_archive(
    archive: Archive, tmp_path: Path
) -> None:
    archive.add_user("alice", *ALICE.addresses)
    archive.json("import", folder_of(tmp_path, "first", [letter("known", subject="Bekannt")]))
    running = archive.start("import", folder_of(tmp_path, "mail", generated(1500)))
    looks = 0
    while running.poll() is None:
        assert [hit["subject"] for hit in archive.found("alice", "Bekannt")] == ["Bekannt"]
        assert archive.json("verify", "--quick")["findings"] == []
        assert archive.json("verify", "--deep")["findings"] == []
        looks += 1
    assert looks
    assert running.returncode == 0
    archive.json("process", "--all")
    assert archive.json("verify", "--deep")["findings"] == []


def heeds(pid: int, number: int) -> bool:
    """Whether the process has a handler for the signal."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(fields["SigCgt"], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("options", [(), ("--work-only",), ("--fetch-only",), ("--web-only",)])
def test_sigterm_ends_every_form_of_serve_cleanly(options: tuple[str, ...], archive: Archive) -> None:
    words = (*options, "--listen", "127.0.0.1:0")
    with serving(archive, *words) as server:
        if not options:
            until(lambda: set(parts(server)) == {"work", "fetch", "web"}, "all parts run")
        until(lambda: heeds(server.pid, signal.SIGTERM), "it has started")
        members = session_members(server.pid)
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 0
        until(lambda: not any(map(lives, members)), "no process is left")
    assert not is_working(archive)
    assert archive.json("verify", "--deep")["findings"] == []


def test_a_killed_part_is_started_again_and_goes_on(archive: Archive, tmp_path: Path) -> None:
    archive.add_user("alice", *ALICE.addresses)
    with serving(archive, "--listen", "127.0.0.1:0") as server:
        until(lambda: set(parts(server)) == {"work", "fetch", "web"}, "all parts run")
        before = parts(server)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: set(parts(server)) == {"work", "fetch", "web"}, "all parts run again")
        assert not set(parts(server).values()) & set(before.values())
        assert archive.json("import", folder_of(tmp_path, "mail", [letter(1)]))["stored"] == 1
        until(lambda: len(archive.found("alice")) == 1, "it is found")


def test_a_killed_supervisor_leaves_no_orphans(archive: Archive) -> None:
    with serving(archive, "--listen", "127.0.0.1:0") as server:
        until(lambda: set(parts(server)) == {"work", "fetch", "web"}, "all parts run")
        time.sleep(1.5)
        members = session_members(server.pid)
        assert len(members) >= 4
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        try:
            until(lambda: not any(map(lives, members)), "every part ends by itself")
        finally:
            end_orphans(members)
    assert archive.json("verify", "--deep")["findings"] == []


def test_a_supervisor_killed_at_once_leaves_no_orphans(archive: Archive) -> None:
    """Its parts may still be starting: they must find out all the same."""
    with serving(archive, "--listen", "127.0.0.1:0") as server:
        until(lambda: set(parts(server)) == {"work", "fetch", "web"}, "all parts are begun")
        members = session_members(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        try:
            until(lambda: not any(map(lives, members)), "every part ends by itself")
        finally:
            end_orphans(members)


def test_an_import_that_is_killed_loses_nothing_it_accepted(archive: Archive, tmp_path: Path) -> None:
    """What was accepted is processed later; importing again completes the rest without a second copy."""
    folder = folder_of(tmp_path, "mail", generated(600))
    for delay in (0.9, 1.3, 1.8):
        process = archive.start("import", folder)
        time.sleep(delay)
        kill_all(process)
    archive.json("import", folder)
    assert len(archive.exported(tmp_path / "out", "--what", "capture")) == 600
    assert archive.json("verify", "--deep")["findings"] == []


def test_a_second_worker_waits_for_the_first(archive: Archive, tmp_path: Path) -> None:
    with serving(archive, "--work-only") as first:
        until(lambda: is_working(archive), "the first works")
        with serving(archive, "--work-only") as second:
            time.sleep(2)
            assert second.poll() is None
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            until(lambda: is_working(archive), "the second takes over")
            assert archive.json("import", folder_of(tmp_path, "m", [letter(1)]))["seen"] == 1


def test_a_second_serve_on_the_same_folder_names_the_first_and_ends(archive: Archive) -> None:
    with serving(archive, "--listen", "127.0.0.1:0") as first:
        until(lambda: collector_of(archive) in session_members(first.pid), "its collector has begun")
        second = archive.run("serve", "--listen", "127.0.0.1:0")
        assert second.code == 2
        assert f"Process {first.pid} serves this archive already" in second.words
        assert first.poll() is None
        collector = archive.run("serve", "--fetch-only")
        assert (collector.code, "collects for this archive already" in collector.words) == (2, True)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        with serving(archive, "--listen", "127.0.0.1:0") as heir:
            until(lambda: set(parts(heir)) == {"work", "fetch", "web"}, "a killed one blocks nobody")


def test_a_serve_whose_port_is_taken_says_so_and_ends(archive: Archive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        for options in ((), ("--web-only",)):
            done = archive.run("serve", *options, "--listen", address)
            assert done.code == 2
            assert "end the program that has this address" in done.words
            assert address in done.words
