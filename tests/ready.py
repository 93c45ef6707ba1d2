"""Commands without the second that each takes to start: forked from a process that has loaded the libraries.

Each command is a process of its own all the same, with its own environment, folder, streams and exit code,
and loads Django's settings and models itself; it only finds what needs no settings in memory already. It is
waited for, its own children are not: a test that promises that none stay behind starts genuinely. Run as
`python -m tests.ready FD` by the Starter; tests do not notice it otherwise.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "amberpost.cli.main:program"
LIBRARIES = (
    "amberpost.cli.main", "django.contrib.auth.checks", "django.contrib.auth.hashers", "django.contrib.auth.management",
    "django.contrib.contenttypes.management", "django.core.handlers.wsgi", "django.core.mail",
    "django.db.backends.sqlite3.base", "django.db.migrations.executor", "django.db.models", "django.forms",
    "django.http", "django.template.backends.django", "django.urls", "django.utils.translation.trans_real",
    "django.views.debug", "email.parser", "imaplib", "multiprocessing.spawn", "smtplib", "tantivy",
)  # fmt: skip
PACKAGES = ("message", "store", "ledger", "search", "oauth")  # they know no framework (import-linter)
_REQUEST_BYTES = 256 * 1024


class Starter:
    """The process that forks; started with the first command, ends with ours. Any thread may use it.

    `user`: the number of somebody else who shall run the commands, with a Python and a path for modules that he
    may use.
    """

    def __init__(
        self, python: str = sys.executable, modules: str = f"{ROOT / 'src'}:{ROOT}", user: int | None = None
    ) -> None:
        self._python, self._modules, self._user = python, modules, user
        self._guard = threading.Lock()
        self._control: socket.socket | None = None
        self._owner = 0

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], *, timeout: float, program: str = PROGRAM
    ) -> tuple[int, bytes, bytes]:
        """(exit code, stdout, stderr) of `amberpost`, or another "module:function", with these words; the code
        is negative if a signal ended it."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours, theirs:
                request = json.dumps([program, list(words), dict(environment), os.getcwd()]).encode()
                self._ask(request, [out.fileno(), errors.fileno(), theirs.fileno()])
                theirs.close()
                code = _code(ours, words, timeout)
            return code, _all_of(out), _all_of(errors)

    def _ask(self, request: bytes, streams: list[int]) -> None:
        with self._guard:
            if self._control is None or self._owner != os.getpid():
                self._control, self._owner = self._started(), os.getpid()
            socket.send_fds(self._control, [request], streams)

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        others = {} if self._user is None else {"user": self._user, "group": self._user, "extra_groups": []}
        with theirs:
            subprocess.Popen(
                [self._python, "-m", "tests.ready", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": self._modules},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                **others,
            )
        return ours


def _code(answers: socket.socket, words: Sequence[str], timeout: float) -> int:
    """The exit code, which comes after the pid; a command that takes too long is killed."""
    pid = _number(answers)  # without a limit: loading the libraries is not the command's time
    answers.settimeout(timeout)
    try:
        return _number(answers)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        answers.settimeout(None)
        _number(answers)
        raise subprocess.TimeoutExpired(list(words), timeout) from None


def _number(answers: socket.socket) -> int:
    told = answers.recv(64)
    if not told:
        raise RuntimeError("the process that starts commands has ended; its stderr says why")
    return int(told)


def _all_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


# In the other process


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers leave no zombies
    while True:
        request, streams, _, _ = socket.recv_fds(control, _REQUEST_BYTES, 3)
        if not request:
            return
        if not os.fork():
            control.close()
            _keep(*json.loads(request), *streams)
        for stream in streams:
            os.close(stream)


def _load() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for package in PACKAGES:
        folder = importlib.import_module(f"amberpost.{package}").__path__
        for module in pkgutil.iter_modules(folder, f"amberpost.{package}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _keep(
    program: str, words: list[str], environment: dict[str, str], folder: str, *streams: int
) -> NoReturn:
    """Run the program in a child and tell its pid and exit code."""
    out, errors, answers = streams
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        told = socket.socket(fileno=answers)
        told.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        told.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.close(answers)
    for source, target in ((out, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = words
    module, _, function = program.partition(":")
    # As with `python -m`: pool processes load it again.
    sys.modules["__main__"] = importlib.import_module(module)
    sys.exit(getattr(sys.modules["__main__"], function)())


if __name__ == "__main__":
    main()
