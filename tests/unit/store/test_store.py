"""One log: append, read, find, recover, collect."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import amberpost.store.batch
from amberpost.errors import IntegrityError, NotFound, StoreError
from amberpost.store.batch import NewRecord
from amberpost.store.check import Depth
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.split import Cut, split
from amberpost.store.store import Store
from amberpost.store.worker_lock import is_at_work, take_worker_lock


def record(keys: KeyStore, raw: bytes | None, *, id: bytes | None = None, header: bytes = b"h") -> NewRecord:
    parts = None
    if raw is not None:
        parts = split(raw, [Cut(start=0, end=len(raw), kind="whole")], keys.label("dedup"))
    return NewRecord(capture_id=id, leaf=b'{"t":"ARCHIVE"}', header=header, split=parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=4))
def test_what_is_put_is_got(disk: LocalDisk, keys: KeyStore, contents: list[bytes]) -> None:
    store = Store.open(disk, keys, "mail")
    indexes = store.append([record(keys, raw) for raw in contents])
    assert [store.read(index).raw for index in indexes] == contents
    store.close()


def test_records_are_numbered_found_and_kept_over_a_restart(disk: LocalDisk, keys: KeyStore) -> None:
    store = Store.open(disk, keys, "mail")
    ids = [os.urandom(16) for _ in range(3)]
    assert store.append([record(keys, b"x", id=id, header=b"head") for id in ids]) == [0, 1, 2]
    store.close()
    store = Store.open(disk, keys, "mail", checkpoint_size=3)
    assert store.next_index == 3
    assert store.find([*ids, b"?" * 16]) == {id: index for index, id in enumerate(ids)}
    assert [index for index, _ in store.leaves(1)] == [1, 2]
    assert store.read_header(2) == (b'{"t":"ARCHIVE"}', b"head")
    assert store.append([record(keys, None)]) == [3]
    assert store.read(3).raw is None
    with pytest.raises(NotFound):
        store.read(4)


def test_equal_content_is_kept_once(disk: LocalDisk, keys: KeyStore) -> None:
    store = Store.open(disk, keys, "mail")
    raw = os.urandom(5_000)
    for _ in range(3):
        store.append([record(keys, raw), record(keys, raw)])
    assert len(store.has_objects(record(keys, raw).split.references)) == 1  # type: ignore[union-attr]
    assert store.disk.size("mail/segments/00000000000000000001.seg") < 7_000
    assert all(store.read(index).raw == raw for index in range(6))
    assert list(store.check("deep")) == []


def test_a_reader_beside_the_writer_sees_what_was_appended(disk: LocalDisk, keys: KeyStore) -> None:
    writer = Store.open(disk, keys, "mail")
    reader = Store.open(disk, keys, "mail", read_only=True)
    writer.append([record(keys, b"one")])
    assert reader.next_index == 1
    assert reader.read(0).raw == b"one"
    with pytest.raises(StoreError, match="reading only"):
        reader.append([record(keys, b"two")])
    assert list(reader.check("deep")) == []


def test_the_two_logs_are_apart(disk: LocalDisk, keys: KeyStore) -> None:
    mail, audit = Store.open(disk, keys, "mail"), Store.open(disk, keys, "audit")
    mail.append([record(keys, b"one")])
    assert audit.append([record(keys, None, header=b"who did what")]) == [0]
    assert audit.read(0).header == b"who did what"
    assert list(mail.check("deep")) + list(audit.check("deep")) == []


def test_segments_turn_over(disk: LocalDisk, keys: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amberpost.store.batch, "SEGMENT_LIMIT", 3_000)
    store = Store.open(disk, keys, "mail")
    contents = [os.urandom(size) for size in (1_000, 1_200, 9_000, 10, 2_500, 2_500)]
    store.append([record(keys, raw) for raw in contents])
    assert len(disk.list("mail/segments")) >= 4
    store.close()
    store = Store.open(disk, keys, "mail", checkpoint_size=6)
    assert [store.read(index).raw for index in range(6)] == contents
    for start in range(7):
        assert list(store.check("deep", start)) == []


def test_a_large_message_has_its_header_read_from_one_chunk(disk: LocalDisk, keys: KeyStore) -> None:
    store = Store.open(disk, keys, "mail")
    raw = os.urandom(3_000_000)
    parts = split(raw, [], keys.label("dedup"))
    store.append([NewRecord(capture_id=None, leaf=b"{}", header=b"small", split=parts)])
    assert store.read_header(0) == (b"{}", b"small")
    assert store.read(0).raw == raw
    big = NewRecord(capture_id=None, leaf=b"{}", header=os.urandom(2_000_000), split=parts)
    store.append([big])
    assert store.read_header(1) == (b"{}", big.header)


@pytest.mark.parametrize("leaf", [b"", b"x" * 1_025])
def test_a_leaf_of_wrong_size_is_refused_and_harms_nothing(
    disk: LocalDisk, keys: KeyStore, leaf: bytes
) -> None:
    store = Store.open(disk, keys, "mail")
    with pytest.raises(StoreError):
        store.append([NewRecord(capture_id=None, leaf=leaf, header=b"")])
    assert store.append([record(keys, b"good")]) == [0]


def test_orphans_are_collected_and_are_no_finding(disk: LocalDisk, keys: KeyStore) -> None:
    store = Store.open(disk, keys, "mail")
    store.append([record(keys, b"one"), record(keys, b"two")])
    with keys.transaction() as connection:
        connection.execute("DELETE FROM mail_reference WHERE referrer = 0")
        connection.execute("DELETE FROM mail_capture WHERE idx = 0")
    assert store.collect_orphans() == 1
    assert store.collect_orphans() == 0
    assert store.read(1).raw == b"two"


class Growing(LocalDisk):
    """A disk on which the worker seals another record as soon as somebody reads one."""

    grow: Callable[[], object] | None = None

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        if self.grow is not None and path.endswith(".seg"):
            grow, self.grow = self.grow, None
            grow()
        return super().read_at(path, offset, length)


@pytest.mark.parametrize("depth", ["crc", "deep"])
def test_what_is_sealed_during_a_check_is_no_finding(
    depth: Depth, disk: LocalDisk, keys: KeyStore, tmp_path: Path
) -> None:
    store = Store.open(disk, keys, "mail")
    store.append([record(keys, b"one")])
    growing = Growing(tmp_path / "data")
    growing.grow = lambda: store.append([record(keys, b"two"), record(keys, b"three")])
    assert list(Store.open(growing, keys, "mail", read_only=True).check(depth)) == []
    assert store.next_index == 3


def test_a_record_whose_key_was_lost_is_found(disk: LocalDisk, keys: KeyStore) -> None:
    store = Store.open(disk, keys, "mail")
    store.append([record(keys, b"one"), record(keys, b"two")])
    with keys.transaction() as connection:
        connection.execute("DELETE FROM mail_capture WHERE idx = 1")
    assert "bytes_without_key" in {finding.kind for finding in store.check("deep")}


def test_keys_older_than_the_segments_are_refused(disk: LocalDisk, keys: KeyStore, tmp_path: Path) -> None:
    store = Store.open(disk, keys, "mail")
    store.append([record(keys, b"one")])
    keys.settle()
    keys.database.truncate_wal()
    older = (tmp_path / "data/keys.db").read_bytes()
    store.append([record(keys, b"two")])
    keys.close()
    for name in ("keys.db-wal", "keys.db-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    (tmp_path / "data/keys.db").write_bytes(older)
    with pytest.raises(IntegrityError, match="older copy"):
        Store.open(disk, keys, "mail")


def test_there_is_one_worker(disk: LocalDisk, keys: KeyStore) -> None:
    lock = take_worker_lock(disk)
    assert is_at_work(disk)
    with pytest.raises(StoreError):
        take_worker_lock(disk)
    lock.release()
    take_worker_lock(disk).release()
