"""The worker's end of the intake: reads every log, also those being written, releases what is sealed.

At-least-once: after a restart frames come again that were sealed already; the vault asks the store which. A
log goes only when its writer is gone and each of its frames was released here.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from amberpost.errors import Finding, FindingKind
from amberpost.remark import Remark
from amberpost.store.disk import Disk
from amberpost.store.frames import (
    FRAME_HEADER,
    FrameCipher,
    SealedFrame,
    frame_length,
    read_frame,
    sound_frames,
    unpack_payload,
)
from amberpost.store.intake import intake_path
from amberpost.store.keys import KeyStore

_log = logging.getLogger(__name__)
_READ = 8 * 1024 * 1024  # packed, of one call: a batch that is sealed and indexed within seconds
_AHEAD = 1024 * 1024  # some hundred frames of ordinary mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One accepted payload, packed; log and number identify it for release()."""

    log: str
    number: int
    packed: bytes

    @property
    def payload(self) -> bytes:
        """As it was accepted; ValueError if it does not unpack, which its encryption rules out."""
        return unpack_payload(self.packed)


@dataclass(slots=True)
class _Followed:
    """How far one log is read."""

    name: str
    cipher: FrameCipher
    at: int = 0
    ahead: bytes = b""  # read from the file, from ahead_at on
    ahead_at: int = 0
    given: int = 0  # frames handed out
    released: set[int] = field(default_factory=set)
    finished: bool = False
    damaged: bool = False


class IntakeReader:
    """One per worker. pending() hands each frame out once; release() lets it go."""

    def __init__(self, disk: Disk, keys: KeyStore) -> None:
        self._disk = disk
        self._keys = keys
        self._logs: dict[str, _Followed] = {}
        self._findings: list[Finding] = []

    def pending(self, limit_bytes: int = _READ) -> list[Frame]:
        """The next frames of all logs, in order within a log; empty if there is nothing new. Bytes count packed."""
        self._look_for_logs()
        frames: list[Frame] = []
        for log in list(self._logs.values()):
            if limit_bytes <= 0:
                break
            for frame in self._read_log(log, limit_bytes):
                frames.append(frame)
                limit_bytes -= len(frame.packed)
        return frames

    def release(self, frames: Iterable[Frame | tuple[str, int]]) -> None:
        """These are sealed. Logs that are finished and wholly released are destroyed, key first."""
        for frame in frames:
            name, number = (frame.log, frame.number) if isinstance(frame, Frame) else frame
            if name in self._logs:
                self._logs[name].released.add(number)
        self.destroy_finished()

    def destroy_finished(self) -> list[str]:
        """Destroy every log that nobody writes and nobody needs; their names."""
        done = [log.name for log in self._logs.values() if self._is_done(log)]
        for name in done:
            self._destroy(name)
            del self._logs[name]
        return done

    def findings(self) -> list[Finding]:
        """Damage seen so far. A damaged log is never destroyed."""
        return list(self._findings)

    # Which logs there are

    def _look_for_logs(self) -> None:
        present = {name[:-4] for name in self._disk.list("intake") if name.endswith(".log")}
        known = self._keys.intake_names()
        for name in sorted(present - self._logs.keys()):
            if known.get(name) == "released":
                self._destroy(name)
            elif name in known:
                self._logs[name] = _Followed(name, FrameCipher(self._keys.intake_key(name), name))
            else:
                try:
                    is_used = self._disk.size(intake_path(name)) > 0  # an empty one was never used
                except FileNotFoundError:
                    is_used = False  # its writer, who lost the reservation, took it away meanwhile
                if is_used:
                    self._report(FindingKind.INTAKE_KEY_MISSING, name, Remark("intake_without_key"))
        for name, state in known.items():
            if name in present or name in self._logs:
                continue
            if state == "open":
                if not self._disk.exists(intake_path(name)):  # else it was made since the folder was listed
                    self._report(FindingKind.INTAKE_MISSING, name, Remark("intake_file_gone"))
            elif state == "released":
                self._disk.sync_folder("intake")  # a process killed after the unlink may not have
                self._keys.forget_intake(name)

    def sweep_reserved(self) -> None:
        """At the worker's start: forget keys of logs that were never begun. A writer that is just beginning
        one gets ReservationLost or NewFileTaken and begins another."""
        self._look_for_logs()
        for name, state in self._keys.intake_names().items():
            if state == "reserved" and name not in self._logs:
                self._keys.forget_reservation(name)
        for name in self._disk.list("intake"):
            if name.endswith(".log.new") and self._is_abandoned(f"intake/{name}"):
                with contextlib.suppress(FileNotFoundError):
                    self._disk.remove(f"intake/{name}")

    # Reading one log

    def _read_log(self, log: _Followed, limit_bytes: int) -> Iterator[Frame]:
        if log.finished:
            return
        if not self._disk.exists(intake_path(log.name)):  # asking for its lock would make it anew
            log.finished = log.damaged = True
            self._report(FindingKind.INTAKE_MISSING, log.name, Remark("intake_vanished"))
            return
        # Asked before reading: what is read after the writer is gone is all there will ever be.
        finished = self._is_abandoned(intake_path(log.name))
        taken = 0
        while taken < limit_bytes:
            frame = self._next_frame(log)
            if frame is None:
                if finished:
                    yield from self._read_end(log)
                return
            # A frame that does not open is counted and passed over: those behind it are somebody's mail, too.
            packed = self._open(log, frame)
            log.at += FRAME_HEADER + frame.header.length
            log.given += 1
            if packed is not None:
                taken += len(packed)
                yield Frame(log=log.name, number=frame.header.number, packed=packed)

    def _next_frame(self, log: _Followed) -> SealedFrame | None:
        length = frame_length(self._ahead(log, FRAME_HEADER))
        data = b"" if length is None else self._ahead(log, length)
        frame = read_frame(memoryview(data), 0) if length is not None and len(data) == length else None
        if frame is None or frame.header.number != log.given:
            log.ahead, log.ahead_at = b"", 0  # perhaps it is being written: look at the file again next time
            return None
        return frame

    def _ahead(self, log: _Followed, length: int) -> bytes:
        """The next bytes of a log; read in large pieces, since a read for each frame costs more than the frame."""
        start = log.at - log.ahead_at
        if start + length > len(log.ahead):
            log.ahead = self._disk.read_at(intake_path(log.name), log.at, max(length, _AHEAD))
            log.ahead_at, start = log.at, 0
        return log.ahead[start : start + length]

    def _read_end(self, log: _Followed) -> Iterator[Frame]:
        """The writer is gone and no sound frame follows: the end, a torn end, or damage."""
        log.finished = True
        path = intake_path(log.name)
        rest = self._disk.read_at(path, log.at, self._disk.size(path) - log.at)
        behind = list(sound_frames(rest))
        synced = max((frame.header.synced for frame in behind), default=0)
        if synced <= log.given:
            return  # torn: none of these frames was promised to anybody
        log.damaged = True
        self._report(FindingKind.INTAKE_DAMAGED, log.name, Remark("frames_damaged", {"number": log.given}))
        for frame in behind:
            packed = self._open(log, frame)
            if packed is not None:
                yield Frame(log=log.name, number=frame.header.number, packed=packed)

    def _open(self, log: _Followed, frame: SealedFrame) -> bytes | None:
        try:
            return log.cipher.unseal(frame)
        except ValueError:
            log.damaged = True
            self._report(
                FindingKind.INTAKE_DAMAGED,
                log.name,
                Remark("frame_does_not_open", {"number": frame.header.number}),
            )
            return None

    # Letting go

    def _is_done(self, log: _Followed) -> bool:
        return log.finished and not log.damaged and len(log.released) >= log.given

    def _is_abandoned(self, path: str) -> bool:
        """True if no process writes this file any more."""
        lock = self._disk.lock(path)
        if lock is not None:
            lock.release()
        return lock is not None

    def _destroy(self, name: str) -> None:
        """Key, then file, then the row: after a crash between, the next start goes on."""
        self._keys.release_intake(name)
        try:
            self._disk.remove(intake_path(name))
        except FileNotFoundError:
            self._disk.sync_folder("intake")
        self._keys.forget_intake(name)

    def _report(self, kind: FindingKind, name: str, remark: Remark) -> None:
        finding = Finding(kind=kind, where=intake_path(name), remark=remark)
        if finding not in self._findings:
            _log.error("%s where=%s", kind, finding.where)
            self._findings.append(finding)
