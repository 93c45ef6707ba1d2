"""The lines of an IMAP connection, as the library beneath us needs them.

Promises: keywords come in capitals however the server writes them (RFC 9051 §9: "case-insensitive"), what
people and mail say stays as it is; lines may end with a bare LF; each answer has a limit of time and of bytes.
"""

import imaplib
import io
import re
import socket
import ssl
from typing import Any

from imapclient import IMAPClient

from amberpost.net.dial import dial
from amberpost.net.patience import Patience, reader
from amberpost.sources.settings import AccountSettings

LINES_LIMIT_BYTES = (
    64 * 2**20
)  # of an answer, beside one message: a server that never ends must not fill the memory
_LINE_BYTES = 1_000_000  # as the library has it
_CHUNK_BYTES = 2**20

_FIRST_WORDS = re.compile(rb"(\*|[^\s*+]+)(?: +(\d+))? +([A-Za-z][A-Za-z0-9-]*)(?=\s|$)")
_STATUS = {b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"}
_CODE = re.compile(rb" +(\[[A-Za-z0-9-]+)")
_NUMBER_CODE = re.compile(rb" \[[A-Z-]+ \d+\]")
_LISTED_WITHOUT_DELIMITER = re.compile(rb"(\* LIST *\([^)]*\) *)nil(?= )", re.IGNORECASE)
_NIL = re.compile(rb'("(?:\\.|[^"\\])*")|(?<![^ (])nil(?![^ )\r\n])', re.IGNORECASE)


class ImapClient(IMAPClient):  # type: ignore[misc]
    """A connection that was dialled and, with a context, secured. Its answers end in time, or TimeoutError."""

    def __init__(
        self, settings: AccountSettings, patience: Patience, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._patience = patience
        super().__init__(settings.server, settings.port, ssl=context is not None, ssl_context=context)
        self.normalise_times = False
        self._imap.debug = (
            0  # its trace formats each line of an answer, mail included: 28 us for 6 kB (2026-11-23)
        )

    def _create_IMAP4(self) -> "_Lines":
        return _Lines(self._settings, self._patience, self.ssl_context if self.ssl else None)

    def _set_read_timeout(self) -> None:
        """Each wait sets its own."""

    @property
    def is_signed_in(self) -> bool:
        """True at a server that knew us before we said who we are (PREAUTH)."""
        return bool(self._imap.state == "AUTH")


class _Lines(imaplib.IMAP4):
    """What imaplib reads and sends, with our limits and in its spelling."""

    def __init__(self, settings: AccountSettings, patience: Patience, context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._patience = patience
        self._context = context
        self._is_begun = False  # a response, whose first line was read
        self._answer_bytes = 0
        super().__init__(settings.server, settings.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        connection = dial(host, port, self._patience)
        try:
            self._use(self._secured(connection, self._context) if self._context else connection)
        except BaseException:
            connection.close()
            raise

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:  # noqa: ANN401  as the library has it
        """What the server said in clear text after its OK is not taken for its word under TLS."""
        kind, data = self._simple_command("STARTTLS")
        if kind != "OK" or ssl_context is None:
            raise self.error("STARTTLS was refused")
        self.untagged_responses.clear()
        self._use(self._secured(self.sock, ssl_context))
        self._tls_established = True
        self._get_capabilities()
        return kind, data

    def read(self, size: int) -> bytes:
        """A literal. One that is longer than we hold in memory is read past, whatever RFC822.SIZE has promised."""
        self._count(size)
        if size <= self._settings.max_message_bytes:
            return self._lines.read(size)
        while size > 0 and (chunk := self._lines.read(min(size, _CHUNK_BYTES))):
            size -= len(chunk)
        return b""  # shorter than announced: the parser refuses the answer, and the message is left

    def readline(self) -> bytes:
        line = self._lines.readline(_LINE_BYTES + 1)
        if len(line) > _LINE_BYTES:
            raise self.abort("a line of the answer is too long")
        self._count(len(line))
        if line.endswith(b"\n") and not line.endswith(b"\r\n"):
            line = line[:-1] + b"\r\n"
        if self._is_begun:
            return _with_nil(line)  # after a literal
        self._is_begun = True
        return in_capitals(line)

    def send(self, data: Any) -> None:  # noqa: ANN401  as the library has it
        self.sock.settimeout(self._patience.seconds())
        self.sock.sendall(data)

    def shutdown(self) -> None:
        try:
            self._lines.close()
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            """The server was faster."""
        finally:
            self.sock.close()

    def _new_tag(self) -> bytes:
        self._answer_bytes = 0
        return super()._new_tag()  # type: ignore[misc,no-any-return]

    def _get_response(self) -> object:
        self._is_begun = False
        return super()._get_response()  # type: ignore[misc]

    def _count(self, size: int) -> None:
        self._answer_bytes += size
        if self._answer_bytes > self._settings.max_message_bytes + LINES_LIMIT_BYTES:
            raise self.abort("the answer does not come to its end")

    def _secured(self, connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
        connection.settimeout(self._patience.seconds())  # of the whole handshake
        return context.wrap_socket(connection, server_hostname=self._settings.server)

    def _use(self, connection: socket.socket) -> None:
        self.sock = connection
        self._lines: io.BufferedReader = reader(connection, self._patience)


def in_capitals(line: bytes) -> bytes:
    """The first line of a response with its keywords in capitals: tag, kind, response code and NIL.

    The words after a status and all other data stay as they are. Names of items in FETCH and of capabilities are
    compared without case elsewhere.
    """
    found = _FIRST_WORDS.match(line)
    if found is None:
        return line
    kind, rest = found[3].upper(), line[found.end() :]
    if kind in _STATUS:
        rest = _with_code(rest)
    elif kind == b"FETCH":
        rest = _with_nil(rest)
    number = b" " + found[2] if found[2] else b""
    line = found[1].upper() + number + b" " + kind + rest
    return _LISTED_WITHOUT_DELIMITER.sub(rb"\1NIL", line, count=1) if kind == b"LIST" else line


def _with_code(words: bytes) -> bytes:
    """The words of a status, with what the library needs: a space before them, and the code in capitals."""
    if words.strip() and (code := _CODE.match(words)):
        words = b" " + code[1].upper() + words[code.end() :]
    elif not words.strip():
        return b" " + words.lstrip(b" ")
    number = _NUMBER_CODE.match(words)
    if number is None:
        return words
    # it looks for the last bracket of the line: people's words may have some, a number has none
    return number[0] + words[number.end() :].replace(b"]", b")")


def _with_nil(line: bytes) -> bytes:
    """NIL in capitals, but not in quoted strings: the library would take "nil" for the bytes of a message."""
    if b"nil" not in line.lower():
        return line
    return _NIL.sub(lambda found: found[1] or b"NIL", line)
