"""How long a server may take: silence, answers and whole conversations, on a clock that the test sets."""

import socket
import threading

import pytest

from amberpost.net import dial as module
from amberpost.net.dial import dial, look_up
from amberpost.net.patience import SLOWEST_BYTES, Patience, reader


class Clock:
    moment = 1_000.0

    def __call__(self) -> float:
        return self.moment


def patient(clock: Clock, *, until: float | None = None) -> Patience:
    return Patience(silence_seconds=60, answer_seconds=300, until=until, clock=clock)


def test_a_silence_ends_before_an_answer_does() -> None:
    clock = Clock()
    one = patient(clock)
    assert one.seconds() == 60
    clock.moment += 250
    assert one.seconds() == 50
    clock.moment += 50
    with pytest.raises(TimeoutError):
        one.seconds()
    one.begin()
    assert one.seconds() == 60


def test_a_byte_a_second_does_not_keep_an_answer_alive() -> None:
    clock = Clock()
    one = patient(clock)
    for _ in range(300):
        one.seconds()
        one.received(1)
        clock.moment += 1
    clock.moment += 1
    with pytest.raises(TimeoutError):
        one.seconds()


@pytest.mark.parametrize("rate", [SLOWEST_BYTES, 10 * SLOWEST_BYTES])
def test_a_large_message_on_a_slow_line_comes_through(rate: int) -> None:
    clock = Clock()
    one, left = patient(clock), 100 * 2**20
    while left > 0:
        one.seconds()
        one.received(rate)
        clock.moment += 1
        left -= rate


def test_the_end_of_a_conversation_holds_whatever_comes() -> None:
    clock = Clock()
    one = patient(clock, until=1_030)
    clock.moment += 25
    one.begin()
    one.received(10**9)
    assert one.seconds() == 5
    one.end_within(2)
    assert one.seconds() == 2
    one.end_within(60)
    clock.moment += 2
    with pytest.raises(TimeoutError):
        one.seconds()


def test_reading_stops_when_the_time_is_used_up() -> None:
    clock = Clock()
    here, there = socket.socketpair()
    with here, there, reader(here, patient(clock)) as lines:
        there.sendall(b"one\ntwo")
        assert lines.readline() == b"one\n"
        clock.moment += 301
        with pytest.raises(TimeoutError):
            lines.readline()


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    monkeypatch.setattr(module.socket, "getaddrinfo", lambda *_, **__: end.wait(20))
    with pytest.raises(TimeoutError, match="resolver"):
        look_up("mail.example", 143, 0.05)
    end.set()


@pytest.mark.parametrize("error", [socket.gaierror(1, "x"), UnicodeError("x"), OverflowError("x")])
def test_what_the_resolver_says_is_the_callers(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module.socket, "getaddrinfo", refuse)
    with pytest.raises(type(error)):
        look_up("mail.example", 143, 5)


def test_the_next_address_is_tried_and_the_last_failure_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as shut:
        port, closed = server.getsockname()[1], shut.getsockname()[1]
        shut.close()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", one)) for one in (closed, port)]
        monkeypatch.setattr(module, "look_up", lambda *_: found)
        with dial("mail.example", 143, patient(Clock())) as connection:
            assert connection.getpeername()[1] == port
        monkeypatch.setattr(module, "look_up", lambda *_: found[:1])
        with pytest.raises(ConnectionRefusedError):
            dial("mail.example", 143, patient(Clock()))
