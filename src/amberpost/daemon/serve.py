"""The long-running processes: pages, collecting, processing; each alone or all under one supervisor.

Every part may be killed at any moment and is started again; SIGTERM ends all of them cleanly.
"""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import DatabaseError, connection

from amberpost.config import Config
from amberpost.daemon.alone import NotAlone, alone
from amberpost.daemon.notices import start_notices
from amberpost.daemon.pages import listening, serve_pages
from amberpost.daemon.schedule import fetch_loop
from amberpost.daemon.work import open_worker
from amberpost.errors import ArchiveError, WorkerBusy, is_disk_full
from amberpost.store.disk import LocalDisk

log = logging.getLogger(__name__)

PARTS = {"work": "processing", "fetch": "collecting", "web": "pages"}
_RESTART_SECONDS = 2.0
_STOP_SECONDS = 30.0
_FULL_SECONDS = 5.0
_FULL_BYTES = 1024 * 1024  # with less, the index fails in words that do not say why


def run_part(config: Config, part: str, supervisor: int | None = None) -> None:
    """Be one part until SIGTERM, or until the supervisor is gone, whose pipe this handle reads."""
    stop = stop_on_signals()
    if supervisor is not None:
        threading.Thread(target=_follow, args=(supervisor, stop), daemon=True).start()
    start_notices(config, stop)
    if part == "web":
        serve_pages(config, stop)
    elif part == "work":
        run_worker(config, stop)
    else:
        run_collector(config, stop, must_wait=supervisor is not None)


def run_worker(config: Config, stop: threading.Event) -> None:
    """Be the worker as soon as nobody else is (a command may be, for a moment).

    A full disk ends nothing: what failed is opened again until there is room.
    """
    while not stop.is_set():
        try:
            with contextlib.suppress(WorkerBusy), open_worker(config) as worker:
                worker.run(stop)
        except (ArchiveError, DatabaseError, OSError) as error:
            if not is_disk_full(error) and LocalDisk(config.data).free_bytes() >= _FULL_BYTES:
                raise
            log.error("the disk is full, trying again seconds=%d error=%s", _FULL_SECONDS, error)
            connection.close()
            stop.wait(_FULL_SECONDS)
        stop.wait(0.5)


def run_collector(config: Config, stop: threading.Event, *, must_wait: bool) -> None:
    """Collect; two would collect everything twice. Under a supervisor the one of the last may still be ending."""
    while not stop.is_set():
        try:
            with alone(config.data, "fetch", "collects for this archive"):
                fetch_loop(config, stop)
                return
        except NotAlone as busy:
            if not must_wait:
                raise
            log.warning("waiting part=fetch reason=%s", busy.message)
        stop.wait(_RESTART_SECONDS)


@contextlib.contextmanager
def sole_server(config: Config) -> Iterator[None]:
    """Be the one that serves this archive. NotAlone if another process does; UserError if its address is taken."""
    with alone(config.data, "serve", "serves this archive"):
        listening(config.listen).close()  # the part that serves pages could tell its log only
        yield


def supervise(config: Config, parts: Iterable[str] = PARTS) -> None:
    """Run the parts as children, start again what dies, end all on SIGTERM or Ctrl-C."""
    stop = stop_on_signals()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waking, wake = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    living, _alive = os.pipe()  # the other end closes with this process, however it ends
    children = [_Child(config, part, living) for part in parts]
    try:
        while not stop.is_set():
            pauses = [child.keep_alive() for child in children]
            select.select([waking], [], [], min((p for p in pauses if p is not None), default=None))
            with contextlib.suppress(BlockingIOError):
                os.read(waking, 1024)
    finally:
        for child in children:
            child.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children:
            child.join(deadline)


@dataclass(slots=True)
class _Child:
    config: Config
    part: str
    living: int  # what tells the part that we are gone
    process: "subprocess.Popen[bytes] | None" = None
    not_before: float = 0.0

    def keep_alive(self) -> float | None:
        """Start the process if it is not running, not more often than every two seconds: those left until then."""
        if self.process is not None and self.process.poll() is None:
            return None
        if (left := self.not_before - time.monotonic()) > 0:
            return left
        self.not_before = time.monotonic() + _RESTART_SECONDS
        if self.process is not None:
            log.error("restarting part=%s exit=%s", self.part, self.process.returncode)
        command = [
            sys.executable,
            "-m",
            "amberpost.cli.main",
            "serve",
            f"--{self.part}-only",
            "--supervisor",
            str(self.living),
        ]
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which ends the parts in order.
        self.process = subprocess.Popen(  # noqa: S603
            [*command, "--data", str(self.config.data), "--listen", self.config.listen],
            start_new_session=True,
            pass_fds=(self.living,),
        )
        return None

    def terminate(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def join(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _follow(living: int, stop: threading.Event) -> None:
    """A part ends when its supervisor is gone, even if that was killed while the part was still starting."""
    os.read(living, 1)  # returns at the end of the pipe: nobody writes to it
    stop.set()
