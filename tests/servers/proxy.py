"""A TCP proxy between our client and a real server: counts what passes, cuts where a test says."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_SAID_KEPT = 10_000


class Proxy:
    """Forwards one port. `cut_at`: close both sides when the client sends this, instead of passing it on.

    `cut_after_bytes`: close when the server has sent so many over all connections, or with
    `cuts_each` over one of them. A function is asked anew for each connection. `lie` may change what
    the server says on the way, but not its length.
    """

    def __init__(
        self,
        port: int,
        *,
        cut_at: bytes = b"",
        cut_after_bytes: int | Callable[[], int] = 0,
        cuts_each: bool = False,
        lie: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._target = port
        self._cut_at = cut_at
        self._cut_after_bytes = cut_after_bytes
        self._cuts_each = cuts_each
        self._lie = lie
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.sent_bytes = 0  # by the client
        self.said = bytearray()  # the first of what clients sent
        self.received_bytes = 0
        self.cuts = self.lies = 0

    @property
    def was_cut(self) -> bool:
        return self.cuts > 0

    @property
    def moved_bytes(self) -> int:
        return self.sent_bytes + self.received_bytes

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:  # the server was killed
                _close(client)
                continue
            threading.Thread(target=self._upward, args=(client, server), daemon=True).start()
            threading.Thread(target=self._downward, args=(client, server), daemon=True).start()

    def _upward(self, client: socket.socket, server: socket.socket) -> None:
        while data := _read(client):
            self.sent_bytes += len(data)
            self.said += data[: max(0, _SAID_KEPT - len(self.said))]
            if self._cut_at and self._cut_at in data:
                return self._cut(client, server)
            _write(server, data)
        _close(server)
        return None

    def _downward(self, client: socket.socket, server: socket.socket) -> None:
        limit = self._cut_after_bytes if isinstance(self._cut_after_bytes, int) else self._cut_after_bytes()
        received = 0
        while data := _read(server):
            if self._lie and (told := self._lie(data)) != data:
                data, self.lies = told, self.lies + 1
            self.received_bytes += len(data)
            received += len(data)
            passed = received if self._cuts_each else self.received_bytes
            if 0 < limit < passed:
                _write(client, data[: max(0, len(data) - passed + limit)])
                return self._cut(client, server)
            _write(client, data)
        _close(client)
        return None

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        self.cuts += 1
        _close(client)
        _close(server)


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except OSError:
        return b""


def _write(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        _close(connection)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
