"""The lines of a POP3 connection: status lines and multi-line answers (RFC 1939 §3), within bounds.

Promises: the bytes of an answer are those the server sent, less the dots it added; nothing grows beyond its
limit; an answer that nobody asked for is Garbled, so a clear-text answer is never taken for one after TLS.
"""

import socket
import ssl

LINE_LIMIT_BYTES = 8 * 1024  # the standard says 512; some explain themselves at length
_CHUNK_BYTES = 256 * 1024
_END = b"\r\n.\r\n"  # only this ends an answer: a dot after a bare LF or CR belongs to the message


class Garbled(Exception):
    """What came is not POP3."""


class TooLong(Exception):
    """An answer was longer than its limit. It was read to its end; the connection is in step."""


class Wire:
    """A connected socket. OSError when the line is lost."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = bytearray()

    def secure(self, context: ssl.SSLContext, server: str) -> ssl.SSLSocket:
        """TLS from here on."""
        self._require_silence()
        secured = context.wrap_socket(self._connection, server_hostname=server)
        self._connection = secured
        return secured

    def send(self, line: bytes) -> None:
        self._require_silence()
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
        return line.removesuffix(b"\r")

    def block(self, limit_bytes: int) -> bytes:
        """A multi-line answer after its status line: all lines with their ends, without the added dots."""
        data, self._unread = bytearray(b"\r\n") + self._unread, bytearray()
        start, is_too_long = 0, False
        while (end := data.find(_END, start)) < 0:
            if len(data) > limit_bytes + len(_END):
                is_too_long = True
                del data[: 1 - len(_END)]
            start = max(0, len(data) + 1 - len(_END))
            data += self._receive()
        self._unread = data[end + len(_END) :]
        if is_too_long or end > limit_bytes + 2:  # a line end may be the server's
            raise TooLong
        del data[end + 2 :]
        return bytes(data.replace(b"\r\n..", b"\r\n.")[2:])

    def close(self) -> None:
        self._connection.close()

    def _receive(self) -> bytes:
        chunk = self._connection.recv(_CHUNK_BYTES)
        if not chunk:
            raise ConnectionError("the server hung up")
        return chunk

    def _require_silence(self) -> None:
        if self._unread:
            raise Garbled
