"""Stops at each step of a batch, and errors at each call of a reference run."""

from collections.abc import Callable

import pytest

import amberpost.store.batch
from amberpost.errors import IntegrityError, StoreError
from amberpost.store.keys import KeyStore
from tests.faults.crash_run import ID, MASTER, ORIGIN, Archive, Broken, Life, Run, bodies
from tests.faults.mutants import MUTANTS
from tests.simdisk import PowerLoss

PAYLOADS = [bytes([number]) * ID + bodies()[number] for number in range(6)]


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amberpost.store.batch, "SEGMENT_LIMIT", 3_000)


def live(archive: Archive) -> None:
    """The reference run."""
    archive.accept(PAYLOADS[:3])
    archive.seal()
    archive.publish()
    archive.accept(PAYLOADS[3:4])
    archive.intake.rotate()
    archive.accept(PAYLOADS[4:])
    archive.seal()
    archive.publish()
    archive.reader.pending()
    archive.reader.destroy_finished()


def steps_of_the_reference_run() -> int:
    run = Run(seed=0)
    live(run._boot())
    steps = run.calls.steps
    run._settle_and_judge()
    assert run.life.receipts == {one[:ID] for one in PAYLOADS}
    return steps


def after_the_fault(run: Run, end: Callable[[], None]) -> None:
    run.calls.fail = lambda step, kind: None
    end()
    run._boot()
    run.calls.power_loss()
    run._settle_and_judge()


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC", "short"])
@pytest.mark.parametrize("end", ["kill", "power_loss"])
def test_an_error_at_any_call_stops_the_store_and_loses_nothing(fault: str, end: str) -> None:
    stopped = 0
    for at in range(1, steps_of_the_reference_run() + 1):
        run = Run(seed=at)
        run.calls.fail = lambda step, kind, at=at: fault if step == at else None
        try:
            archive = run._boot()
            live(archive)
        except (StoreError, IntegrityError):
            stopped += 1
        after_the_fault(run, getattr(run.calls, end))
    assert stopped == 0 if fault == "short" else stopped > 40


@pytest.mark.parametrize("name", ["sync believed after a failed one", "no sync at recovery"])
def test_a_store_that_believes_the_page_cache_is_caught(name: str) -> None:
    with MUTANTS[name](), pytest.raises((Broken, IntegrityError)):
        test_an_error_at_any_call_stops_the_store_and_loses_nothing("EIO", "kill")


def test_after_a_failed_write_nothing_is_written_until_the_store_is_opened_again() -> None:
    run = Run(seed=1)
    archive = run._boot()
    archive.accept(PAYLOADS[:2])
    run.calls.fail = lambda step, kind: "EIO" if kind == "fsync" else None
    with pytest.raises(StoreError):
        archive.seal()
    with pytest.raises(StoreError):
        archive.accept(PAYLOADS[2:3])
    run.calls.fail = lambda step, kind: None
    steps = run.calls.steps
    with pytest.raises(StoreError, match="before"):
        archive.store.append([_any_record()])
    with pytest.raises(StoreError):
        archive.accept(PAYLOADS[2:3])
    assert run.calls.steps == steps
    run.calls.kill()
    run._settle_and_judge()


def _any_record() -> amberpost.store.batch.NewRecord:
    return amberpost.store.batch.NewRecord(capture_id=None, leaf=b"{}", header=b"")


@pytest.mark.parametrize("end", ["kill", "power_loss"])
def test_a_stop_at_any_call_loses_nothing_and_seals_nothing_twice(end: str) -> None:
    for at in range(1, steps_of_the_reference_run() + 1):
        run = Run(seed=at)
        run.calls.crash_at = at
        with pytest.raises(PowerLoss):
            live(run._boot())
        after_the_fault(run, getattr(run.calls, end))


class _Stop(Exception):
    pass


def stop_after(archive: Archive, step: str) -> None:
    """Play one batch up to and including a step of formats.md section 4."""
    frames = archive.reader.pending()
    unsealed = archive.unsealed(frames)
    if step == "keys":

        def stop(segment: int, parts: list[bytes]) -> None:
            raise _Stop

        archive.store._write = stop  # type: ignore[method-assign]
        with pytest.raises(_Stop):
            archive.append(unsealed)
        return
    archive.append(unsealed)
    if step == "checkpoint":
        archive.publish()


@pytest.mark.parametrize("step", ["before", "keys", "segment", "checkpoint"])
@pytest.mark.parametrize("end", ["kill", "power_loss"])
def test_a_stop_between_two_steps_of_a_batch_leaves_no_finding(step: str, end: str) -> None:
    run = Run(seed=5)
    archive = run._boot()
    archive.accept(PAYLOADS[:2])
    archive.seal()
    archive.accept(PAYLOADS[2:])
    if step != "before":
        stop_after(archive, step)
    getattr(run.calls, end)()
    look = Archive.store_class.open(archive.disk, _keys(run), "mail", read_only=True)
    for depth in ("quick", "crc", "deep"):
        assert list(look.check(depth, checkpoint_size=run.life.checkpoint)) == []  # type: ignore[arg-type]
    run._settle_and_judge()


def _keys(run: Run) -> KeyStore:
    return KeyStore(run.database.connect, origin=ORIGIN, master=MASTER)


def test_recovery_refuses_when_a_checkpoint_counts_more() -> None:
    run = Run(seed=2)
    archive = run._boot()
    archive.accept(PAYLOADS)
    archive.seal()
    run.life.checkpoint = len(PAYLOADS) + 1
    with pytest.raises(IntegrityError, match="promised"):
        Archive(Life(seed=2, checkpoint=len(PAYLOADS) + 1), run.calls, run.database)


def test_the_judge_sees_a_lost_message() -> None:
    run = Run(seed=3)
    archive = run._boot()
    archive.accept(PAYLOADS)
    run.life.receipts.add(b"x" * ID)
    with pytest.raises(Broken, match="lost 1"):
        run._settle_and_judge()
