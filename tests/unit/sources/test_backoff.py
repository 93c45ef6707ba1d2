"""How long a failing source is left alone."""

import pytest

from amberpost.sources.backoff import FIRST_SECONDS, LIMIT_SECONDS, backoff_seconds


def test_no_failure_means_no_wait() -> None:
    assert backoff_seconds(0, lambda: 0.9) == 0


def test_waits_double_and_stop_at_the_limit() -> None:
    longest = [backoff_seconds(failures, lambda: 1.0) for failures in range(1, 12)]
    assert longest[:4] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS, 8 * FIRST_SECONDS]
    assert longest[-1] == LIMIT_SECONDS
    assert longest == sorted(longest)


@pytest.mark.parametrize("failures", [1, 5, 1_000_000])
def test_chance_moves_a_wait_between_half_and_whole(failures: int) -> None:
    whole = backoff_seconds(failures, lambda: 1.0)
    assert backoff_seconds(failures, lambda: 0.0) == whole / 2
    assert whole / 2 < backoff_seconds(failures, lambda: 0.5) < whole
