"""At most four searches of one user at a time in this process (assurance: 429 above)."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT = 4
_running: Counter[int] = Counter()
_lock = threading.Lock()


class TooMany(Exception):
    """The user's other searches have to end first."""


@contextmanager
def one_search(user_id: int) -> Iterator[None]:
    """Count a search while it runs; TooMany if the user has LIMIT running."""
    with _lock:
        if _running[user_id] >= LIMIT:
            raise TooMany
        _running[user_id] += 1
    try:
        yield
    finally:
        with _lock:
            _running[user_id] -= 1
            if not _running[user_id]:
                del _running[user_id]
