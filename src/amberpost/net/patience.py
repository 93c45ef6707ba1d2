"""How long another server may take: for a silence, for a whole answer, and for a conversation from end to end.

Promises: whoever reads through reader() gets a TimeoutError in the end, also from a server that sends a byte now
and then. Honest mail on a slow line comes through:
each byte that arrives buys time. Uses a clock that nobody sets.
"""

import io
import socket
import time
from collections.abc import Callable
from typing import Any

# The slowest line we wait for, in bytes a second: a modem of 1994 (9,600 bit/s) made about as much. A message
# of 25 MB may take seven hours; whoever sends a byte a second is cut off when the base of the answer is used up.
SLOWEST_BYTES = 1024


class Patience:
    """The time that is left, asked for before each wait. Not thread-safe."""

    def __init__(
        self,
        *,
        silence_seconds: float,
        answer_seconds: float,
        until: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answer_seconds`: base of one whole answer. `until`: when all must be over, on that clock."""
        self._silence = silence_seconds
        self._answer = answer_seconds
        self._until = until
        self._clock = clock
        self._began = clock()
        self._received = 0

    def begin(self) -> None:
        """A new question: its answer has all its time."""
        self._began = self._clock()
        self._received = 0

    def end_within(self, seconds: float) -> None:
        """All must be over by then; a farewell need not be long."""
        until = self._clock() + seconds
        self._until = until if self._until is None else min(self._until, until)

    def received(self, count: int) -> None:
        self._received += count

    def seconds(self) -> float:
        """How long the next wait may be; TimeoutError when there is no time left."""
        moment = self._clock()
        left = self._began + self._answer + self._received / SLOWEST_BYTES - moment
        if self._until is not None:
            left = min(left, self._until - moment)
        if left <= 0:
            raise TimeoutError("the time is used up")
        return min(self._silence, left)


class _Patient(io.RawIOBase):
    """Reads a connection no longer than its patience lasts."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._raw = connection.makefile("rb", buffering=0)  # keeps the connection open until both are closed
        self._connection = connection
        self._patience = patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  whatever BufferedReader gives
        self._connection.settimeout(self._patience.seconds())
        count = self._raw.readinto(buffer) or 0
        self._patience.received(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def reader(connection: socket.socket, patience: Patience) -> io.BufferedReader:
    """The connection as a file to read from; TimeoutError when the patience is at its end."""
    return io.BufferedReader(_Patient(connection, patience))
