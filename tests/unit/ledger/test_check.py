"""check() names every damage of a ledger's files, and nothing else."""

import pytest

from amberpost.ledger.log import Log
from tests.unit.ledger.folder import ORIGIN, SEED, MemoryFiles, leaves
from tests.unit.ledger.test_log import open_log, written_log

COUNT = 600


def check(files: MemoryFiles, items: list[bytes] | None = None) -> list[tuple[str, str]]:
    log = Log.open(files, "mail/ledger", ORIGIN, SEED, read_only=True)
    found = list(log.check(leaves(COUNT) if items is None else items))
    assert all(finding.message for finding in found)
    return [(finding.kind, finding.where.removeprefix("mail/ledger/")) for finding in found]


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, COUNT, 66_000])
def test_an_honest_log_has_no_findings(count: int) -> None:
    files = written_log(count, step=count or 1)
    if not count:
        open_log(files).integrate()
    assert check(files, leaves(count)) == []


def test_a_log_that_was_never_used_has_no_findings() -> None:
    assert check(MemoryFiles(), []) == []


def test_leaves_after_the_checkpoint_are_no_finding() -> None:
    assert check(written_log(COUNT), leaves(COUNT + 300)) == []


def test_every_flipped_byte_of_every_file_is_found_with_its_name() -> None:
    files = written_log(COUNT)
    for path, good in list(files.data.items()):
        # Every byte of the checkpoint and small tiles; a sample of the others (the long test takes all).
        for at in range(0, len(good), 1 if len(good) < 512 else 37):
            files.data[path] = good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :]
            assert path.removeprefix("mail/ledger/") in [where for _, where in check(files)], (path, at)
        files.data[path] = good
    assert check(files) == []


@pytest.mark.long
def test_every_single_byte_of_every_file_flipped_in_three_ways_is_found() -> None:
    files = written_log(COUNT)
    for path, good in list(files.data.items()):
        for at in range(len(good)):
            for mask in (1, 0x80, 0xFF):
                files.data[path] = good[:at] + bytes([good[at] ^ mask]) + good[at + 1 :]
                assert path.removeprefix("mail/ledger/") in [where for _, where in check(files)]
        files.data[path] = good


def test_every_cut_of_every_file_is_found_with_its_name() -> None:
    files = written_log(COUNT)
    for path, good in list(files.data.items()):
        for length in range(0, len(good), 1 if len(good) < 512 else 251):
            files.data[path] = good[:length]
            assert path.removeprefix("mail/ledger/") in [where for _, where in check(files)], (path, length)
        files.data[path] = good


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("checkpoint", "checkpoint_missing"),
        ("tile/0/000", "tile_missing"),
        ("tile/0/002.p/88", "tile_missing"),
        ("tile/1/000.p/2", "tile_missing"),
    ],
)
def test_a_missing_file_is_found(path: str, kind: str) -> None:
    files = written_log(COUNT)
    del files.data[f"mail/ledger/{path}"]
    assert (kind, path) in check(files)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("checkpoint", "checkpoint_unreadable"),
        ("tile/0/000", "tile_unreadable"),
        ("tile/0/002.p/88", "tile_unreadable"),
    ],
)
def test_an_unreadable_file_is_found(path: str, kind: str) -> None:
    files = written_log(COUNT)
    log = open_log(files, read_only=True)
    files.unreadable.add(f"mail/ledger/{path}")
    assert (kind, f"mail/ledger/{path}") in [(found.kind, found.where) for found in log.check(leaves(COUNT))]


def test_an_unreadable_file_does_not_keep_a_reader_from_opening() -> None:
    files = written_log(COUNT)
    for path in ("checkpoint", "tile/0/002.p/88"):
        files.unreadable = {f"mail/ledger/{path}"}
        assert open_log(files, read_only=True).size == 0


def test_missing_leaves_are_found() -> None:
    assert check(written_log(COUNT), leaves(COUNT - 1)) == [("leaves_missing", "checkpoint")]


def test_another_leaf_is_found() -> None:
    items = leaves(COUNT)
    items[5] = b"forged"
    found = check(written_log(COUNT), items)
    assert ("root_mismatch", "checkpoint") in found
    assert ("tile_damaged", "tile/0/000") in found


def test_a_checkpoint_of_an_empty_log_must_have_the_empty_root() -> None:
    files = MemoryFiles()
    open_log(files).integrate()
    assert check(files, leaves(3)) == []


def test_stale_partial_tiles_are_compared_too() -> None:
    files = written_log(COUNT)
    full = files.data["mail/ledger/tile/0/000"]
    files.data["mail/ledger/tile/0/000.p/9"] = full[: 9 * 32]
    files.data["mail/ledger/tile/0/002.p/90.new"] = b"a torn temporary file"
    assert check(files) == []
    files.data["mail/ledger/tile/0/000.p/9"] = full[: 9 * 32 - 1] + b"?"
    assert check(files) == [("tile_damaged", "tile/0/000.p/9")]


def test_tiles_a_crash_left_beyond_the_checkpoint_are_no_finding() -> None:
    files = written_log(COUNT)
    head = files.data["mail/ledger/checkpoint"]
    partials = {path: data for path, data in files.data.items() if ".p/" in path}
    log = open_log(files)
    log.append_many(leaves(1000)[COUNT:])
    log.integrate()
    files.data.update({"mail/ledger/checkpoint": head, **partials})
    assert check(files, leaves(1000)) == []
    assert check(files, leaves(COUNT)) == []


def test_a_writer_that_publishes_during_the_check_is_no_finding() -> None:
    files = written_log(COUNT)
    writer = open_log(files)
    reader = open_log(files, read_only=True)

    def growing() -> list[bytes]:
        for number, leaf in enumerate(leaves(COUNT)):
            if number == 300:
                writer.append_many([b"more"])
                writer.integrate()
            yield leaf

    assert list(reader.check(growing())) == []
