"""The intake log: what makes accept() durable.

append() returns when its payloads are synced to disk; payloads of callers that come while a sync is running
go into the next one together. After any error the file is dead and nothing of the failed group was promised;
if the disk was full the next append begins another file, after anything else nothing is written any more.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from amberpost.clock import now
from amberpost.errors import DiskFull, StoreError
from amberpost.store.disk import AppendFile, Disk, NewFileTaken
from amberpost.store.frames import FrameCipher, frame_header, pack_payload
from amberpost.store.keys import KeyStore, ReservationLost

LOG_LIMIT = 64 * 1024 * 1024  # then a new file is begun, so that this one can be released
LOG_SECONDS = 600  # so that what is sealed does not stay here for long
_TRIES = 5  # a worker sweeps once, at its start; five of them in a row are something else
GROUP_LIMIT = 8 * 1024 * 1024  # written in the time of one sync of a disk that turns


def intake_path(name: str) -> str:
    """Of the log with this name."""
    return f"intake/{name}.log"


@dataclass(slots=True, kw_only=True)
class _OpenLog:
    name: str
    file: AppendFile
    cipher: FrameCipher
    opened_at: float
    frames: int = 0
    synced: int = 0


class IntakeLog:
    """The log of one accepting process. Thread-safe."""

    def __init__(self, disk: Disk, keys: KeyStore) -> None:
        self._disk = disk
        self._keys = keys
        self._process = secrets.token_hex(8)
        self._logs = 0
        self._log: _OpenLog | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._asked = 0  # payloads ever asked for
        self._settled = 0  # payloads whose caller can be told: synced, or in `_unkept`
        self._callers: list[int] = []  # the last payload of each append() that waits
        self._unkept: dict[int, Exception] = {}  # what became of an append() that found no room
        self._busy = False
        self._error: Exception | None = None
        self._changed = threading.Condition()

    def append(self, payloads: Sequence[bytes]) -> None:
        """When this returns the payloads survive a power loss; on StoreError nothing is promised."""
        packed = [pack_payload(payload) for payload in payloads]
        with self._changed:
            # A group that waits is bounded, and so is the memory of a process whose disk is slow.
            while self._error is None and self._busy and self._waiting_bytes > GROUP_LIMIT:
                self._changed.wait()
            self._require_sound()
            self._waiting += packed
            self._waiting_bytes += sum(map(len, packed))
            self._asked += len(packed)
            mine = self._asked
            self._callers.append(mine)
        while self._is_waiting(mine):
            self._flush()

    def close(self) -> None:
        """Finish the log, so that the worker can release it."""
        with self._changed:
            while self._busy:
                self._changed.wait()
            self._close_log()

    def rotate(self) -> None:
        """Let the next append begin a new file."""
        self.close()

    def _require_sound(self) -> None:
        if self._error is not None:
            raise StoreError("intake_failed") from self._error

    def _is_waiting(self, mine: int) -> bool:
        """False once `mine` is on disk; waits while another thread is syncing."""
        with self._changed:
            while self._error is None and self._busy and self._settled < mine:
                self._changed.wait()
            if (full := self._unkept.pop(mine, None)) is not None:
                raise full
            if self._settled >= mine:
                return False
            self._require_sound()
            return True

    def _flush(self) -> None:
        """Write and sync all that waits, unless another thread began to."""
        with self._changed:
            if self._busy or not self._waiting or self._error is not None:
                return
            self._busy = True
            group, self._waiting, self._waiting_bytes = self._waiting, [], 0
            callers, self._callers = self._callers, []
        # Stands if not even an Exception comes: a thread that ends here leaves the others an error, not a wait.
        error: Exception | None = StoreError("intake_interrupted")
        try:
            self._write_group(group)
            error = None
        except DiskFull as full:
            # No more goes into this file; what it holds is kept. The next append may find room for another.
            with self._changed:
                error = None
                self._unkept.update(dict.fromkeys(callers, full))
                self._close_log()
        except Exception as caught:
            error = caught
            raise
        finally:
            with self._changed:
                self._busy = False
                self._error = error
                self._settled += 0 if error else len(group)
                self._changed.notify_all()

    def _write_group(self, group: list[bytes]) -> None:
        log = self._current_log()
        parts: list[bytes] = []
        for number, packed in enumerate(group, log.frames):
            sealed = log.cipher.seal(packed, number)
            parts += (frame_header(sealed, number=number, synced=log.synced), sealed)
        log.file.write(parts)
        log.file.sync()
        log.frames += len(group)
        log.synced = log.frames

    def _current_log(self) -> _OpenLog:
        log = self._log
        age = now().timestamp() - log.opened_at if log else 0
        if log is not None and (log.file.size >= LOG_LIMIT or not 0 <= age < LOG_SECONDS):
            self._close_log()
        tries = 1
        while self._log is None:
            try:
                self._log = self._begin_log()
            except (ReservationLost, NewFileTaken):
                # A starting worker took this one for the rest of a crash: begin another.
                if tries == _TRIES:
                    raise
                tries += 1
        return self._log

    def _begin_log(self) -> _OpenLog:
        """Key first, file second, then the note that the file is there: a log never lacks its key."""
        self._logs += 1
        name = f"{self._process}-{self._logs}"
        cipher = FrameCipher(self._keys.reserve_intake(name), name)
        file = self._disk.create(intake_path(name), locked=True)
        try:
            self._keys.confirm_intake(name)
        except ReservationLost:
            self._disk.remove(intake_path(name))
            file.close()
            raise
        return _OpenLog(name=name, file=file, cipher=cipher, opened_at=now().timestamp())

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.file.close()
            self._log = None
