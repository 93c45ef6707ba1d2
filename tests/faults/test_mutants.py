"""The crash harness catches every known way to lose mail."""

import pytest

import amberpost.store.batch
import amberpost.store.intake
from tests.faults.crash_run import Broken, Run
from tests.faults.mutants import MUTANTS

ENOUGH = 1_500


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amberpost.store.batch, "SEGMENT_LIMIT", 6_000)
    monkeypatch.setattr(amberpost.store.intake, "LOG_LIMIT", 4_000)


RARE = {"sync believed after a failed one", "no sync at recovery"}  # test_steps.py catches these without luck


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in RARE])
def test_this_mutant_is_caught(name: str) -> None:
    for seed in range(ENOUGH):
        with MUTANTS[name]() as archive_class:
            try:
                Run(seed=seed, archive_class=archive_class, faults=bool(seed % 2)).play()
            except Broken:
                return
    pytest.fail(f"{ENOUGH} seeds did not catch it: {name}")
