"""A real PostgreSQL for tests: a child of ours on a free loopback port, with its own folder and no durability.

    with Postgres() as server:
        url = server.create_database()

Refuses to run as root, so root starts it as the user `postgres`.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg


def _find(name: str) -> str | None:
    """A program of the newest PostgreSQL here; Debian keeps them off the path."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


PROGRAM, INITDB = _find("postgres"), _find("initdb")

_USER = "amberpost"
_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=127.0.0.1")


class Postgres:
    """One server with any number of databases."""

    def __init__(self) -> None:
        assert PROGRAM is not None, "PostgreSQL is not installed"
        assert INITDB is not None, "PostgreSQL is not installed"
        self._programs = (PROGRAM, INITDB)
        self._owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        data = self.folder / "data"
        self._run([self._programs[1], "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"])
        options = [word for setting in _SETTINGS for word in ("-c", setting)]
        line = [self._programs[0], "-D", str(data), "-p", str(self.port), "-k", str(self.folder), *options]
        with open(self.folder / "log", "wb") as output:
            self._process = subprocess.Popen(
                line, user=self._uid, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)

    def close(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast" shutdown: does not wait for clients
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, template: str = "template1") -> str:
        """The URL of a new database; a copy of the one that `template` (a URL or a name) leads to."""
        self._made += 1
        name = f"archive_{self._made}_{secrets.token_hex(3)}"
        with self._connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}"')
        return f"postgresql://{_USER}:word@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        with self._connect("postgres") as connection:
            connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')

    @property
    def _uid(self) -> int | None:
        return self._owner.pw_uid if self._owner is not None else None

    def _run(self, line: Sequence[str]) -> None:
        done = subprocess.run(line, user=self._uid, capture_output=True, cwd=self.folder, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")

    def _connect(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=_USER, dbname=name, autocommit=True, connect_timeout=5
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
