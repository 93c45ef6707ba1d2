"""The log over files: appending, publishing, reopening after every kind of loss, proofs."""

import pytest

from amberpost.errors import IntegrityError, StoreError
from amberpost.ledger.checkpoint import verify_checkpoint
from amberpost.ledger.log import Log
from amberpost.ledger.proof import is_consistent, is_included, verify_proof, write_proof
from amberpost.ledger.shelf import TileShelf
from tests.unit.ledger.folder import ORIGIN, SEED, MemoryFiles, leaves, reference_root


def open_log(files: MemoryFiles, *, read_only: bool = False) -> Log:
    return Log.open(files, "mail/ledger", ORIGIN, SEED, read_only=read_only)


def written_log(count: int, *, step: int = 1000) -> MemoryFiles:
    files = MemoryFiles()
    log = open_log(files)
    items = leaves(count)
    for start in range(0, count, step):
        log.append_many(items[start : start + step])
        log.integrate()
    return files


def partial_files(files: MemoryFiles) -> list[str]:
    return sorted(name for name in files.data if ".p/" in name)


def test_a_new_log_is_empty_and_can_publish_that() -> None:
    log = open_log(MemoryFiles())
    assert (log.size, log.checkpoint, log.is_behind) == (0, None, False)
    head = log.integrate()
    assert (head.size, head.root) == (0, reference_root([]))
    assert log.root() == log.root(0) == head.root


def test_appending_numbers_the_leaves() -> None:
    log = open_log(MemoryFiles())
    assert [log.append(leaf) for leaf in leaves(3)] == [0, 1, 2]
    assert log.append_many(iter(leaves(4))) == range(3, 7)
    assert log.append_many([]) == range(7, 7)


def test_nothing_is_on_disk_before_integrate() -> None:
    files = MemoryFiles()
    log = open_log(files)
    log.append_many(leaves(600))
    assert files.data == {}
    log.integrate()
    assert sorted(files.data) == [
        "mail/ledger/checkpoint",
        "mail/ledger/tile/0/000",
        "mail/ledger/tile/0/001",
        "mail/ledger/tile/0/002.p/88",
        "mail/ledger/tile/1/000.p/2",
    ]


def test_the_checkpoint_covers_what_was_appended() -> None:
    files = written_log(300)
    head = verify_checkpoint(files.data["mail/ledger/checkpoint"], open_log(files).verification_key)
    assert (head.origin, head.size, head.root) == (ORIGIN, 300, reference_root(leaves(300)))


def test_integrate_writes_only_tiles_that_changed_and_the_checkpoint_last() -> None:
    files = written_log(70_000, step=70_000)
    log = open_log(files)
    files.written.clear()
    log.append_many(leaves(10))
    log.integrate()
    assert files.written == ["mail/ledger/tile/0/273.p/122", "mail/ledger/checkpoint"]


def test_integrate_with_nothing_new_writes_nothing() -> None:
    files = written_log(300)
    log = open_log(files)
    files.written.clear()
    assert log.integrate() == log.checkpoint
    assert files.written == []


def test_superseded_partial_tiles_are_taken_away() -> None:
    files = written_log(5000, step=7)
    assert partial_files(files) == ["mail/ledger/tile/0/019.p/136", "mail/ledger/tile/1/000.p/19"]


def test_partial_tiles_left_by_an_interrupted_run_are_taken_away_when_opening() -> None:
    files = written_log(600)
    before = dict(files.data)
    log = open_log(files)
    log.append_many(leaves(400))
    log.integrate()
    files.data.update(before)  # as after a crash before the new checkpoint was durable
    files.data["mail/ledger/tile/0/x.p/1"] = b"not ours"
    open_log(files, read_only=True)
    assert len(partial_files(files)) > 3
    assert open_log(files).size == 600
    assert partial_files(files) == [
        "mail/ledger/tile/0/002.p/88",
        "mail/ledger/tile/0/x.p/1",
        "mail/ledger/tile/1/000.p/2",
    ]


def test_a_reopened_log_goes_on_where_it_was() -> None:
    files = MemoryFiles()
    items = leaves(1000)
    for end in (1, 255, 256, 257, 512, 700, 1000):
        log = open_log(files)
        log.append_many(items[log.size : end])
        assert log.integrate().root == reference_root(items[:end])


def test_tiles_behind_the_leaves_are_caught_up_by_appending() -> None:
    files = written_log(300)
    log = open_log(files)
    assert log.size == 300
    log.append_many(leaves(400)[log.size :])
    assert log.integrate().root == reference_root(leaves(400))


@pytest.mark.parametrize("what", ["lost", "damaged", "cut"])
def test_with_bad_tiles_a_log_opens_empty_and_takes_the_leaves_again(what: str) -> None:
    files = written_log(600)
    good = dict(files.data)
    edge = "mail/ledger/tile/0/002.p/88"
    if what == "lost":
        del files.data[edge]
    else:
        files.data[edge] = files.data[edge][:-1] + (b"x" if what == "damaged" else b"")
    log = open_log(files)
    assert (log.size, log.is_behind) == (0, True)
    with pytest.raises(IntegrityError, match="Fewer leaves"):
        log.integrate()
    log.append_many(leaves(600))
    assert log.integrate() == log.checkpoint
    assert files.data == good


def test_leaves_that_contradict_the_checkpoint_are_refused() -> None:
    files = written_log(600)
    del files.data["mail/ledger/tile/0/002.p/88"]
    log = open_log(files)
    log.append_many(leaves(599))
    assert log.is_behind
    with pytest.raises(IntegrityError, match="not those of the checkpoint"):
        log.append_many([b"another", b"and more"])


def test_a_damaged_checkpoint_stops_the_writer_but_not_the_reader() -> None:
    files = written_log(600)
    files.data["mail/ledger/checkpoint"] = files.data["mail/ledger/checkpoint"].replace(b"600", b"601")
    with pytest.raises(IntegrityError):
        open_log(files)
    log = open_log(files, read_only=True)
    assert log.checkpoint is None
    assert [finding.kind for finding in log.check(leaves(600))] == ["checkpoint_invalid"]


def test_a_reader_does_not_write() -> None:
    files = written_log(600)
    log = open_log(files, read_only=True)
    assert log.root() == reference_root(leaves(600))
    with pytest.raises(StoreError):
        log.append(b"leaf")
    with pytest.raises(StoreError):
        log.integrate()


def test_a_reader_that_opens_while_a_writer_publishes_takes_the_new_checkpoint() -> None:
    files = written_log(600)
    old = files.data["mail/ledger/checkpoint"]
    writer = open_log(files)
    writer.append_many(leaves(50))
    writer.integrate()

    class Racing(MemoryFiles):
        reads = 0

        def read(self, path: str) -> bytes:
            if path.endswith("checkpoint"):
                self.reads += 1
                return old if self.reads == 1 else files.data[path]
            return super().read(path)

    racing = Racing()
    racing.data = files.data
    assert open_log(racing, read_only=True).size == 650


def test_a_reader_gives_up_when_the_checkpoint_never_stands_still() -> None:
    class Restless(MemoryFiles):
        reads = 0

        def read(self, path: str) -> bytes:
            if path.endswith("checkpoint"):
                self.reads += 1
                return heads[self.reads % 2]
            raise FileNotFoundError(path)

    heads = [written_log(count).data["mail/ledger/checkpoint"] for count in (3, 4)]
    assert open_log(Restless(), read_only=True).is_behind


def test_the_full_tile_serves_where_its_partial_is_gone() -> None:
    files = written_log(200)
    head = files.data["mail/ledger/checkpoint"]
    full = written_log(256).data["mail/ledger/tile/0/000"]
    files.data = {"mail/ledger/checkpoint": head, "mail/ledger/tile/0/000": full}
    assert open_log(files, read_only=True).size == 200


def test_rebuild_makes_lost_tiles_anew_and_keeps_the_checkpoint() -> None:
    files = written_log(600)
    good = dict(files.data)
    files.data = {"mail/ledger/checkpoint": good["mail/ledger/checkpoint"]}
    log = Log.rebuild(files, "mail/ledger", ORIGIN, SEED, iter(leaves(600)))
    assert (log.size, files.data) == (600, good)


def test_rebuild_repairs_a_damaged_tile_and_writes_no_other() -> None:
    files = written_log(600)
    good = dict(files.data)
    files.data["mail/ledger/tile/0/001"] = b"damaged"
    files.written.clear()
    Log.rebuild(files, "mail/ledger", ORIGIN, SEED, leaves(600))
    assert files.data == good
    assert files.written == ["mail/ledger/tile/0/001"]


def test_rebuild_does_not_sign_over_other_or_fewer_leaves() -> None:
    files = written_log(600)
    with pytest.raises(IntegrityError):
        Log.rebuild(files, "mail/ledger", ORIGIN, SEED, leaves(599))
    with pytest.raises(IntegrityError):
        Log.rebuild(files, "mail/ledger", ORIGIN, SEED, [b"other", *leaves(599)])


def test_rebuild_of_a_log_without_checkpoint_publishes_one() -> None:
    files = MemoryFiles()
    log = Log.rebuild(files, "mail/ledger", ORIGIN, SEED, leaves(600))
    assert log.checkpoint is not None
    assert files.data == written_log(600).data


def test_proofs_of_every_kind_hold_at_every_size_across_tiles() -> None:
    count = 66_000
    items = leaves(count)
    log = open_log(written_log(count, step=count))
    sizes = [1, 2, 255, 256, 257, 511, 4096, 65_535, 65_536, 65_537, count]
    roots = {size: log.root(size) for size in sizes}
    assert roots[4096] == reference_root(items[:4096])
    assert roots[count] == log.root()
    for size in sizes:
        for index in {0, size // 3, size // 2, size - 1}:
            path = log.inclusion(index, size)
            assert is_included(leaf=items[index], index=index, path=path, size=size, root=roots[size])
        for old in [other for other in sizes if other <= size]:
            path = log.consistency(old, size)
            assert is_consistent(
                old_size=old, old_root=roots[old], new_size=size, new_root=roots[size], path=path
            )


def test_proofs_work_on_tiles_that_are_not_written_yet() -> None:
    log = open_log(MemoryFiles())
    log.append_many(leaves(600))
    root = reference_root(leaves(600))
    path = log.inclusion(100, 600)
    assert is_included(leaf=b"leaf 100", index=100, path=path, size=600, root=root)


def test_a_proof_package_can_be_checked_by_a_stranger() -> None:
    log = open_log(written_log(600))
    proof = verify_proof(
        write_proof(log.proof(5, extra=b"x")), leaf=b"leaf 5", verification_key=log.verification_key
    )
    assert (proof.index, proof.extra) == (5, b"x")


def test_without_a_checkpoint_there_is_no_proof() -> None:
    with pytest.raises(IntegrityError):
        open_log(MemoryFiles()).proof(0)


def test_impossible_places_are_refused() -> None:
    log = open_log(written_log(10))
    for wrong in (-1, 10, 11):
        with pytest.raises(ValueError, match="no leaf"):
            log.inclusion(wrong, 10)
    with pytest.raises(ValueError, match="not before"):
        log.consistency(9, 8)
    with pytest.raises(ValueError, match="no tree"):
        log.root(-1)
    with pytest.raises(IntegrityError, match="do not reach"):
        log.root(11)


@pytest.mark.parametrize("damage", [None, b"", b"x" * 8192, b"x" * 8191])
def test_a_bad_full_tile_never_gets_into_a_proof(damage: bytes | None) -> None:
    files = written_log(600)
    if damage is None:
        del files.data["mail/ledger/tile/0/001"]
    else:
        files.data["mail/ledger/tile/0/001"] = damage
    log = open_log(files, read_only=True)
    assert log.inclusion(0, 256)
    with pytest.raises(IntegrityError, match="Tile is"):
        log.inclusion(300, 600)


def test_memory_stays_bounded_while_many_leaves_are_appended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amberpost.ledger.log._MAX_UNWRITTEN", 4)
    monkeypatch.setattr("amberpost.ledger.shelf._CACHED_TILES", 2)
    files = MemoryFiles()
    log = open_log(files)
    log.append_many(leaves(256 * 9))
    assert sum(name.startswith("mail/ledger/tile/0/") for name in files.data) >= 8
    head = log.integrate()
    assert head.root == reference_root(leaves(256 * 9))
    for index in range(0, 256 * 9, 100):
        path = log.inclusion(index, log.size)
        assert is_included(leaf=b"leaf %d" % index, index=index, path=path, size=log.size, root=head.root)


def test_a_tile_written_again_after_a_crash_replaces_what_was_read_before() -> None:
    files = MemoryFiles()
    shelf = TileShelf(files, "l")
    assert shelf.edge(0) is not None
    assert shelf.unwritten == 0
