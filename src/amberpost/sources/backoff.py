"""How long to leave a failing source alone."""

from collections.abc import Callable

FIRST_SECONDS = 15.0
LIMIT_SECONDS = 30 * 60.0


def backoff_seconds(failures: int, rng: Callable[[], float]) -> float:
    """Seconds to wait after this many failures in a row: doubling, limited, and half of it by chance.

    `rng` gives numbers in [0, 1). Chance keeps many sources of one server from coming back together.
    """
    if failures < 1:
        return 0.0
    whole = min(LIMIT_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 16))
    return whole / 2 + whole / 2 * rng()
