"""One life of an archive on the simulated disk: accept, seal, crash, recover, again; then the account.

Law: what got a receipt is sealed in the end, once, with its exact bytes; a record that a checkpoint covers
never changes; nothing else is ever sealed; and no check reports anything.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from amberpost.errors import ArchiveError, StoreError
from amberpost.store.batch import NewRecord
from amberpost.store.disk import Disk, LocalDisk
from amberpost.store.drain import Frame, IntakeReader
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import write_origin
from amberpost.store.secret import Secret
from amberpost.store.slots import close_slot
from amberpost.store.split import Cut, Split, split
from amberpost.store.store import Store
from tests.simdisk import PowerLoss, SimDatabase, SimDisk

ORIGIN = "amberpost/sim"
MASTER = Secret(bytes(range(32)))
ID = 16


class Broken(AssertionError):
    """The law was broken; str() says how."""


@cache
def empty_image() -> bytes:
    """A keys.db with its first KEKs, as a new archive has it."""
    database = SimDatabase(SimDisk(0), b"")
    keys = KeyStore(database.connect, origin=ORIGIN, master=MASTER)
    keys.database.create()
    for name in ("intake", "objects"):
        keys.kek(name)
    slot = close_slot(
        id=1, kind="key-file", params="", origin=ORIGIN, slot_key=Secret(bytes(32)), master=MASTER
    )
    with keys.transaction() as connection:
        row = (slot.id, slot.kind, slot.params, slot.wrapped, slot.mac)
        connection.execute("INSERT INTO slot VALUES (?, ?, ?, ?, ?)", row)
    return database.image


@cache
def bodies() -> tuple[bytes, ...]:
    """Few enough to repeat, so that objects are shared; from some bytes to several sectors."""
    choice = random.Random(7)
    return tuple(choice.randbytes(choice.choice((1, 40, 300, 700, 1500, 2600))) for _ in range(12))


@dataclass
class Life:
    """What the outside world remembers; it survives every crash."""

    seed: int
    handed: dict[bytes, bytes] = field(default_factory=dict)
    receipts: set[bytes] = field(default_factory=set)
    checkpoint: int = 0
    covered: list[bytes] = field(default_factory=list)  # leaves a checkpoint covers


class Archive:
    """One boot: what runs between two crashes. Mutants replace its methods."""

    intake_class = IntakeLog
    reader_class = IntakeReader
    store_class = Store
    disk_class = LocalDisk

    def __init__(self, life: Life, calls: SimDisk, database: SimDatabase) -> None:
        self.life = life
        self.disk: Disk = self.disk_class(Path("/data"), calls)
        self.keys = KeyStore(database.connect, origin=ORIGIN, master=MASTER)
        self.keys._labels.update(_labels())
        self.store = self.store_class.open(self.disk, self.keys, "mail", checkpoint_size=life.checkpoint)
        self.reader = self.reader_class(self.disk, self.keys)
        self.reader.sweep_reserved()
        self.intake = self.intake_class(self.disk, self.keys)

    def accept(self, payloads: Sequence[bytes]) -> None:
        for one in payloads:
            self.life.handed[one[:ID]] = one
        self.intake.append(payloads)
        self.life.receipts.update(one[:ID] for one in payloads)

    def seal(self) -> None:
        frames = self.reader.pending()
        self.append(self.unsealed(frames))
        self.reader.release(frames)

    def unsealed(self, frames: list[Frame]) -> list[Frame]:
        known = self.store.find(frame.payload[:ID] for frame in frames)
        return [frame for frame in frames if frame.payload[:ID] not in known]

    def append(self, frames: list[Frame]) -> None:
        self.store.append([_record(frame.payload) for frame in frames])

    def publish(self) -> None:
        leaves = [leaf for _, leaf in self.store.leaves(self.life.checkpoint)]
        self.life.covered += leaves
        self.life.checkpoint += len(leaves)


@cache
def _labels() -> dict[str, bytes]:
    keys = KeyStore(SimDatabase(SimDisk(0), b"").connect, origin=ORIGIN, master=MASTER)
    return {name: keys.label(name) for name in ("dedup", "durable")}


@cache
def _split(body: bytes) -> Split:
    return split(body, [Cut(start=0, end=len(body), kind="whole")], _labels()["dedup"])


def _record(payload: bytes) -> NewRecord:
    id, body = payload[:ID], payload[ID:]
    leaf = b'{"c":"' + hashlib.sha256(payload).hexdigest().encode() + b'"}'
    return NewRecord(capture_id=id, leaf=leaf, header=id, split=_split(body))


@dataclass
class Run:
    """A seed played to its end."""

    seed: int
    archive_class: type[Archive] = Archive
    crashes: int = 3
    faults: bool = False  # also short writes and I/O errors

    def __post_init__(self) -> None:
        self.choice = random.Random(self.seed)
        self.calls = SimDisk(self.seed + 1_000_000)
        self.database = SimDatabase(self.calls, empty_image())
        self.life = Life(seed=self.seed)
        self.boots = 0
        write_origin(LocalDisk(Path("/data"), self.calls), ORIGIN, {})

    def play(self) -> None:
        """Broken if the law is; the message carries the seed."""
        try:
            for _ in range(self.crashes):
                self._live_and_crash()
            self._settle_and_judge()
        except (ArchiveError, AssertionError, KeyError, ValueError) as error:
            raise Broken(f"seed {self.seed}: {type(error).__name__} {error}") from error

    def _live_and_crash(self) -> None:
        self.calls.crash_at = self.calls.steps + self.choice.choice((3, 10, 40, 100))
        self.calls.crash_at += self.choice.randrange(20)
        if self.faults:
            self.calls.fail = self._fault
        try:
            archive = self._boot()
            while True:
                self._act(archive)
        except PowerLoss:
            pass
        except StoreError:
            if not self.faults:
                raise
        self.calls.fail = lambda step, kind: None
        self._end_of_process()

    def _end_of_process(self) -> None:
        if self.choice.random() < 0.4:
            self.calls.kill()
        else:
            self.calls.power_loss()

    def _fault(self, step: int, kind: str) -> str | None:
        fate = self.choice.random()
        if kind == "write" and fate < 0.3:
            return "short"
        if fate < 0.04:
            return "ENOSPC" if fate < 0.01 else "EIO"
        return None

    def _boot(self) -> Archive:
        self.boots += 1
        return self.archive_class(self.life, self.calls, self.database)

    def _act(self, archive: Archive) -> None:
        fate = self.choice.random()
        if fate < 0.45:
            archive.accept([self._payload() for _ in range(self.choice.randint(1, 3))])
        elif fate < 0.8:
            archive.seal()
        elif fate < 0.9:
            archive.publish()
        elif fate < 0.95:
            archive.intake.rotate()
        else:
            archive.store.collect_orphans()

    def _payload(self) -> bytes:
        return self.choice.randbytes(ID) + self.choice.choice(bodies())

    def _settle_and_judge(self) -> None:
        archive = self._boot()
        archive.intake.close()
        while frames := archive.reader.pending():
            archive.append(archive.unsealed(frames))
            archive.reader.release(frames)
        archive.reader.destroy_finished()
        self._judge_content(archive)
        archive.store.close()
        found = [*archive.store.check("deep"), *archive.store.check("crc"), *archive.reader.findings()]
        _require(not found, f"false alarm {found[:2]}")

    def _judge_content(self, archive: Archive) -> None:
        seen: set[bytes] = set()
        for index in range(archive.store.next_index):
            record = archive.store.read(index)
            _require(record.header not in seen, f"duplicate at {index}")
            seen.add(record.header)
            _require(record.header in self.life.handed, f"never handed over: {index}")
            _require(
                self.life.handed[record.header] == record.header + (record.raw or b""), f"corrupt {index}"
            )
        _require(self.life.receipts <= seen, f"lost {len(self.life.receipts - seen)}")
        leaves = [leaf for _, leaf in archive.store.leaves()]
        _require(leaves[: self.life.checkpoint] == self.life.covered, "covered leaves changed")


def _require(is_kept: bool, law: str) -> None:
    if not is_kept:
        raise Broken(law)
