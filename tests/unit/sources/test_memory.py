"""What a mail server sends does not fill our memory: measured in bytes that are held, not in messages."""

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from amberpost.sources.imap_session import _bound_literals
from amberpost.sources.pop3_wire import Garbled, TooLong, Wire

LIMIT = 20_000
SENT = 64 * 1024 * 1024
HELD = 4 * 1024 * 1024  # a few pieces as they come from the network


class Endless:
    """A socket over which a message of SENT bytes comes, and then the end of it."""

    def __init__(self, end: bytes) -> None:
        self.left, self._end = SENT, end

    def recv(self, most: int) -> bytes:
        size = min(most, self.left)
        self.left -= size
        if size:
            return b"x" * size
        end, self._end = self._end, b""
        return end


def held_while(work: Callable[[], object]) -> int:
    """The most bytes that were held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_pop3_message_above_the_ceiling_passes_through_and_is_not_held() -> None:
    wire = Wire(cast("Any", Endless(b"\r\n.\r\n+OK still in step\r\n")))

    def read() -> None:
        with pytest.raises(TooLong):
            wire.block(LIMIT)

    assert held_while(read) < HELD
    assert wire.line() == b"+OK still in step"


def test_a_pop3_line_without_end_is_given_up_early() -> None:
    source = Endless(b"")
    with pytest.raises(Garbled):
        Wire(cast("Any", source)).line()
    assert source.left > SENT - HELD


def test_an_imap_literal_above_the_ceiling_passes_through_and_is_not_held() -> None:
    client = SimpleNamespace(_imap=SimpleNamespace(read=Endless(b"").recv))
    _bound_literals(client, LIMIT)
    assert held_while(lambda: client._imap.read(SENT)) < HELD
    assert client._imap.read(SENT) == b""
