"""A small IMAP4rev1 server on loopback that holds mail in memory, for the demo and for tests.

It speaks what a mail collector needs: login, select, UID search, fetch, store, expunge and move, with or
without TLS, and gives exact bytes. It is no mail server: one user, nothing is kept on disk.
"""

import base64
import re
import socket
import socketserver
import ssl
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from threading import Thread
from typing import ClassVar

from amberpost.demo.mailbox import DemoMailbox, Stored
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret

CAPABILITIES = ("IMAP4rev1", "AUTH=PLAIN", "UIDPLUS", "MOVE")
_LINE_LIMIT = 65_536  # a UID set of a whole batch of a collector
_LITERAL = re.compile(rb"\{(\d{1,5})(\+?)\}\r\n$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')


class CommandRefused(Exception):
    """A command that is answered with NO or BAD."""


class Session(socketserver.BaseRequestHandler):
    """One client. Tests change what it says by overriding size_of() and body_of()."""

    server: "ImapServer"

    def size_of(self, uid: int, stored: Stored) -> int:
        return len(stored.raw)

    def body_of(self, uid: int, stored: Stored) -> bytes:
        return stored.raw

    def handle(self) -> None:
        self._mailbox = DemoMailbox()
        self._is_read_only = True
        self._counted: list[int] = []  # UIDs in the order the client counts them
        self._is_inside = False
        self._is_over = False
        self._is_upgrading = False
        with suppress(OSError):
            if self.server.tls is not None and not self.server.offers_starttls:
                self._secure()
            self._file = self.request.makefile("rwb")
            self._send(f"* OK [CAPABILITY {self._capabilities()}] sample mail")
            self._file.flush()
            while not self._is_over and (line := self._command_line()):
                self._answer(line)
                self._file.flush()

    # Lines

    def _command_line(self) -> str:
        """A whole command; what a client sends as a literal becomes a quoted string."""
        line = self._file.readline(_LINE_LIMIT)
        while found := _LITERAL.search(line):
            if not found[2]:  # RFC 7888: with "+" the client does not wait to be asked
                self._send("+ go on")
                self._file.flush()
            literal = self._file.read(int(found[1])).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            line = line[: found.start()] + b'"' + literal + b'"' + self._file.readline(_LINE_LIMIT)
        return str(line, "utf-8", "replace")

    def _answer(self, line: str) -> None:
        # RFC 9051 §4.3: in a quoted string a backslash escapes itself and the quote.
        words = [
            found[0] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])
            for found in _WORD.finditer(line)
        ]
        try:
            tag, name, *arguments = words
            if name.upper() == "UID":
                name, *arguments = f"UID {arguments[0]}", *arguments[1:]
            self._send(f"{tag} OK {self._carry_out(name.upper(), arguments)}")
        except CommandRefused as refusal:
            self._send(f"{words[0]} {refusal}")
        except (ValueError, IndexError):
            self._send(f"{words[0] if words else '*'} BAD cannot understand this")
        if self._is_upgrading:
            self._is_upgrading = False
            self._file.flush()
            self._secure()
            self._file = self.request.makefile("rwb")

    def _carry_out(self, name: str, arguments: list[str]) -> str:
        if name not in _COMMANDS or (name not in _OUTSIDE and not self._is_inside):
            raise CommandRefused("BAD not now")
        command: Callable[[list[str]], str | None] = getattr(self, _COMMANDS[name])
        said = command(arguments)
        if name in _WATCHING:
            self._announce_changes()
        return said or "done"

    def _send(self, line: str) -> None:
        self._file.write(line.encode("utf-8") + b"\r\n")

    @property
    def _is_secure(self) -> bool:
        return isinstance(self.request, ssl.SSLSocket)

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    # Getting in and out

    def _capabilities(self) -> str:
        starttls = ["STARTTLS"] if self.server.offers_starttls and not self._is_secure else []
        return " ".join([*self.server.capabilities, *starttls])

    def capability(self, _: list[str]) -> None:
        self._send(f"* CAPABILITY {self._capabilities()}")

    def noop(self, _: list[str]) -> None:
        """Nothing but a sign of life."""

    def starttls(self, _: list[str]) -> None:
        if not self.server.offers_starttls or self._is_secure:
            raise CommandRefused("BAD not offered")
        self._is_upgrading = True

    def login(self, arguments: list[str]) -> None:
        self._enter(arguments[0], arguments[1])

    def authenticate(self, arguments: list[str]) -> None:
        if arguments[0].upper() != "PLAIN":
            raise CommandRefused("NO only PLAIN")
        self._send("+ ")
        self._file.flush()
        answer = base64.b64decode(self._file.readline(_LINE_LIMIT)).decode("utf-8")
        _, user, password = answer.split("\0")
        self._enter(user, password)

    def _enter(self, user: str, password: str) -> None:
        is_right = compare_digest(password.encode("utf-8"), self.server.password.reveal())
        if user != self.server.user or not is_right:
            raise CommandRefused("NO [AUTHENTICATIONFAILED] wrong user name or password")
        self._is_inside = True

    def logout(self, _: list[str]) -> None:
        self._send("* BYE")
        self._is_over = True

    # Folders

    def select(self, arguments: list[str]) -> str:
        return self._open(arguments[0], is_read_only=False)

    def examine(self, arguments: list[str]) -> str:
        return self._open(arguments[0], is_read_only=True)

    def _open(self, name: str, *, is_read_only: bool) -> str:
        self._mailbox = self.server.get_mailbox(name)
        self._is_read_only = is_read_only
        self._counted = self._mailbox.uids()
        flags = "()" if is_read_only else "(\\Deleted \\Seen)"
        self._send("* FLAGS (\\Deleted \\Seen)")
        self._send(f"* {len(self._counted)} EXISTS")
        self._send("* 0 RECENT")
        self._send(f"* OK [UIDVALIDITY {self._mailbox.uidvalidity}] valid")
        self._send(f"* OK [UIDNEXT {self._mailbox.uidnext}] next")
        self._send(f"* OK [PERMANENTFLAGS {flags}] flags")
        return "[READ-ONLY] opened" if is_read_only else "[READ-WRITE] opened"

    def list_folders(self, arguments: list[str]) -> None:
        for name in self.server.mailboxes:
            if arguments[-1] in ("*", "%", name):
                self._send(f'* LIST () "/" "{name}"')

    def create(self, arguments: list[str]) -> None:
        self.server.mailboxes.setdefault(arguments[0], DemoMailbox())

    def _announce_changes(self) -> None:
        """RFC 9051 §7.5: what vanished by its number, then how many there are."""
        present = self._mailbox.uids()
        still = set(present)
        for number in range(len(self._counted), 0, -1):
            if self._counted[number - 1] not in still:
                del self._counted[number - 1]
                self._send(f"* {number} EXPUNGE")
        if len(self._counted) != len(present):
            self._counted = present
            self._send(f"* {len(present)} EXISTS")

    # Messages

    def search(self, arguments: list[str]) -> None:
        found = set(self._counted) & set(self._mailbox.uids())
        while arguments:
            key, *arguments = arguments
            match key.upper():
                case "ALL":
                    pass
                case "UID":
                    found &= set(self._named(arguments.pop(0)))
                case "DELETED":
                    found = {uid for uid in found if self._is_deleted(uid)}
                case _:
                    numbers = UidSet.parse(key.replace("*", str(len(self._counted))))
                    found &= {self._counted[number - 1] for number in numbers if number <= len(self._counted)}
        self._send("* SEARCH" + "".join(f" {uid}" for uid in sorted(found)))

    def fetch(self, arguments: list[str]) -> None:
        wanted = arguments[1].upper().strip("()").split()
        numbers = {uid: number for number, uid in enumerate(self._counted, 1)}
        for uid in self._named(arguments[0]):
            stored = self._mailbox.find(uid)
            if stored is not None:
                self._send_fetched(numbers[uid], uid, stored, wanted)

    def _send_fetched(self, number: int, uid: int, stored: Stored, wanted: list[str]) -> None:
        items = [f"UID {uid}"]
        if "RFC822.SIZE" in wanted:
            items.append(f"RFC822.SIZE {self.size_of(uid, stored)}")
        if "FLAGS" in wanted:
            items.append(f"FLAGS ({' '.join(sorted(stored.flags))})")
        if "INTERNALDATE" in wanted:
            items.append(f'INTERNALDATE "{stored.internal_date:%d-%b-%Y %H:%M:%S %z}"')
        if {"BODY.PEEK[]", "BODY[]"} & set(wanted):
            body = self.body_of(uid, stored)
            self._file.write(
                f"* {number} FETCH ({' '.join(items)} BODY[] {{{len(body)}}}\r\n".encode("ascii")
            )
            self._file.write(body + b")\r\n")
        else:
            self._send(f"* {number} FETCH ({' '.join(items)})")

    def store(self, arguments: list[str]) -> None:
        self._must_write()
        flags = set(arguments[2].strip("()").split())
        for stored in filter(None, map(self._mailbox.find, self._named(arguments[0]))):
            if arguments[1].startswith("-"):
                stored.flags -= flags
            else:
                stored.flags |= flags

    def expunge(self, arguments: list[str]) -> None:
        self._must_write()
        for uid in self._named(arguments[0]):
            if self._is_deleted(uid):
                self._mailbox.remove(uid)

    def move(self, arguments: list[str]) -> None:
        self._must_write()
        target = self.server.get_mailbox(arguments[1])
        for uid in self._named(arguments[0]):
            stored = self._mailbox.remove(uid)
            if stored is not None:
                target.put(stored)

    def _must_write(self) -> None:
        if self._is_read_only:
            raise CommandRefused("NO this folder is read-only")

    def _is_deleted(self, uid: int) -> bool:
        stored = self._mailbox.find(uid)
        return stored is not None and "\\Deleted" in stored.flags

    def _named(self, text: str) -> list[int]:
        """The counted UIDs of a sequence-set; "*" is the highest."""
        highest = self._counted[-1] if self._counted else 1
        named = UidSet.parse(text.replace("*", str(highest)))
        return [uid for uid in self._counted if uid in named]


_COMMANDS = {  # and the method that carries it out
    "CAPABILITY": "capability",
    "NOOP": "noop",
    "STARTTLS": "starttls",
    "LOGIN": "login",
    "AUTHENTICATE": "authenticate",
    "LOGOUT": "logout",
    "SELECT": "select",
    "EXAMINE": "examine",
    "LIST": "list_folders",
    "CREATE": "create",
    "UID SEARCH": "search",
    "UID FETCH": "fetch",
    "UID STORE": "store",
    "UID EXPUNGE": "expunge",
    "UID MOVE": "move",
}
_OUTSIDE = {"CAPABILITY", "NOOP", "STARTTLS", "LOGIN", "AUTHENTICATE", "LOGOUT"}
_WATCHING = {"UID SEARCH", "UID EXPUNGE", "UID MOVE"}


class ImapServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of 127.0.0.1; start() serves in threads of its own until stop()."""

    allow_reuse_address = True
    daemon_threads = True
    session: ClassVar[type[Session]] = Session

    def __init__(
        self,
        *,
        user: str,
        password: Secret,
        tls: ssl.SSLContext | None = None,
        offers_starttls: bool = False,
        capabilities: tuple[str, ...] = CAPABILITIES,
    ) -> None:
        super().__init__(("127.0.0.1", 0), self.session)
        self.user, self.password, self.tls = user, password, tls
        self.offers_starttls = offers_starttls and tls is not None
        self.capabilities = capabilities
        self.mailboxes = {"INBOX": DemoMailbox()}

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def inbox(self) -> DemoMailbox:
        return self.mailboxes["INBOX"]

    def get_mailbox(self, name: str) -> DemoMailbox:
        if name not in self.mailboxes:
            raise CommandRefused("NO [NONEXISTENT] no such folder")
        return self.mailboxes[name]

    def start(self) -> None:
        Thread(target=self.serve_forever, args=(0.1,), name="sample-mail", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        if isinstance(request, socket.socket):
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to report."""
