"""Power losses and I/O errors by seed: 0 lost, 0 duplicated, 0 corrupt, 0 false alarms."""

import pytest

import amberpost.store.batch
import amberpost.store.intake
from tests.faults.crash_run import Run


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files turn over after a few records, so that crashes hit the turning."""
    monkeypatch.setattr(amberpost.store.batch, "SEGMENT_LIMIT", 6_000)
    monkeypatch.setattr(amberpost.store.intake, "LOG_LIMIT", 4_000)


def play(seeds: range) -> None:
    for seed in seeds:
        Run(seed=seed, faults=seed % 3 == 0).play()


def test_nothing_is_lost_doubled_or_damaged_by_power_loss() -> None:
    play(range(1_000))


@pytest.mark.long
def test_nothing_is_lost_doubled_or_damaged_by_power_loss_20000_times() -> None:
    play(range(10_000, 30_000))
