"""`python -m benchmarks.doors`: how quickly pages answer while others hold sockets open.

Beside ordinary readers: 200 requests whose headers never end, 50 bodies that come with a byte a second, 200 idle
connections, and 200 readers who do not read their answers. All on this machine; ends by itself.
"""

import argparse
import contextlib
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = (sys.executable, "-m", "amberpost.cli.main")
SECONDS = 15.0
READERS = 4
PATIENCE = 10.0
PAGE = "/sign-in/"
LARGE = "/static/amberpost/pages.css"
REQUEST = b"HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GUNICORN = (
    "gunicorn", "amberpost.site.wsgi:application", "--workers", "1", "--threads", "8", "--worker-class", "gthread",
    "--timeout", "120", "--log-level", "error", "--bind",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doors", description=__doc__)
    parser.add_argument("--with-gunicorn", action="store_true", help="also what served the pages before")
    wanted = parser.parse_args()
    print("| server | beside | answers | failed | p50 ms | p95 ms | slowest ms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "archive"
        subprocess.run([*COMMAND, "init", "--data", str(data)], check=True, capture_output=True)
        ways = ["serve --web-only", *(["gunicorn, 8 threads"] if wanted.with_gunicorn else [])]
        for way in ways:
            for name, crowd in CROWDS.items():
                port = _free_port()
                with serving(way, data, port):
                    print(f"| {way} | {name} | {measure(port, crowd).row()} |", flush=True)


@dataclass
class Times:
    """What ordinary readers saw."""

    answered: list[float] = field(default_factory=list)
    failed: int = 0

    def row(self) -> str:
        if len(self.answered) < 2:
            return f"{len(self.answered)} | {self.failed} | | |"
        cuts = statistics.quantiles(self.answered, n=20, method="inclusive")
        shown = (statistics.median(self.answered), cuts[18], max(self.answered))
        return f"{len(self.answered)} | {self.failed} | " + " | ".join(f"{1000 * each:.0f}" for each in shown)


def measure(port: int, crowd: Callable[["Crowd"], None]) -> Times:
    """A few readers, each with one page after the other, beside a crowd."""
    times, stop, guard = Times(), threading.Event(), threading.Lock()
    with Crowd(port) as others:
        crowd(others)
        time.sleep(1)
        readers = [threading.Thread(target=_read, args=(port, times, stop, guard)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        time.sleep(SECONDS)
        stop.set()
        for reader in readers:
            reader.join(PATIENCE + 1)
    return times


def _read(port: int, times: Times, stop: threading.Event, guard: threading.Lock) -> None:
    while not stop.wait(0.1):
        begun = time.perf_counter()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("GET", PAGE)
                answer = connection.getresponse()
                answer.read()
            was_answered = answer.status == 200
        except OSError:
            was_answered = False
        with guard:
            if was_answered:
                times.answered.append(time.perf_counter() - begun)
            else:
                times.failed += 1


class Crowd:
    """Open sockets that want nothing good. A socket that is cut off comes again at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def add(self, count: int, opening: bytes, drip: bytes = b"") -> None:
        """So many connections that send the opening, and then the drip once a second."""
        thread = threading.Thread(target=self._hold, args=(count, opening, drip))
        self._threads.append(thread)
        thread.start()

    def _hold(self, count: int, opening: bytes, drip: bytes) -> None:
        held = [self._dial(opening) for _ in range(count)]
        while not self._over.wait(1):
            for number, one in enumerate(held):
                try:
                    if drip and one is not None:
                        one.sendall(drip)
                    is_cut = one is None or _was_cut(one)
                except OSError:
                    is_cut = True
                if is_cut:
                    if one is not None:
                        one.close()
                    held[number] = self._dial(opening)
        for one in held:
            if one is not None:
                one.close()

    def _dial(self, opening: bytes) -> socket.socket | None:
        try:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)  # who does not read is noticed soon
            one.settimeout(0.5)
            one.connect(("127.0.0.1", self._port))
            one.sendall(opening)
        except OSError:
            return None
        return one


def _was_cut(one: socket.socket) -> bool:
    """True if the other side closed it; what it has sent stays unread."""
    one.setblocking(False)
    try:
        return one.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        one.settimeout(0.5)


def _unfinished(crowd: Crowd) -> None:
    crowd.add(200, b"GET / " + REQUEST, b"X")


def _slow_bodies(crowd: Crowd) -> None:
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n"
    crowd.add(50, b"POST /sign-in/ " + REQUEST + form, b"a")


def _idle(crowd: Crowd) -> None:
    crowd.add(200, b"")


def _unread(crowd: Crowd) -> None:
    ask = f"GET {LARGE} ".encode() + REQUEST + b"\r\n"
    crowd.add(200, ask * 20)


def _all(crowd: Crowd) -> None:
    for some in (_unfinished, _slow_bodies, _idle, _unread):
        some(crowd)


CROWDS: dict[str, Callable[[Crowd], None]] = {
    "nobody": lambda _: None,
    "200 unfinished requests": _unfinished,
    "50 slow bodies": _slow_bodies,
    "200 idle connections": _idle,
    "200 who do not read": _unread,
    "all of these": _all,
}


@contextlib.contextmanager
def serving(way: str, data: Path, port: int) -> Iterator[None]:
    """A server of the pages, as soon as it answers."""
    address = f"127.0.0.1:{port}"
    words = [*COMMAND, "serve", "--web-only", "--data", str(data), "--listen", address]
    if way.startswith("gunicorn"):
        words = [sys.executable, "-m", *GUNICORN, address]
    environment = {**os.environ, "AMBERPOST_DATA": str(data), "AMBERPOST_LISTEN": address}  # noqa: TID251  for it
    server = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not _answers(port):
            if time.monotonic() > end or server.poll() is not None:
                raise SystemExit(f"{way} does not answer")
            time.sleep(0.2)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", PAGE)
            return connection.getresponse().status == 200
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
