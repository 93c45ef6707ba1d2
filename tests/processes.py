"""What a test has started, with all that its children have started."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 30


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """kill -9 of a started program and of every process of its session; none lives when it returns."""
    known: set[int] = set()
    end = time.monotonic() + PATIENCE
    while living := _parents().keys() & (known | set(session_members(process.pid))):
        assert time.monotonic() < end, f"still alive after kill -9: {living}"
        known |= living  # what it has killed keeps its sockets and locks until the kernel has taken it down
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    process.wait(PATIENCE)


def session_members(session: int) -> list[int]:
    """The processes of a session, and of the sessions its members started."""
    parents = _parents()
    found = {pid for pid, (_, own) in parents.items() if own == session} | {session}
    while more := {pid for pid, (parent, _) in parents.items() if parent in found} - found:
        found |= more
    return sorted(pid for pid in found if pid in parents)


def _parents() -> dict[int, tuple[int, int]]:
    """pid -> (parent, session) of the living."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found[int(entry.name)] = (int(fields[1]), int(fields[3]))
    return found
