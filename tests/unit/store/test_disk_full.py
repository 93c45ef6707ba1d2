"""Keys and intake on a full disk: it is said, nothing is promised, and all goes on once there is room."""

import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.full_disk import SmallDisk, can_mount
from tests.unit.store.test_reserve import FullCalls

from amberpost.errors import DiskFull, StoreError, is_disk_full
from amberpost.store import keydb
from amberpost.store.disk import LocalDisk
from amberpost.store.drain import IntakeReader
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys, open_keys


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    keys = create_keys(tmp_path / "data", tmp_path / "key")
    yield keys
    keys.close()


def fill_keys(keys: KeyStore) -> int:
    """New keys until there is no room; how many there was room for."""
    count = 0
    while count < 10_000:
        try:
            keys.reserve_intake(f"{count:08d}" + "x" * 500)
        except DiskFull:
            return count
        count += 1
    raise AssertionError("it never was full")


def test_the_key_database_goes_on_when_there_is_room_again(keys: KeyStore) -> None:
    (pages,) = keys.database.rows("PRAGMA page_count")[0]
    keys.database.rows(f"PRAGMA max_page_count={pages}")
    first = fill_keys(keys)
    with pytest.raises(DiskFull, match="The disk is full"):  # said each time
        keys.reserve_intake("y" * 5000)
    assert len(keys.intake_names()) == first
    keys.database.rows("PRAGMA max_page_count=100000")
    keys.reserve_intake("later")
    assert keys.intake_key("later")


def test_a_key_database_that_nobody_can_share_is_read_alone(
    keys: KeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        """As SQLite behaves where the shared memory of the write-ahead log finds no room."""

        is_alone = False

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            self.is_alone = self.is_alone or sql == "PRAGMA locking_mode=EXCLUSIVE"
            if not self.is_alone:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
                raise error
            return super().execute(sql, *values)

    keys.reserve_intake("before")
    keys.close()
    monkeypatch.setattr(keydb.sqlite3, "connect", partial(sqlite3.connect, factory=Full))
    alone = open_keys(tmp_path / "data", tmp_path / "key")
    assert alone.intake_key("before")
    alone.close()


@pytest.mark.skipif(not can_mount(), reason="needs a file system of its own; the test above shows the same")
def test_the_same_on_a_real_disk_where_it_can_even_be_opened(tmp_path: Path) -> None:
    with SmallDisk.mounted(tmp_path / "disk") as disk:
        data, key = disk.folder / "data", tmp_path / "key"
        keys = create_keys(data, key)
        keys.reserve_intake("before")
        with disk.full():
            fill_keys(keys)
            with pytest.raises(DiskFull):
                IntakeLog(LocalDisk(data), keys).append([b"x" * 100_000])
        IntakeLog(LocalDisk(data), keys).append([b"later"])
        keys.close()
        with disk.full():  # nobody has it open
            alone = open_keys(data, key)
            assert alone.intake_key("before")
            alone.close()


def contents(disk: LocalDisk, keys: KeyStore) -> list[int]:
    """How many frames each intake log holds that a worker would take."""
    frames = IntakeReader(disk, keys).pending(10**9)
    return sorted(len(frame.packed) for frame in frames)


def test_an_intake_log_begins_anew_when_there_is_room_again(keys: KeyStore, tmp_path: Path) -> None:
    calls = FullCalls()
    disk = LocalDisk(tmp_path / "data", calls)
    intake = IntakeLog(disk, keys)
    intake.append([b"before"])
    calls.is_full = True
    for _ in range(3):
        with pytest.raises(DiskFull, match="The disk is full"):
            intake.append([b"refused"])
    calls.is_full = False
    intake.append([b"after"])
    intake.close()
    assert len(contents(disk, keys)) == 2


def test_everybody_who_waits_for_the_same_group_is_told_and_the_next_is_kept(
    keys: KeyStore, tmp_path: Path
) -> None:
    """Threads whose payloads go into one write are refused together, and each exactly once."""

    class Halting(FullCalls):
        begun, go_on = threading.Event(), threading.Event()

        def write(self, handle: int, data: object) -> int:  # type: ignore[override]
            if self.is_full:
                self.begun.set()
                self.go_on.wait(10)
            return super().write(handle, data)  # type: ignore[arg-type]

    calls = Halting()
    disk = LocalDisk(tmp_path / "data", calls)
    intake, told = IntakeLog(disk, keys), []
    intake.append([b"first"])

    def hand_over(number: int) -> None:
        try:
            intake.append([b"%d" % number])
            told.append("kept")
        except DiskFull:
            told.append("full")

    calls.is_full = True
    threads = [threading.Thread(target=hand_over, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert calls.begun.wait(10)
    calls.go_on.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert told == ["full"] * 4
    calls.is_full = False
    hand_over(5)
    assert told[-1] == "kept"
    intake.close()
    assert len(contents(disk, keys)) == 2


def test_any_other_error_still_ends_the_intake_log(keys: KeyStore, tmp_path: Path) -> None:
    class Broken(FullCalls):
        def fdatasync(self, handle: int) -> None:
            raise OSError(5, "Input/output error")

    intake = IntakeLog(LocalDisk(tmp_path / "data", Broken()), keys)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            intake.append([b"lost"])
        assert not is_disk_full(caught.value)


@pytest.mark.parametrize("number", [28, 122])
def test_no_room_and_no_quota_left_are_both_a_full_disk(number: int) -> None:
    assert is_disk_full(OSError(number, "x"))
    assert not is_disk_full(StoreError("cannot_write"))
    assert is_disk_full(ValueError("No space left on device (os error 28)"))
