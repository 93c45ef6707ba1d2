"""A small POP3 server for tests that need one which lies, refuses or hangs up. One session at a time each."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class HangUp(Exception):
    """The server ends the connection without a word."""


class Refusal(Exception):
    """The words after -ERR."""


class OddPop3:
    """Serves `mail`, pairs of UIDL and bytes; deletes at QUIT only. Change what is odd in a subclass."""

    capabilities: tuple[str, ...] = ("UIDL", "USER", "SASL PLAIN", "STLS")
    greeting = b"+OK odd"
    greeting_end = b"\r\n"
    password = "p"

    def __init__(self, *mail: tuple[str, bytes], tls: ssl.SSLContext | None = None) -> None:
        self.mail = list(mail)
        self.said: list[str] = []  # by clients
        self.sessions = 0
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    # What may be odd

    def size_of(self, number: int) -> int:
        return len(self.mail[number - 1][1])

    def uidl_of(self, number: int) -> str:
        return self.mail[number - 1][0]

    def count(self) -> int:
        return len(self.mail)

    def body_of(self, number: int) -> bytes:
        """As it crosses the wire, to the final dot."""
        raw = self.mail[number - 1][1]
        stuffed = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
        return stuffed + (b"" if raw.endswith(b"\r\n") else b"\r\n") + b".\r\n"

    def before(self, verb: str, argument: str) -> None:
        """Raise Refusal or HangUp, or do nothing."""

    # The protocol

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            with suppress(HangUp, OSError):
                self._session(connection)
            connection.close()

    def _session(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        connection.sendall(self.greeting + self.greeting_end)
        reader, deleted = connection.makefile("rb"), set[int]()
        while line := reader.readline():
            words = line.decode("utf-8", "replace").rstrip("\r\n")
            self.said.append(words)
            verb, _, argument = words.partition(" ")
            try:
                self.before(verb, argument)
                answer = self._answer(verb, argument, deleted, reader.readline, connection)
            except Refusal as refusal:
                answer = f"-ERR {refusal}\r\n".encode()
            if verb == "QUIT":  # who has the answer may look at once
                self.mail = [one for number, one in enumerate(self.mail, 1) if number not in deleted]
            connection.sendall(answer)
            if verb == "QUIT":
                return
            if verb == "STLS" and self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                reader = connection.makefile("rb")

    def _answer(
        self,
        verb: str,
        argument: str,
        deleted: set[int],
        next_line: Callable[[], bytes],
        connection: socket.socket,
    ) -> bytes:
        there = [number for number in range(1, len(self.mail) + 1) if number not in deleted]
        match verb, argument:
            case "CAPA", "":
                return _lines(self.capabilities)
            case "STLS", "":
                if self._tls is None:
                    raise Refusal("what?")
            case "AUTH", _:
                connection.sendall(b"+ \r\n")
                next_line()
            case "PASS", word if word != self.password:
                raise Refusal("[AUTH] no")
            case "STAT", "":
                return f"+OK {self.count() - len(deleted)} 0\r\n".encode()
            case "LIST", "":
                return _lines(f"{number} {self.size_of(number)}" for number in there)
            case "LIST", _:
                return f"+OK {argument} {self.size_of(int(argument))}\r\n".encode()
            case "UIDL", "":
                return _lines(f"{number} {self.uidl_of(number)}" for number in there)
            case "UIDL", _:
                return f"+OK {argument} {self.uidl_of(int(argument))}\r\n".encode("latin-1")
            case "RETR", _:
                return b"+OK\r\n" + self.body_of(int(argument))
            case "DELE", _:
                deleted.add(int(argument))
        return b"+OK\r\n"


def _lines(lines: object) -> bytes:
    return b"".join(f"{line}\r\n".encode("latin-1") for line in ["+OK", *lines, "."])  # type: ignore[misc]
