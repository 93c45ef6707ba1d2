"""What a mail server sends does not fill our memory: measured in bytes that are held, not in messages."""

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from amberpost.net.patience import Patience
from amberpost.sources.pull.imap_wire import _Lines
from amberpost.sources.pull.pop3_wire import Garbled, TooLong, Wire

LIMIT = 20_000
SENT = 64 * 1024 * 1024
HELD = 4 * 1024 * 1024  # a few pieces as they come from the network


class Endless:
    """A socket over which a message of SENT bytes comes, and then the end of it."""

    def __init__(self, end: bytes) -> None:
        self.left, self._end = SENT, end

    def settimeout(self, seconds: float) -> None:
        """It never waits."""

    def recv(self, most: int) -> bytes:
        size = min(most, self.left)
        self.left -= size
        if size:
            return b"x" * size
        end, self._end = self._end, b""
        return end


def wire(source: Endless) -> Wire:
    return Wire(cast("Any", source), Patience(silence_seconds=60, answer_seconds=60))


def held_while(work: Callable[[], object]) -> int:
    """The most bytes that were held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_pop3_message_above_the_ceiling_passes_through_and_is_not_held() -> None:
    line = wire(Endless(b"\r\n.\r\n+OK still in step\r\n"))

    def read() -> None:
        with pytest.raises(TooLong):
            line.block(LIMIT)

    assert held_while(read) < HELD
    assert line.line() == b"+OK still in step"


def test_a_pop3_line_without_end_is_given_up_early() -> None:
    source = Endless(b"")
    with pytest.raises(Garbled):
        wire(source).line()
    assert source.left > SENT - HELD


def test_an_imap_literal_above_the_ceiling_passes_through_and_is_not_held() -> None:
    lines = _Lines.__new__(_Lines)  # without a server
    lines._settings = cast("Any", SimpleNamespace(max_message_bytes=LIMIT))
    lines._lines = cast("Any", SimpleNamespace(read=Endless(b"").recv))
    lines._answer_bytes = 0
    assert held_while(lambda: lines.read(SENT)) < HELD
    assert lines._lines.read(1) == b""
