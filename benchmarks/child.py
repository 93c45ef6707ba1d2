"""Runs a program and says what it cost: wall time, CPU with its children, peak memory of each process."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

_TICK = 0.05
_LIMIT_SECONDS = 1800.0


class ChildFailed(Exception):
    """The program gave an error or took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    seconds: float
    cpu_seconds: float
    peaks: tuple[int, ...]  # high-water marks in bytes, largest first, one for each process seen
    output: bytes = field(repr=False)


def run(words: Sequence[str], *, env: Mapping[str, str] | None = None, limit: float = _LIMIT_SECONDS) -> Cost:
    """Run to the end; ChildFailed unless it exits with 0."""
    with TemporaryFile() as out, TemporaryFile() as errors:
        started = time.perf_counter()
        environment = {**os.environ, **(env or {})}  # noqa: TID251  a child inherits it
        process = subprocess.Popen(words, stdout=out, stderr=errors, env=environment)
        watch = _Watch(process.pid)
        killer = threading.Timer(limit, process.kill)
        watch.start()
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        killer.cancel()
        watch.stop()
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            last = errors.read()[-500:].decode("utf-8", "replace")
            raise ChildFailed(f"{words[0]} exited with {process.returncode} after {seconds:.0f} s: {last}")
        return Cost(
            seconds=seconds,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peaks=tuple(sorted(watch.peaks.values(), reverse=True)) or (usage.ru_maxrss * 1024,),
            output=out.read(),
        )


class _Watch(threading.Thread):
    """Looks at the high-water mark (VmHWM) of a process and its descendants while they live."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._ended = threading.Event()
        self.peaks: dict[int, int] = {}

    def run(self) -> None:
        while not self._ended.wait(_TICK):
            for pid in _family(self._root):
                self.peaks[pid] = max(_high_water(pid), self.peaks.get(pid, 0))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _family(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):  # getmail starts a process for each message, gone in a moment
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += [int(word) for word in _read(children).split()]
    return found


def _high_water(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
