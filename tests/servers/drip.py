"""Servers that never come to an end: they say something at once, and then a little more again and again."""

import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def dripping(
    *first: bytes, drip: bytes = b"x", pause_seconds: float = 0.02, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A port. Of `first`, each is said after a word of the client, the very first at once; then a byte of `drip`, over
    and over, each moment; without a pause whole lines as fast as they go. All ends when the client hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=talk, args=listener.accept()[:1], daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                for number, words in enumerate(first):
                    if number and not connection.recv(65_536):
                        return
                    connection.sendall(words)
                hung_up = threading.Event()
                threading.Thread(target=_watch, args=(connection, hung_up), daemon=True).start()
                pieces = [drip * 100] if not pause_seconds else [bytes([byte]) for byte in drip]
                for piece in itertools.cycle(pieces):
                    connection.sendall(piece)
                    if hung_up.wait(pause_seconds):
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])


def _watch(connection: socket.socket, hung_up: threading.Event) -> None:
    with suppress(OSError):
        while connection.recv(65_536):
            pass
    hung_up.set()
