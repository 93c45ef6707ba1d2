"""The cage from outside: bytes in, text or a verdict out, whatever the bytes do to whoever reads them.

Every job has a process of its own, which lives for this job only: what takes one over sees no other mail. Behind its
locks it has no file, no network, no other process, no key, and bounded memory and time (`locks.py`). What comes out is
bounded and strictly read (`answer.py`).
"""

import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from threading import Lock
from typing import Self

from amberpost.errors import ArchiveError
from amberpost.extract.answer import Extracted, Verdict, read_answer

JOB_BYTES = 256 * 1024 * 1024  # the cage holds it twice beside what it reads, within 2 GiB
ANSWER_BYTES = 256 * 1024 * 1024  # files that lie inside come out about as large as they went in
SECONDS = 20
_START_SECONDS = 60  # a cold disk has hundreds of modules to read
_GRACE_SECONDS = 5  # between the last byte of an answer and the end of its process
_ALARM_SECONDS = 5  # behind the deadline a cage dies by itself, should nobody live to kill it
_CHUNK = 1 << 20
_LABEL = re.compile(r"[!-~]{1,60}")  # the longest name of a character set that IANA lists has 45
# Python's own -I, and the paths of this process: neither the environment nor the folder one is in decides what is run.
_START = (
    "import sys; sys.path[:] = sys.argv[3:]; from amberpost.extract.keeper import main; "
    "main(sys.argv[1], sys.argv[2] == 'landlock')"
)


class Cage:
    """Reads foreign bytes in processes that can do nothing else. One job at a time; threads wait for each other.

    The first job starts the keeper, and so does the first one after something misbehaved. `uses_landlock=False` and
    another module of extractors are for tests.
    """

    def __init__(self, *, extractors: str = "amberpost.extract.kinds", uses_landlock: bool = True) -> None:
        self.has_landlock: bool | None = None  # None until the first job
        self._extractors = extractors
        self._uses_landlock = uses_landlock
        self._kinds: frozenset[str] = frozenset()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._alone = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the keeper; a later job starts another."""
        with self._alone:
            self._kill()

    def extract(
        self, kind: str, data: bytes, *, charset: str = "", seconds: float = SECONDS
    ) -> Extracted | Verdict:
        """What `data` say, read as `kind` (a key of EXTRACTORS) within `seconds`.

        Never raises for what the bytes are or do. ArchiveError: this machine cannot close a cage; KeyError: nobody
        reads this kind.
        """
        if len(data) > JOB_BYTES:
            return Verdict.TOO_LARGE
        label = charset if _LABEL.fullmatch(charset) else ""
        order = f"{kind}\n{label}\n{math.ceil(seconds + _ALARM_SECONDS)}".encode()
        with self._alone:
            if self._keeper is None or self._keeper.poll() is not None:
                self._start()
            if kind not in self._kinds:
                raise KeyError(kind)
            try:
                answer = self._exchange(order, data, time.monotonic() + seconds)
            except BaseException:
                self._kill()  # its answer would be taken for that of the next job
                raise
            if isinstance(answer, Verdict):
                self._kill()
            return answer if isinstance(answer, Verdict) else self._judged(answer)

    def _exchange(self, order: bytes, data: bytes, end: float) -> bytearray | Verdict:
        """What the cage wrote until it closed its end, or why it must be killed."""
        assert self._control is not None
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, suppress(OSError):  # a keeper that just died is seen by its silence
                socket.send_fds(self._control, [order], [theirs.fileno()])
            answer = bytearray()
            try:
                # A cage that broke down, or knows enough, does not read to the end.
                with suppress(BrokenPipeError, ConnectionResetError):
                    ours.settimeout(max(end - time.monotonic(), 0.001))
                    ours.sendall(data)
                    ours.shutdown(socket.SHUT_WR)
                with suppress(ConnectionResetError):
                    while piece := ours.recv(_CHUNK):
                        answer += piece
                        if len(answer) > ANSWER_BYTES:
                            return Verdict.TOO_LARGE
                        ours.settimeout(max(end - time.monotonic(), 0.001))
            except TimeoutError:
                return Verdict.TIMED_OUT
        return answer

    def _judged(self, answer: bytearray) -> Extracted | Verdict:
        """An answer counts only if its process came to a good end; the keeper, which never saw the job, tells."""
        assert self._control is not None
        self._control.settimeout(_GRACE_SECONDS)
        try:
            ending = self._control.recv(1)
        except OSError:
            ending = b""
        if not ending:
            self._kill()
            return Verdict.CRASHED
        if ending[0] in (signal.SIGXCPU, signal.SIGALRM):
            return Verdict.TIMED_OUT
        read = read_answer(answer) if ending[0] == 0 else None
        return Verdict.CRASHED if read is None else read

    def _start(self) -> None:
        self._kill()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._keeper = subprocess.Popen(  # noqa: S603  our own interpreter and our own words
                [
                    *(sys.executable, "-I", "-c", _START),
                    *(self._extractors, "landlock" if self._uses_landlock else ""),
                    *filter(os.path.isabs, sys.path),
                ],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a traceback would carry mail into the log
                env={},
                cwd="/",
                start_new_session=True,  # killed with whatever it keeps
            )
        self._control.settimeout(_START_SECONDS)
        try:
            locks, *kinds = self._control.recv(4096).decode().split() or [""]
        except OSError:
            locks, kinds = "", []
        if not locks:
            self._kill()
            raise ArchiveError("cage_does_not_close")
        self.has_landlock = locks == "landlock"
        self._kinds = frozenset(kinds)

    def _kill(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._keeper is not None:
            # Not waited for yet, so its number is still its own; nobody inside can leave its group.
            if self._keeper.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()
            self._keeper = None
