"""The doors of the pages: what open sockets, slow callers and odd requests can do to others. Nothing."""

import asyncio
import contextlib
import errno
import hashlib
import http.client
import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from amberpost.daemon import pages
from amberpost.daemon.pages import BODY_SECONDS, HEADER_SECONDS, THREADS, Doors, _serve, listening
from amberpost.errors import UserError

PATIENCE = 30
SECONDS = 1.0
REQUEST = b"HTTP/1.1\r\nHost: here\r\n"


class Rooms:
    """The application behind the doors."""

    def __init__(self) -> None:
        self.pieces = 0
        self._end: int | None = None
        self.was_closed = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., None]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/broken":
                raise ValueError("of the wiring")
            case "/endless" | "/torn":
                start("200 OK", [("Content-Type", "application/octet-stream")])
                self._end = 3 if environ["PATH_INFO"] == "/torn" else None
                return self
            case "/taken":
                taken = environ["wsgi.input"].read()
                return self._say(start, f"{len(taken)} {hashlib.sha256(taken).hexdigest()}")
            case _:
                facts = {name: value for name, value in environ.items() if isinstance(value, str)}
                return self._say(start, json.dumps(facts))

    def _say(self, start: Callable[..., None], text: str) -> list[bytes]:
        start("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", str(len(text)))])
        return [text.encode()]

    # An answer without end

    def __iter__(self) -> Iterator[bytes]:
        while self.pieces != self._end:
            self.pieces += 1
            yield b"x" * pages.PIECE_BYTES
        raise ValueError("in the middle of an answer")

    def close(self) -> None:
        self.was_closed.set()


class FullDisk(io.BytesIO):
    """Has no room for a temporary file."""

    def __init__(self, max_size: int) -> None:
        super().__init__()

    def write(self, data: Any) -> int:
        if data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return 0


class House:
    """A running server."""

    def __init__(self, port: int, rooms: Rooms) -> None:
        self.port, self.rooms = port, rooms
        self._held: list[socket.socket] = []

    def knock(self, opening: bytes = b"") -> socket.socket:
        """A connection that has sent so much; held until the end of the test."""
        one = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self._held.append(one)
        one.sendall(opening)
        return one

    def ask(
        self, path: str = "/", *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(
                method, path, body=body, headers={k.replace("__", "-"): v for k, v in headers.items()}
            )
            answer = connection.getresponse()
            return answer, answer.read()

    def facts(self, path: str = "/", **headers: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.ask(path, **headers)[1])
        return found

    def leave(self) -> None:
        for one in self._held:
            one.close()


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(pages, "HEADER_SECONDS", SECONDS)
    monkeypatch.setattr(pages, "BODY_SECONDS", SECONDS)
    listener, rooms, stop = listening("127.0.0.1:0"), Rooms(), threading.Event()
    house = House(listener.getsockname()[1], rooms)
    server = threading.Thread(target=lambda: asyncio.run(_serve(listener, Doors(rooms), stop)))
    server.start()
    try:
        yield house
    finally:
        house.leave()
        stop.set()
        server.join(PATIENCE)
    assert not server.is_alive(), "it does not end"


def test_the_deadlines_are_ten_seconds() -> None:
    assert (HEADER_SECONDS, BODY_SECONDS) == (10.0, 10.0)


def test_more_open_sockets_than_threads_change_nothing_for_others(house: House) -> None:
    for _ in range(3 * THREADS):
        house.knock()
        house.knock(b"GET / " + REQUEST + b"X")
        house.knock(b"POST / " + REQUEST + b"Content-Length: 9000\r\n\r\nslow")
    assert house.ask()[0].status == 200


def test_who_does_not_read_holds_no_thread_and_little_memory(house: House) -> None:
    for _ in range(2 * THREADS):
        house.knock(b"GET /endless " + REQUEST + b"\r\n").recv(1)
    assert house.ask()[0].status == 200
    assert house.rooms.pieces < 2 * THREADS * 200  # 12 MiB each: what the kernel keeps for a socket


def test_the_application_learns_that_a_caller_is_gone(house: House) -> None:
    caller = house.knock(b"GET /endless " + REQUEST + b"\r\n")
    caller.recv(1)
    caller.close()
    assert house.rooms.was_closed.wait(PATIENCE)


@pytest.mark.parametrize("opening", [b"", b"GET", b"GET / " + REQUEST, b"GET / " + REQUEST + b"X: y\r\n"])
def test_a_header_that_does_not_end_is_cut_off(house: House, opening: bytes) -> None:
    assert house.knock(opening).recv(1) == b""


def test_a_connection_that_is_kept_is_closed_when_nothing_follows(house: House) -> None:
    caller = house.knock(b"GET /taken " + REQUEST + b"\r\n")
    assert _everything(caller).startswith(b"HTTP/1.1 200")


def test_a_body_that_drips_is_refused(house: House) -> None:
    caller = house.knock(b"POST /taken " + REQUEST + b"Content-Length: 1000\r\n\r\n")
    over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not over.wait(SECONDS / 10):
                caller.sendall(b"a")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        assert caller.recv(100).startswith(b"HTTP/1.1 408")
    finally:
        over.set()
        dripping.join()


def test_what_comes_buys_time_for_the_rest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "BODY_BYTES_PER_SECOND", 10)
    caller = house.knock(b"POST /taken " + REQUEST + b"Content-Length: 1001\r\n\r\n" + b"a" * 1000)
    assert not threading.Event().wait(1.5 * SECONDS)  # past the first deadline
    caller.sendall(b"a")
    assert caller.recv(100).startswith(b"HTTP/1.1 200")


def test_a_body_comes_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    body = bytes(range(256)) * 16 * 1024
    told = house.ask("/taken", method="POST", body=body)[1]
    assert told.decode() == f"{len(body)} {hashlib.sha256(body).hexdigest()}"
    monkeypatch.setattr(pages, "BODY_BYTES", len(body) - 1)
    assert _status(house, len(body), body) == 413
    monkeypatch.setattr(pages, "BODY_BYTES", len(body))
    assert _status(house, len(body), body) == 200


def test_all_bodies_together_have_a_limit_and_give_it_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BODIES_BYTES", 1000)
    for _ in range(3):
        assert _status(house, 900, b"a" * 900) == 200
    assert _status(house, 1100, b"a" * 1100) == 503
    assert _status(house, 900, b"a" * 900) == 200


def test_a_full_disk_refuses_a_body_and_not_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SpooledTemporaryFile", FullDisk)
    assert _status(house, 900, b"a" * 900) == 507
    assert house.ask()[0].status == 200


def test_a_body_in_pieces_has_its_length(house: House) -> None:
    pieces = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    caller = house.knock(b"POST /x " + REQUEST + b"Connection: close\r\n" + pieces)
    assert b'"CONTENT_LENGTH": "5"' in _everything(caller)


def test_the_application_gets_the_request_as_wsgi_has_it(house: House) -> None:
    facts = house.facts("/a%2Fb/%C3%A4?q=%C3%A4&x", Accept__Language="de", X_Forwarded_For="1.2.3.4")
    assert facts["PATH_INFO"] == "/a/b/ä".encode().decode("latin-1")
    assert facts["QUERY_STRING"] == "q=%C3%A4&x"
    assert facts["REMOTE_ADDR"] == "127.0.0.1"
    assert facts["SERVER_PORT"] == str(house.port)
    assert (facts["REQUEST_METHOD"], facts["CONTENT_LENGTH"]) == ("GET", "0")
    assert facts["HTTP_ACCEPT_LANGUAGE"] == "de"
    assert "HTTP_X_FORWARDED_FOR" not in facts, "a name with underscores passes for the real field"
    assert house.facts(**{"X__Forwarded__For": "1.2.3.4"})["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"


def test_a_head_request_gets_no_body_and_each_cookie_comes(house: House) -> None:
    answer, body = house.ask(method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_who_waits_to_be_let_in_is_told_to_go_on(house: House) -> None:
    caller = house.knock(b"POST /taken " + REQUEST + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert caller.recv(100).startswith(b"HTTP/1.1 100")
    caller.sendall(b"abc")
    assert caller.recv(100).startswith(b"HTTP/1.1 200")


def test_too_long_a_line_or_header_is_refused(house: House) -> None:
    line = house.knock(b"GET /" + b"a" * 2 * pages.HEADER_BYTES + b" " + REQUEST + b"\r\n")
    assert line.recv(100).split()[1] in {b"414", b"431"}
    caller = house.knock(b"GET / " + REQUEST + b"X: y\r\n" * 20_000)
    assert caller.recv(100).startswith(b"HTTP/1.1 431")


def test_a_fault_of_the_application_is_one_answer_and_a_line_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert house.ask("/broken")[0].status == 500
    assert "request broke down" in caplog.text
    assert house.ask()[0].status == 200


def test_an_answer_that_breaks_off_does_not_look_whole(house: House) -> None:
    with pytest.raises(http.client.IncompleteRead):
        house.ask("/torn")
    assert house.rooms.was_closed.is_set()
    assert house.ask()[0].status == 200


def test_an_address_that_cannot_be_had_is_named() -> None:
    with listening("127.0.0.1:0") as first:
        address = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(UserError, match="end the program that has this address.*" + address):
            listening(address)
    for wrong in ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"):
        with pytest.raises(UserError, match=wrong):
            listening(wrong)


def test_ipv6_comes_in_brackets() -> None:
    with listening("[::1]:0") as one:
        assert one.getsockname()[0] == "::1"


def _status(house: House, length: int, body: bytes) -> int:
    head = b"POST /taken " + REQUEST + f"Content-Length: {length}\r\n\r\n".encode()
    caller = house.knock(head)
    with contextlib.suppress(OSError):  # refused before it was sent
        caller.sendall(body)
    return int(caller.recv(100).split()[1])


def _everything(caller: socket.socket) -> bytes:
    """What comes until the other side closes."""
    came = b""
    while part := caller.recv(65536):
        came += part
    return came
