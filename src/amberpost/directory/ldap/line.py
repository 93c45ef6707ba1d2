"""The socket a directory session talks through: waiting and reading end at the limits."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from amberpost.net.patience import Patience


class AnswerTooLarge(OSError):
    """An answer beyond max_answer_bytes."""


class LdapLine:
    """What the LDAP library takes for its socket. Remembers the failure, which the library blurs."""

    def __init__(self, plain: socket.socket, seconds: float, limit: int) -> None:
        self._socket, self._limit = plain, limit
        self._patience = Patience(silence_seconds=seconds, answer_seconds=seconds)
        self.failure: OSError | None = None
        self.begin()

    def begin(self) -> None:
        """A new question: the time and size of its answer count from here."""
        self._patience.begin()
        self._left = self._limit

    def secure(self, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
        self._socket.settimeout(self._patience.seconds())  # of the whole handshake
        self._socket = secured = context.wrap_socket(self._socket, server_hostname=name)
        return secured

    def sendall(self, data: bytes) -> None:
        with self._remembering():
            self._socket.settimeout(self._patience.seconds())
            self._socket.sendall(data)

    def recv(self, size: int) -> bytes:
        with self._remembering():
            self._socket.settimeout(self._patience.seconds())
            data = self._socket.recv(size)
            self._patience.received(len(data))
            self._left -= len(data)
            if self._left < 0:
                raise AnswerTooLarge("the answer is too large")
        return data

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            raise
