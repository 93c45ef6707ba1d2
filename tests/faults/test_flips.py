"""Any byte of a segment, the key file or a stored key flipped or cut off is found, with a name."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.errors import ArchiveError, IntegrityError
from amberpost.store.disk import LocalDisk
from amberpost.store.keyfile import read_key_file
from amberpost.store.store import Store
from tests.faults.sample import Sample, make_sample

FLIPS = (0x01, 0x80, 0xFF)
SEGMENT = "mail/segments/00000000000000000001.seg"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    contents = (b"From a\n" + b"text " * 20, b"From b\n" + b"other " * 10, b"From a\n" + b"text " * 20)
    return make_sample(tmp_path_factory.mktemp("sample"), contents)


@pytest.fixture
def damaged(sample: Sample, tmp_path: Path) -> Sample:
    """A copy to damage."""
    shutil.copytree(sample.data, tmp_path / "data")
    key_file = tmp_path / "archive.key"
    shutil.copy(sample.key_file, key_file)
    return Sample(data=tmp_path / "data", key_file=key_file, contents=sample.contents)


def flipped(path: Path, step: int = 1) -> Iterator[int]:
    """Damages one byte after another, puts it back, and says which."""
    whole = path.read_bytes()
    for at in range(0, len(whole), step):
        for flip in FLIPS:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
            yield at
    path.write_bytes(whole)


def cut(path: Path) -> Iterator[int]:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        yield length
    path.write_bytes(whole)


def test_the_sample_is_sound(sample: Sample) -> None:
    for depth in ("quick", "crc", "deep"):
        assert sample.findings(depth) == []


def test_every_flipped_byte_of_a_segment_is_found(damaged: Sample) -> None:
    keys = damaged.open()
    store = Store.open(LocalDisk(damaged.data), keys, "mail", read_only=True)
    for at in flipped(damaged.data / SEGMENT):
        assert list(store.check("deep")), at
        assert list(store.check("crc")), at
    assert not list(store.check("deep"))
    keys.close()


def test_every_cut_of_a_segment_is_found_and_the_writer_refuses(damaged: Sample) -> None:
    keys = damaged.open()
    disk = LocalDisk(damaged.data)
    store = Store.open(disk, keys, "mail", read_only=True)
    for length in cut(damaged.data / SEGMENT):
        assert list(store.check("deep")), length
        assert list(store.check("crc")), length
        assert list(store.check("quick")), length
        with pytest.raises(IntegrityError):
            Store.open(disk, keys, "mail")
        assert (damaged.data / SEGMENT).stat().st_size == length  # refused, and changed nothing
    keys.close()


def test_a_removed_or_foreign_segment_is_found(damaged: Sample) -> None:
    (damaged.data / "mail/segments/readme").write_bytes(b"")
    assert {one.kind for one in damaged.findings("quick")} == {"segment_foreign"}
    (damaged.data / "mail/segments/readme").unlink()
    (damaged.data / SEGMENT).unlink()
    for depth in ("quick", "crc", "deep"):
        assert "segment_missing" in {one.kind for one in damaged.findings(depth)}


def test_every_flip_and_cut_of_the_key_file_is_named(damaged: Sample) -> None:
    for at in flipped(damaged.key_file):
        with pytest.raises(ArchiveError, match=r"archive\.key"):
            read_key_file(damaged.key_file)
        assert damaged.findings()[0].where == str(damaged.key_file), at
    for length in cut(damaged.key_file):
        with pytest.raises(ArchiveError, match=r"archive\.key"):
            read_key_file(damaged.key_file)
        assert damaged.findings(), length


def test_every_flip_and_cut_of_origin_json_is_found_where_it_has_meaning(damaged: Sample) -> None:
    for length in cut(damaged.data / "origin.json"):
        if length < (damaged.data / "origin.json").stat().st_size - 1:
            assert damaged.findings(), length


KEY_COLUMNS = [
    name.split(".")
    for name in [
        "slot.kind",
        "slot.params",
        "slot.wrapped",
        "slot.mac",
        "kek.class",
        "kek.wrapped",
        "intake.name",
        "intake.wrapped",
        "durable.mac",
        "durable.log",
        "mail_capture.capture_id",
        "mail_capture.wrapped",
        "mail_object.id",
        "mail_object.wrapped",
    ]
]
NUMBER_COLUMNS = [
    name.split(".")
    for name in [
        "slot.id",
        "kek.id",
        "intake.kek",
        "durable.next_index",
        "durable.segment",
        "durable.end",
        "mail_capture.idx",
        "mail_capture.segment",
        "mail_capture.offset",
        "mail_capture.length",
        "mail_capture.kek",
        "mail_object.number",
        "mail_object.segment",
        "mail_object.offset",
        "mail_object.length",
        "mail_object.kek",
        "mail_reference.object",
        "mail_reference.kind",
        "mail_reference.referrer",
    ]
]


@pytest.mark.parametrize(("table", "column"), KEY_COLUMNS)
def test_every_flipped_byte_of_a_stored_key_is_found(damaged: Sample, table: str, column: str) -> None:
    database = sqlite3.connect(damaged.data / "keys.db", isolation_level=None)
    (value,) = database.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
    data = value if isinstance(value, bytes) else value.encode()
    for at in range(len(data)):
        for flip in FLIPS:
            bad: object = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
            if isinstance(value, str):
                assert isinstance(bad, bytes)
                bad = bad.decode("latin-1")
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (bad, value))
            assert damaged.findings(), (at, flip)
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (value, bad))
    assert not damaged.findings()
    database.close()


@pytest.mark.parametrize(("table", "column"), NUMBER_COLUMNS)
def test_every_flipped_bit_of_a_number_is_found(damaged: Sample, table: str, column: str) -> None:
    database = sqlite3.connect(damaged.data / "keys.db", isolation_level=None)
    (value,) = database.execute(f"SELECT max({column}) FROM {table}").fetchone()
    for bit in range(62):
        bad = value ^ (1 << bit)
        sql = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {column} = ?"
        if database.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (bad,)).fetchone():
            continue
        if not database.execute(sql, (bad, value)).rowcount:
            continue
        assert damaged.findings(), (bit, bad)
        database.execute(sql, (value, bad))
    assert not damaged.findings()
    database.close()


@pytest.mark.parametrize("table", ["slot", "kek", "mail_capture", "mail_object", "mail_reference", "durable"])
def test_a_removed_row_is_found(damaged: Sample, table: str) -> None:
    database = sqlite3.connect(damaged.data / "keys.db", isolation_level=None)
    for limit in (1, 1000):
        order = "ORDER BY 1" if limit == 1 else ""
        database.execute("SAVEPOINT before")
        database.execute(
            f"DELETE FROM {table} WHERE ({_first_column(table)}) IN "
            f"(SELECT {_first_column(table)} FROM {table} {order} LIMIT {limit})"
        )
        database.execute("RELEASE before")
        if (
            table != "durable"
        ):  # a missing mark only loses the proof of a cut end, which a checkpoint gives too
            assert damaged.findings()
    database.close()


def _first_column(table: str) -> str:
    return {"slot": "id", "kek": "id", "mail_capture": "idx", "mail_object": "number",
            "mail_reference": "object", "durable": "log"}[table]  # fmt: skip


def test_flips_anywhere_in_the_key_database_harm_nothing_unseen(damaged: Sample) -> None:
    """A sample of all bytes: what is not reported changed no answer."""
    for at in flipped(damaged.data / "keys.db", 641):
        if not damaged.findings():
            assert _reads_as_before(damaged), at


@pytest.mark.long
def test_flips_of_every_byte_of_the_key_database_harm_nothing_unseen(damaged: Sample) -> None:
    for at in flipped(damaged.data / "keys.db"):
        if not damaged.findings():
            assert _reads_as_before(damaged), at


def test_every_cut_of_the_key_database_by_whole_pages_is_found(damaged: Sample) -> None:
    path = damaged.data / "keys.db"
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 512), *range(len(whole) - 40, len(whole))]:
        path.write_bytes(whole[:length])
        assert damaged.findings(), length
    path.write_bytes(whole)
    assert not damaged.findings()


def _reads_as_before(damaged: Sample) -> bool:
    keys = damaged.open()
    store = Store.open(LocalDisk(damaged.data), keys, "mail", read_only=True)
    same = all(store.read(index).raw == content for index, content in enumerate(damaged.contents))
    same = same and store.next_index == len(damaged.contents)
    keys.close()
    return same
