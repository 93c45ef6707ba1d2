"""The long-running processes: pages, collecting, processing; each alone or all under one supervisor.

Every part may be killed at any moment and is started again; SIGTERM ends all of them cleanly.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import DatabaseError, connection
from gunicorn.app.base import BaseApplication
from gunicorn.util import import_app

from amberpost.config import Config
from amberpost.daemon.fetch import fetch_loop
from amberpost.daemon.notices import start_notices
from amberpost.daemon.work import Timer, open_worker
from amberpost.errors import ArchiveError, WorkerBusy, is_disk_full
from amberpost.store.disk import LocalDisk

log = logging.getLogger(__name__)

PARTS = {"work": "processing", "fetch": "collecting", "web": "pages"}
_THREADS = 8
_RESTART_SECONDS = 2.0
_STOP_SECONDS = 30.0
_FULL_SECONDS = 5.0
_FULL_BYTES = 1024 * 1024  # with less, the index fails in words that do not say why


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn, told what to do by our settings instead of its own command line."""

    def __init__(self, config: Config, supervisor: int | None = None) -> None:
        self._config = config
        self._supervisor = supervisor
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def load(self) -> object:
        return import_app("amberpost.site.wsgi:application")  # by name: nothing imports Django's wiring

    def _watch(self, _arbiter: object) -> None:
        _watch_supervisor(self._supervisor, lambda: os.kill(os.getpid(), signal.SIGTERM))

    def _begin(self, _worker: object) -> None:
        start_notices(self._config, threading.Event())  # ends with the process

    def _options(self) -> Mapping[str, object]:
        return {
            "bind": self._config.listen,
            "workers": 1,
            "threads": _THREADS,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "umask": 0o077,
            "limit_request_line": 4094,
            "on_starting": self._watch,
            "post_worker_init": self._begin,
        }


def run_part(config: Config, part: str, supervisor: int | None = None) -> None:
    """Be one part until SIGTERM, or until the supervisor with this process id is gone."""
    if part == "web":
        WebServer(config, supervisor).run()
        return
    stop = stop_on_signals()
    _watch_supervisor(supervisor, stop.set)
    start_notices(config, stop)
    if part == "work":
        run_worker(config, stop)
    else:
        fetch_loop(config, stop)


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


def supervise(config: Config, parts: Iterable[str] = PARTS) -> None:
    """Run the parts as children, start again what dies, end all on SIGTERM or Ctrl-C."""
    stop = stop_on_signals()
    children = {part: _Child(config, part) for part in parts}
    try:
        while not stop.is_set():
            for child in children.values():
                child.keep_alive()
            stop.wait(0.2)
    finally:
        for child in children.values():
            child.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children.values():
            child.join(deadline)


@dataclass(slots=True)
class _Child:
    config: Config
    part: str
    process: "subprocess.Popen[bytes] | None" = None
    again: Timer | None = None

    def keep_alive(self) -> None:
        """Start the process if it is not running, not more often than every two seconds."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.again is None:
            self.again = Timer(_RESTART_SECONDS)
        if not self.again.is_due():
            return
        if self.process is not None:
            log.error("restarting part=%s exit=%s", self.part, self.process.returncode)
        command = [
            sys.executable,
            "-m",
            "amberpost.cli.main",
            "serve",
            f"--{self.part}-only",
            "--supervisor",
            str(os.getpid()),
        ]
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which ends the parts in order.
        self.process = subprocess.Popen(  # noqa: S603
            [*command, "--data", str(self.config.data), "--listen", self.config.listen],
            start_new_session=True,
        )

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


def _watch_supervisor(pid: int | None, end: Callable[[], None]) -> None:
    """A part ends when its supervisor is gone, even if that was killed while the part was still starting."""
    if pid is None:
        return

    def watch() -> None:
        while os.getppid() == pid:
            time.sleep(1)
        end()

    threading.Thread(target=watch, daemon=True).start()
