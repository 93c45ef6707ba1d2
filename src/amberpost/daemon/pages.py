"""The web server: granian reads requests and writes answers; a few threads make the pages in between.

No socket holds a thread: a request is whole before a thread takes it, and no thread waits for somebody who reads
an answer slowly. Who does not finish a header or a body in time is cut off.
"""

import asyncio
import contextlib
import logging
import resource
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from amberpost.config import Config
from amberpost.errors import UserError

log = logging.getLogger(__name__)

THREADS = 8
SOCKETS = 4096  # more wait in the backlog until one is closed
BACKLOG = 512
OTHER_FILES = 512
HEADER_SECONDS = 10.0  # also for the next request on a connection that is kept
HEADER_BYTES = 32 * 1024
BODY_SECONDS = 10.0
BODY_BYTES_PER_SECOND = 16 * 1024  # what has come buys time: a slow line may upload, a drip may not
BODY_BYTES = 80 * 2**20  # the largest upload is a configuration, 64 MiB
BODIES_BYTES = 256 * 2**20  # of all requests together: nobody fills the disk for temporary files
PIECE_BYTES = 64 * 1024  # handed from a thread to the server at once, and kept in memory
STOP_SECONDS = 10.0

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
AsgiMessage = dict[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]


def serve_pages(config: Config, stop: threading.Event) -> None:
    """Serve the pages until told to stop; UserError if the address cannot be had."""
    listener = listening(config.listen)
    application = import_module("amberpost.site.wsgi").application  # by name: nobody imports the wiring
    asyncio.run(_serve(listener, Doors(application), stop))


def listening(address: str) -> socket.socket:
    """A socket at `host:port`, the host of IPv6 in brackets. UserError says what is in the way."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    is_v6 = ":" in host
    try:
        return socket.create_server(
            (host, int(port)),
            family=socket.AF_INET6 if is_v6 else socket.AF_INET,
            dualstack_ipv6=is_v6 and socket.has_dualstack_ipv6(),
            backlog=BACKLOG,
        )
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(
            "pages_address_taken",
            subject=address,
        ) from error


class Doors:
    """An ASGI application that gives whole requests to a WSGI application, each to one thread of a few."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._bodies_bytes = 0

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        with SpooledTemporaryFile(max_size=PIECE_BYTES) as file:
            body = _Body(file)
            try:
                refusal = await self._read(receive, body)
                if refusal is not None:
                    await _refuse(send, refusal)
                    return
                file.seek(0)
                await self._send(_Answer(self._application, _environ(scope, body)), receive, send)
            except _Gone:
                log.debug("the caller is gone")
            finally:
                self._bodies_bytes -= body.size

    async def _read(self, receive: Receive, body: "_Body") -> HTTPStatus | None:
        """Take the whole body in; a status if it will not be taken."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout(BODY_SECONDS) as limit:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    part = message.get("body", b"")
                    body.size += len(part)
                    self._bodies_bytes += len(part)
                    if body.size > BODY_BYTES:
                        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                    if self._bodies_bytes > BODIES_BYTES:
                        return HTTPStatus.SERVICE_UNAVAILABLE
                    body.file.write(part)
                    if not message.get("more_body"):
                        return None
                    limit.reschedule(begun + BODY_SECONDS + body.size / BODY_BYTES_PER_SECOND)
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT
        except OSError:
            log.exception("no room for a request")
            return HTTPStatus.INSUFFICIENT_STORAGE

    async def _send(self, answer: "_Answer", receive: Receive, send: Send) -> None:
        """A piece after the other, each made when the one before is on its way."""
        run = asyncio.get_running_loop().run_in_executor
        gone: asyncio.Future[AsgiMessage] | None = None
        try:
            while not answer.is_over:
                for message in await run(self._threads, answer.next):
                    await send(message)
                if gone is None and not answer.is_over:
                    gone = asyncio.ensure_future(
                        receive()
                    )  # after the body it tells only of the caller's end
                if gone is not None and gone.done():
                    raise _Gone
        finally:
            if gone is not None:
                gone.cancel()
            if not answer.is_over:
                await run(self._threads, answer.close)


@dataclass(slots=True)
class _Body:
    """What a caller has sent behind the header."""

    file: IO[bytes]
    size: int = 0


class _Gone(Exception):
    """The caller has hung up."""


class _Answer:
    """What the application answers to one request. Its methods run in threads, one at a time."""

    def __init__(self, application: Wsgi, environ: Environ) -> None:
        self.is_over = False
        self._application = application
        self._environ = environ
        self._start: list[AsgiMessage] = []
        self._parts: Iterable[bytes] = ()
        self._rest: Iterator[bytes] | None = None

    def next(self) -> list[AsgiMessage]:
        """The next messages to send; after the last, is_over."""
        if self._rest is None:
            try:
                self._parts = self._application(self._environ, self._begin)
            except Exception:  # top of a request; Django answers its own errors, so this is one of the wiring
                log.exception("request broke down")
                self.is_over = True
                return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)
            self._rest = iter(self._parts)
        piece, size = [], 0
        for part in self._rest:
            piece.append(part)
            size += len(part)
            if size >= PIECE_BYTES:
                break
        else:
            self.close()
        start, self._start = self._start, []
        body = {"type": "http.response.body", "body": b"".join(piece), "more_body": not self.is_over}
        return [*start, body]

    def close(self) -> None:
        """Let the application know that its answer is sent, or will not be."""
        self.is_over = True
        if hasattr(self._parts, "close"):
            self._parts.close()

    def _begin(self, status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        self._start = [
            {
                "type": "http.response.start",
                "status": int(status.partition(" ")[0]),
                "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            }
        ]


def _environ(scope: AsgiMessage, body: _Body) -> Environ:
    """The request as PEP 3333 has it: bytes in text as Latin-1."""
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(scope["server"][0]),
        "SERVER_PORT": str(scope["server"][1]),
        "REMOTE_ADDR": str(scope["client"][0]).removeprefix("::ffff:"),  # IPv4 on a socket of IPv6
        "CONTENT_LENGTH": str(body.size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" in name or name == "CONTENT-LENGTH":
            continue  # `X_Forwarded_For` would pass for the field with hyphens
        key = "CONTENT_TYPE" if name == "CONTENT-TYPE" else f"HTTP_{name.replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


async def _refuse(send: Send, status: HTTPStatus) -> None:
    log.info("request refused status=%d", status)
    for message in _plain(status):
        await send(message)


def _plain(status: HTTPStatus) -> list[AsgiMessage]:
    body = f"{status.value} {status.phrase}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    return [
        {"type": "http.response.start", "status": status.value, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


class _Server(Server):
    """granian within this process, on a socket of ours: its own lets a second server share the port unseen."""

    def __init__(self, listener: socket.socket, doors: Doors) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(
            doors,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=SOCKETS,
            http1_settings=HTTP1Settings(
                header_read_timeout=int(HEADER_SECONDS * 1000), max_buffer_size=HEADER_BYTES
            ),
            log_level=LogLevels.error,
            log_dictconfig={"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}},
        )
        self.workers_kill_timeout = int(STOP_SECONDS)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self._listener.detach(), False, BACKLOG)  # type: ignore[assignment,call-arg]  # as 2.8 has it


async def _serve(listener: socket.socket, doors: Doors, stop: threading.Event) -> None:
    _allow_files(SOCKETS + OTHER_FILES)
    server, loop = _Server(listener, doors), asyncio.get_running_loop()

    def end() -> None:
        stop.wait()
        loop.call_soon_threadsafe(server.stop)

    threading.Thread(target=end, daemon=True, name="stop").start()
    with contextlib.suppress(TimeoutError):  # an answer was still on its way
        await server.serve()


def _allow_files(wanted: int) -> None:
    """A process may often open 1,024 files unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
