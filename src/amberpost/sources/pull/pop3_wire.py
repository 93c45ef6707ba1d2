"""The lines of a POP3 connection: status lines and multi-line answers (RFC 1939 §3), within bounds.

Promises: the bytes of an answer are those the server sent, less the dots it added; nothing grows beyond its
limit of bytes and time; an answer that nobody asked for is Garbled, so a clear-text answer is never taken for
one after TLS. A server that ends its lines with LF only, or some of them, is understood, too.
"""

import re
import socket
import ssl

from amberpost.net.patience import Patience

LINE_LIMIT_BYTES = 8 * 1024  # the standard says 512; some explain themselves at length
# Read past, so that the session can go on after a message that is too large; more is no message but has no end
PASSED_OVER_BYTES = 2**30
PAUSE_SECONDS = 2.0  # of silence after what may be the end of a message with bare line ends
_CHUNK_BYTES = 256 * 1024
_END = re.compile(
    rb"\r\n\.\r\n"
)  # as the standard has it: a dot after a bare LF or CR belongs to the message
_BARE_END = re.compile(rb"\n\.\r?\n")  # of a server that does not send CR
_LONGEST_END = 5


class Garbled(Exception):
    """What came is not POP3."""


class TooLong(Exception):
    """An answer was longer than its limit. It was read to its end; the connection is in step."""


class Wire:
    """A connected socket. OSError when the line is lost, TimeoutError when the server takes too long."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._unread = bytearray()
        self._is_bare = False  # the server has ended a line of its own with LF only

    def secure(self, context: ssl.SSLContext, server: str) -> ssl.SSLSocket:
        """TLS from here on."""
        self._require_silence()
        self._connection.settimeout(self._patience.seconds())  # of the whole handshake
        secured = context.wrap_socket(self._connection, server_hostname=server)
        self._connection = secured
        return secured

    def send(self, line: bytes) -> None:
        self._require_silence()
        self._connection.settimeout(self._patience.seconds())
        self._connection.sendall(line + b"\r\n")

    def line(self) -> bytes:
        """One line without its end."""
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > LINE_LIMIT_BYTES:
                raise Garbled
            self._unread += self._receive()
        if end > LINE_LIMIT_BYTES:
            raise Garbled
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        self._is_bare = self._is_bare or not line.endswith(b"\r")
        return line.removesuffix(b"\r")

    def lines(self, limit_bytes: int) -> list[bytes]:
        """The lines of a listing after its status line. Garbled when it does not come to its end."""
        found: list[bytes] = []
        room = limit_bytes
        while (line := self.line()) != b".":
            room -= len(line) + 1
            if room < 0:
                raise Garbled
            found.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return found

    def block(self, limit_bytes: int) -> tuple[bytes, bool]:
        """A message after its status line: all lines with their ends, without the added dots.

        Also whether its end is certain: "\\r\\n.\\r\\n" is. A dot after a bare LF ends the message of a server that
        sends no CR, and is part of one in which somebody wrote such a line; only the next answer tells.
        """
        data, self._unread = bytearray(b"\r\n") + self._unread, bytearray()
        start, passed_over = 0, 0
        while (end := (_BARE_END if self._is_bare else _END).search(data, start)) is None:
            if len(data) > limit_bytes + _LONGEST_END:
                passed_over += len(data)
                if passed_over > limit_bytes + PASSED_OVER_BYTES:
                    raise Garbled
                del data[: 1 - _LONGEST_END]
            start = max(0, len(data) + 1 - _LONGEST_END)
            may_be_over = _BARE_END.search(data, start) if data.endswith(b"\n") else None
            more = self._receive(counts=not passed_over, may_be_over=may_be_over is not None)
            if not more:
                end = may_be_over
                break
            data += more
        assert end is not None, "nothing more came only where this may be the end"
        self._unread = data[end.end() :]
        is_certain = end[0] == b"\r\n.\r\n" and not self._is_bare
        length = end.start() + end[0].index(b"\n") + 1
        if passed_over or length > limit_bytes + 4:  # the line ends before and after it may be the server's
            raise TooLong
        del data[length:]
        added = b"\r\n." if is_certain else b"\n."
        return bytes(data.replace(added + b".", added)[2:]), is_certain

    def expect_bare_ends(self) -> None:
        """The server has shown that it ends answers so, though its status lines look otherwise."""
        self._is_bare = True

    def close(self) -> None:
        self._connection.close()

    def _receive(self, *, counts: bool = True, may_be_over: bool = False) -> bytes:
        """What comes next. `counts`: it buys time. Empty only if it `may_be_over` and the server pauses."""
        wait = self._patience.seconds()
        self._connection.settimeout(min(wait, PAUSE_SECONDS) if may_be_over else wait)
        try:
            chunk = self._connection.recv(_CHUNK_BYTES)
        except TimeoutError:
            if may_be_over and wait > PAUSE_SECONDS:
                return b""
            raise
        if not chunk:
            raise ConnectionError("the server hung up")
        self._patience.received(len(chunk) if counts else 0)
        return chunk

    def _require_silence(self) -> None:
        if self._unread:
            raise Garbled
