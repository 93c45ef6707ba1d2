"""Any byte of an archive changed or cut off is found by verify, with a name.

For make test a sample of the bytes; `long` takes every byte with three masks and every length.
"""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from amberpost.config import Config
from amberpost.daemon.verify import verify_archive
from amberpost.errors import ArchiveError
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, letter, report

MASKS = (0x01, 0x80, 0xFF)
SAMPLE = 60  # changes of each file in make test


@dataclass(frozen=True)
class Victim:
    """A tiny archive to damage, whose verify is quick."""

    opened: Opened

    @property
    def data(self) -> Path:
        return self.opened.config.data

    def kinds(self) -> list[str]:
        """Names of what is found; not even opening the archive is told by an error that says why."""
        try:
            found = verify_archive(self.opened.config, "deep").findings
        except ArchiveError as error:
            return [f"error {error.exit_code}: {error}"]
        assert all(finding.kind and finding.where and finding.message for finding in found)
        return [finding.kind for finding in found]


@pytest.fixture
def victim(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Victim:
    opened.add_user("alice", ALICE.address)
    inner = letter("inner", text="Zeile\r\n" * 20)
    opened.take(letter(1), letter(1), report(inner), letter(2, to="nobody@x.example"))
    _settle_key_database(opened.config)
    found = Victim(opened)
    assert found.kinds() == []
    # Asking Django for its migrations each time would be most of the work.
    monkeypatch.setattr("amberpost.daemon.verify.require_database", lambda config: None)
    return found


def _settle_key_database(config: Config) -> None:
    database = sqlite3.connect(config.data / "keys.db")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def files(victim: Victim) -> dict[str, Path]:
    """The files whose every byte is evidence."""
    data = victim.data
    found = {"key file": victim.opened.config.key_file}
    for log in ("mail", "audit"):
        found[f"{log} segment"] = data / log / "segments" / "00000000000000000001.seg"
        found[f"{log} checkpoint"] = data / log / "ledger" / "checkpoint"
        (tile,) = (path for path in (data / log / "ledger" / "tile").rglob("*") if path.is_file())
        found[f"{log} tile"] = tile
    return found


NAMES = (
    "key file", "mail segment", "mail checkpoint", "mail tile", "audit segment", "audit checkpoint", "audit tile",
)  # fmt: skip


def unseen_flips(victim: Victim, path: Path, places: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    whole, unseen = path.read_bytes(), []
    for at, mask in places:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        if not victim.kinds():
            unseen.append((at, mask))
    path.write_bytes(whole)
    assert victim.kinds() == []
    return unseen


def unseen_cuts(victim: Victim, path: Path, lengths: Iterator[int]) -> list[int]:
    whole, unseen = path.read_bytes(), []
    for length in lengths:
        path.write_bytes(whole[:length])
        if not victim.kinds():
            unseen.append(length)
    path.write_bytes(whole)
    assert victim.kinds() == []
    return unseen


def some(size: int, name: str) -> Iterator[tuple[int, int]]:
    rng = random.Random(name)
    places = {0, 1, size - 1, size - 2, *(rng.randrange(size) for _ in range(SAMPLE))}
    return ((at, rng.choice(MASKS)) for at in sorted(places))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_flipped_bytes_is_found(name: str, victim: Victim) -> None:
    path = files(victim)[name]
    assert unseen_flips(victim, path, some(path.stat().st_size, name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_cuts_is_found(name: str, victim: Victim) -> None:
    path = files(victim)[name]
    rng, size = random.Random(name), path.stat().st_size
    lengths = sorted({0, 1, size - 1, *(rng.randrange(size) for _ in range(30))})
    assert unseen_cuts(victim, path, iter(lengths)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_flipped_byte_is_found(name: str, victim: Victim) -> None:
    path = files(victim)[name]
    places = ((at, mask) for at in range(path.stat().st_size) for mask in MASKS)
    assert unseen_flips(victim, path, places) == []


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_cut_is_found(name: str, victim: Victim) -> None:
    path = files(victim)[name]
    assert unseen_cuts(victim, path, iter(range(path.stat().st_size))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_file_is_found(name: str, victim: Victim) -> None:
    path = files(victim)[name]
    shutil.move(path, path.with_name("elsewhere.bak"))
    assert victim.kinds()


STORED_KEYS = ("slot", "kek", "mail_capture", "mail_object", "audit_capture")


@pytest.mark.parametrize("table", STORED_KEYS)
def test_a_flipped_byte_of_a_stored_key_is_found(table: str, victim: Victim) -> None:
    assert _unseen_key_flips(victim, table, step=7) == []


@pytest.mark.long
@pytest.mark.parametrize("table", STORED_KEYS)
def test_every_flipped_byte_of_every_stored_key_is_found(table: str, victim: Victim) -> None:
    assert _unseen_key_flips(victim, table, step=1) == []


def _unseen_key_flips(victim: Victim, table: str, *, step: int) -> list[tuple[int, int]]:
    database = sqlite3.connect(victim.data / "keys.db", isolation_level=None)
    unseen = []
    for row, wrapped in database.execute(f"SELECT rowid, wrapped FROM {table}").fetchall():
        for at in range(row % step, len(wrapped), step):
            bad = wrapped[:at] + bytes([wrapped[at] ^ MASKS[at % 3]]) + wrapped[at + 1 :]
            database.execute(f"UPDATE {table} SET wrapped = ? WHERE rowid = ?", (bad, row))
            if not victim.kinds():
                unseen.append((row, at))
        database.execute(f"UPDATE {table} SET wrapped = ? WHERE rowid = ?", (wrapped, row))
    database.close()
    assert victim.kinds() == []
    return unseen


def test_the_command_names_what_it_finds_and_ends_with_6(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1))
    archive.json("import", tmp_path / "one.eml")
    paths = [
        archive.key_file,
        archive.data / "mail" / "segments" / "00000000000000000001.seg",
        archive.data / "mail" / "ledger" / "checkpoint",
        archive.data / "audit" / "ledger" / "checkpoint",
    ]
    for path in paths:
        whole = path.read_bytes()
        middle = len(whole) // 2
        for damaged in (whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], whole[:middle]):
            path.write_bytes(damaged)
            said = archive.json("verify", "--deep", code=6)
            assert said["findings"], path.name
        path.write_bytes(whole)
    assert archive.json("verify", "--deep")["findings"] == []
