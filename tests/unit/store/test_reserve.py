"""The reserve: entries that find room when nothing else does, once each, until somebody takes them over."""

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.errors import ReserveFull
from amberpost.store.calls import Buffer, SystemCalls
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys
from amberpost.store.reserve import LARGEST, RESERVE, ROOM, ROOM_BYTES, Reserve, give_room

SIZE = 64 * 1024


class FullCalls(SystemCalls):
    """A disk without a free block: files change in place, and nothing grows."""

    is_full = False

    def write(self, handle: int, data: Buffer) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(handle, data)

    def pwrite(self, handle: int, data: Buffer, offset: int) -> int:
        if self.is_full and offset + len(data) > self.size(handle):
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().pwrite(handle, data, offset)

    def free_bytes(self, path: str) -> int:
        return 0 if self.is_full else super().free_bytes(path)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    keys = create_keys(tmp_path / "data", tmp_path / "key")
    yield keys
    keys.close()


@pytest.fixture
def calls() -> FullCalls:
    return FullCalls()


@pytest.fixture
def reserve(keys: KeyStore, calls: FullCalls, tmp_path: Path) -> Reserve:
    made = Reserve(LocalDisk(tmp_path / "data", calls), keys)
    made.prepare(SIZE)
    return made


def drained(reserve: Reserve) -> list[bytes]:
    found: list[bytes] = []
    reserve.drain(found.extend)
    return found


def again(reserve: Reserve, keys: KeyStore) -> Reserve:
    """As another process sees it."""
    return Reserve(reserve._disk, keys)


def test_it_really_holds_its_blocks(reserve: Reserve, tmp_path: Path) -> None:
    kept = (tmp_path / "data" / RESERVE).stat()
    assert kept.st_size == SIZE
    assert kept.st_blocks * 512 >= SIZE
    assert kept.st_mode & 0o777 == 0o600


def test_what_is_appended_on_a_full_disk_is_there_in_order(
    reserve: Reserve, keys: KeyStore, calls: FullCalls
) -> None:
    calls.is_full = True
    entries = [f"entry {number}".encode() * (number % 7 + 1) for number in range(50)]
    for entry in entries:
        reserve.append(entry)
    assert drained(again(reserve, keys)) == entries


def test_nothing_of_an_entry_can_be_read_without_the_key(reserve: Reserve, tmp_path: Path) -> None:
    reserve.append(b"alice opened message 17")
    assert b"alice" not in (tmp_path / "data" / RESERVE).read_bytes()


def test_it_takes_entries_until_it_is_full_and_then_refuses_all(reserve: Reserve, keys: KeyStore) -> None:
    taken = 0
    while not reserve.is_full():
        reserve.append(b"x" * 1000)
        taken += 1
    with pytest.raises(ReserveFull, match="so is the reserve"):
        reserve.append(b"x" * 1000)
    assert SIZE - LARGEST < taken * 1064 + LARGEST <= SIZE + LARGEST
    with pytest.raises(ReserveFull):
        again(reserve, keys).append(b"small")
    assert drained(reserve) == [b"x" * 1000] * taken
    assert not reserve.is_full()
    reserve.append(b"small")


def test_what_was_taken_over_does_not_come_back_though_its_bytes_are_still_there(
    reserve: Reserve, keys: KeyStore
) -> None:
    """Entries of the same length: the old ones begin exactly where a new one ends."""
    for name in (b"one", b"two", b"six"):
        reserve.append(name)
    assert len(drained(reserve)) == 3
    assert drained(reserve) == []
    reserve.append(b"new")
    assert drained(again(reserve, keys)) == [b"new"]


def test_an_entry_that_nobody_could_take_over_stays(reserve: Reserve, keys: KeyStore) -> None:
    reserve.append(b"one")

    def fails(_entries: list[bytes]) -> None:
        raise OSError(errno.ENOSPC, "still full")

    with pytest.raises(OSError, match="still full"):
        reserve.drain(fails)
    reserve.append(b"two")
    assert drained(again(reserve, keys)) == [b"one", b"two"]


def test_several_processes_append_and_drain_at_once_and_nothing_is_lost_or_doubled(
    reserve: Reserve, keys: KeyStore
) -> None:
    found: list[bytes] = []

    def write(name: int) -> None:
        own = again(reserve, keys)
        for number in range(20):
            own.append(f"{name}/{number}".encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reserve.drain(found.extend)
    reserve.drain(found.extend)
    assert sorted(found) == sorted(f"{name}/{n}".encode() for name in range(4) for n in range(20))


@pytest.mark.parametrize("cut", [1, 30, 60])
def test_a_torn_last_entry_takes_nothing_else_with_it(
    reserve: Reserve, keys: KeyStore, tmp_path: Path, cut: int
) -> None:
    reserve.append(b"whole")
    begin = reserve.used()
    reserve.append(b"torn by a loss of power")
    end, path = reserve.used(), tmp_path / "data" / RESERVE
    data = bytearray(path.read_bytes())
    data[begin + cut : end] = bytes(end - begin - cut)
    path.write_bytes(data)
    other = again(reserve, keys)
    other.append(b"later")
    assert drained(other) == [b"whole", b"later"]


def test_a_damaged_entry_takes_no_other_with_it(
    reserve: Reserve, keys: KeyStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reserve.append(b"one")
    at = reserve.used() + 50
    reserve.append(b"two")
    reserve.append(b"three")
    path = tmp_path / "data" / RESERVE
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert drained(again(reserve, keys)) == [b"one", b"three"]
    assert "damaged entry in the reserve number=1" in caplog.text


def test_without_a_reserve_nothing_is_taken(keys: KeyStore, tmp_path: Path) -> None:
    none = Reserve(LocalDisk(tmp_path / "data"), keys)
    none.prepare(0)
    assert none.is_full()
    assert none.drain(lambda _entries: None) == 0
    with pytest.raises(ReserveFull):
        none.append(b"one")


def test_a_disk_that_is_nearly_full_is_not_filled_by_the_reserve(
    keys: KeyStore, calls: FullCalls, tmp_path: Path
) -> None:
    calls.is_full = True
    late = Reserve(LocalDisk(tmp_path / "data", calls), keys)
    late.prepare(SIZE)
    assert late.size() == 0
    calls.is_full = False
    late.prepare(SIZE)
    assert late.size() == SIZE


def test_a_start_on_a_full_disk_gets_a_little_room_and_the_worker_takes_it_back(
    reserve: Reserve, calls: FullCalls, tmp_path: Path
) -> None:
    room, disk = tmp_path / "data" / ROOM, reserve._disk
    assert room.stat().st_blocks * 512 >= ROOM_BYTES
    give_room(disk)
    assert room.exists()
    calls.is_full = True
    give_room(disk)
    assert not room.exists()
    give_room(disk)
    reserve.prepare(SIZE)
    assert not room.exists()
    calls.is_full = False
    reserve.prepare(SIZE)
    assert room.exists()


def test_a_larger_reserve_waits_until_the_old_one_is_empty(reserve: Reserve) -> None:
    reserve.append(b"one")
    reserve.prepare(2 * SIZE)
    assert reserve.size() == SIZE
    assert drained(reserve) == [b"one"]
    reserve.prepare(2 * SIZE)
    assert reserve.size() == 2 * SIZE
