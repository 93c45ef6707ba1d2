"""The IMAP connector against servers that lie, refuse, hang up or keep silent."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amberpost.demo.imap_server import CAPABILITIES, CommandRefused, ImapServer, Session
from amberpost.demo.mailbox import DemoMailbox, Stored
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor, FolderCursor, RemoteId
from amberpost.sources.probe import probe
from amberpost.sources.pull.imap import ImapConnector
from amberpost.sources.settings import AccountSettings, PasswordLogin, Task
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret
from tests.contract.imap_runs import collect, plain_settings
from tests.contract.source_contract import SOURCE_ID, MemoryAccept, cursor_of, letters, receipts
from tests.servers.certificates import make_certificates
from tests.servers.proxy import Proxy


class OddSession(Session):
    """Refuses message 3, lies about the sizes of 5 to 7, lets 9 vanish and hides the content of 10."""

    def size_of(self, uid: int, stored: Stored) -> int:
        return {5: 100_000, 6: 1, 7: 10}.get(uid, len(stored.raw))

    def body_of(self, uid: int, stored: Stored) -> bytes:
        if uid == 3:
            raise CommandRefused("NO this one is broken")
        return stored.raw

    def _send_fetched(self, number: int, uid: int, stored: Stored, wanted: list[str]) -> None:
        if uid == 9 and "INTERNALDATE" in wanted:
            self._mailbox.remove(uid)
        elif uid != 10 or "INTERNALDATE" not in wanted:
            super()._send_fetched(number, uid, stored, wanted)


class OddServer(ImapServer):
    session = OddSession


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer(user="u", password=Secret(b"p"))
    server.start()
    yield server
    server.stop()


MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


class TestOddServer:
    def test_bytes_are_exact_with_nul_and_bare_line_ends(self, odd: OddServer) -> None:
        raws = [bytes(range(256)) * 4, b"\n\r\n\r\0a)\r\n* OK\r\n", b"", b"x{5}\r\n"]
        for raw in raws:
            odd.inbox.add(raw, MOMENT)
        odd.inbox.remove(3)  # the one it would refuse
        odd.inbox.add(raws[2], MOMENT)
        accept = MemoryAccept()
        report = collect(plain_settings(odd.port), accept)
        assert sorted(accept.raws) == sorted(raws)
        assert {one.received_at for one in accept.accepted} == {MOMENT}
        assert report.notes == (Remark("note_other_sizes"),)

    def test_a_refused_message_is_left_with_the_servers_words(self, odd: OddServer) -> None:
        for raw in letters(8):
            odd.inbox.add(raw, MOMENT)
        accept = MemoryAccept()
        report = collect(plain_settings(odd.port), accept)
        assert report.seen == 8
        assert accept.raws == [raw for raw in letters(8) if raw != letters(8)[2]]
        assert [RemoteId.parse(one.remote_id).uid for one in report.left] == [3]
        assert "this one is broken" in str(report.left[0].reason)
        assert odd.inbox.uids() == [3]

    def test_a_vanished_message_is_forgotten_and_one_without_content_is_left(self, odd: OddServer) -> None:
        for raw in letters(11):
            odd.inbox.add(raw, MOMENT)
        for uid in (3, 5, 6, 7):
            odd.inbox.remove(uid)
        report = collect(plain_settings(odd.port), MemoryAccept())
        assert (len(report.captures), report.error) == (5, None)
        assert [RemoteId.parse(one.remote_id).uid for one in report.left] == [10]
        assert "content" in str(report.left[0].reason)

    def test_confirmed_mail_of_an_earlier_folder_is_removed_from_that_folder(self, odd: OddServer) -> None:
        odd.mailboxes["Second"] = DemoMailbox(uidvalidity=9)
        for number, mailbox in enumerate(odd.mailboxes.values()):
            mailbox.add(letters(1, start=number)[0], MOMENT)
        settings = replace(plain_settings(odd.port), folders=("INBOX", "Second"))
        connector = ImapConnector(settings, Task(source_id=SOURCE_ID))
        fetched = [one for batch in connector.fetch() for one in batch]
        connector.confirm(list(zip(fetched, receipts(fetched), strict=True)))
        connector.close()
        assert [len(mailbox) for mailbox in odd.mailboxes.values()] == [0, 0]

    def test_mail_of_a_folder_that_was_made_anew_meanwhile_is_not_removed(self, odd: OddServer) -> None:
        odd.mailboxes["Second"] = DemoMailbox(uidvalidity=9)
        odd.inbox.add(b"x", MOMENT)
        settings = replace(plain_settings(odd.port), folders=("INBOX", "Second"))
        connector = ImapConnector(settings, Task(source_id=SOURCE_ID))
        fetched = [one for batch in connector.fetch() for one in batch]
        odd.inbox.uidvalidity = 77
        connector.confirm(list(zip(fetched, receipts(fetched), strict=True)))
        connector.close()
        assert len(odd.inbox) == 1

    def test_the_real_length_decides_about_the_limit(self, odd: OddServer) -> None:
        sizes = [10, 10, 10, 10, 10, 900, 30_000]  # the sixth says 1, the seventh says 10
        for size in sizes:
            odd.inbox.add(b"x" * size, MOMENT)
        odd.inbox.remove(3)
        odd.inbox.remove(5)
        accept = MemoryAccept()
        report = collect(replace(plain_settings(odd.port), max_size_bytes=1_000), accept)
        assert [len(raw) for raw in accept.raws] == [10, 10, 10, 900]
        assert [one.size_bytes for one in report.left] == [30_000]
        assert odd.inbox.uids() == [7]

    def test_a_literal_above_the_ceiling_is_not_held_in_memory(self, odd: OddServer) -> None:
        for size in (10, 10, 10, 10, 10, 10, 30_000, 20):
            odd.inbox.add(b"x" * size, MOMENT)
        odd.inbox.remove(3)
        accept = MemoryAccept()
        report = collect(replace(plain_settings(odd.port), max_message_bytes=20_000), accept)
        assert [len(raw) for raw in accept.raws] == [10, 10, 10, 10, 20]
        assert sorted(RemoteId.parse(one.remote_id).uid for one in report.left) == [5, 7]

    def test_a_server_that_counts_anew_is_read_anew(self, odd: OddServer) -> None:
        for raw in letters(2):
            odd.inbox.add(raw, MOMENT)
        known = FolderCursor(folder="INBOX", uidvalidity=1, uids=UidSet.parse("1:50"))
        accept = MemoryAccept()
        report = collect(replace(plain_settings(odd.port), keep_mails=True), accept, Cursor(folders=(known,)))
        assert accept.raws == letters(2)
        assert "read anew" in str(report.notes[0])

    def test_a_poll_of_100000_known_messages_moves_less_than_20_kb(self, odd: OddServer) -> None:
        for _ in range(200_000):
            odd.inbox.add(b"x", MOMENT)
        for uid in range(2, 200_001, 2):
            odd.inbox.remove(uid)
        sealed = UidSet.of(range(1, 200_001, 2))
        cursor = Cursor(folders=(FolderCursor(folder="INBOX", uidvalidity=1, uids=sealed),))
        kept = replace(plain_settings(odd.port), keep_mails=True)
        report = collect(kept, MemoryAccept(), cursor)
        assert report.seen == 0
        known = sealed.union(report.gone.folders[0].uids)
        cursor = Cursor(folders=(FolderCursor(folder="INBOX", uidvalidity=1, uids=known),))
        with Proxy(odd.port) as proxy:
            assert collect(replace(kept, port=proxy.port), MemoryAccept(), cursor).seen == 0
        assert proxy.moved_bytes < 2_000
        odd.inbox.add(b"new", MOMENT)
        accept = MemoryAccept()
        with Proxy(odd.port) as proxy:
            collect(replace(kept, port=proxy.port), accept, cursor)
        assert accept.raws == [b"new"]
        assert proxy.moved_bytes < 3_000

    def test_without_an_offer_of_starttls_no_password_is_sent(self, odd: OddServer) -> None:
        with Proxy(odd.port) as proxy:
            settings = replace(
                plain_settings(odd.port, password=b"sesame"), port=proxy.port, security="starttls"
            )
            error = collect(settings, MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert "STARTTLS" in str(error)
        assert proxy.sent_bytes < 60

    def test_starttls_upgrades_before_login(self, tmp_path: Path) -> None:
        made = make_certificates(tmp_path)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(made.chain, made.key)
        server = ImapServer(user="u", password=Secret(b"p"), tls=context, offers_starttls=True)
        server.inbox.add(b"x", MOMENT)
        server.start()
        settings = replace(plain_settings(server.port), security="starttls", ca_pem=made.ca_pem)
        accept = MemoryAccept()
        assert collect(settings, accept).error is None
        assert accept.raws == [b"x"]
        server.stop()


class ReadOnlySession(Session):
    def select(self, arguments: list[str]) -> str:
        return self._open(arguments[0], is_read_only=True)


class RefusingSession(Session):
    def store(self, arguments: list[str]) -> None:
        raise CommandRefused("NO [NOPERM] not yours")


class BusySession(Session):
    def _enter(self, user: str, password: str) -> None:
        raise CommandRefused("NO [UNAVAILABLE] try again later")


class TacitSession(Session):
    """Does not tell UIDNEXT, which RFC 3501 allows."""

    def _send(self, line: str) -> None:
        if "UIDNEXT" not in line:
            super()._send(line)


class HangingUpSession(Session):
    """Ends the connection over messages 2 and 4, as Dovecot does when it cannot read a file."""

    def size_of(self, uid: int, stored: Stored) -> int:
        if uid == 4:
            raise OSError("cannot read")
        return super().size_of(uid, stored)

    def body_of(self, uid: int, stored: Stored) -> bytes:
        if uid in (2, 4):
            raise OSError("cannot read")
        return stored.raw


@contextmanager
def serving(
    kind: type[Session], *raws: bytes, capabilities: tuple[str, ...] = CAPABILITIES
) -> Iterator[ImapServer]:
    server = type("Server", (ImapServer,), {"session": kind})(
        user='u "x"', password=Secret(b'p \\"'), capabilities=capabilities
    )
    for raw in raws:
        server.inbox.add(raw, MOMENT)
    server.start()
    yield server
    server.stop()


def settings_of(server: ImapServer) -> AccountSettings:
    return replace(
        plain_settings(server.port), user=server.user, login=PasswordLogin(password=server.password)
    )


class TestUnwillingServers:
    def test_a_folder_we_may_only_read_is_collected_once(self) -> None:
        with serving(ReadOnlySession, *letters(3)) as server:
            accept = MemoryAccept()
            report = collect(settings_of(server), accept)
            assert (report.seen, report.error) == (3, None)
            assert "read it only" in str(report.notes[0])
            assert collect(settings_of(server), accept, cursor_of(accept.accepted)).seen == 0

    def test_a_refused_removal_is_noted_and_the_run_goes_on(self) -> None:
        with serving(RefusingSession, *letters(150)) as server:
            report = collect(settings_of(server), MemoryAccept())
            assert (report.seen, report.error, len(server.inbox)) == (150, None, 150)
            assert "not yours" in str(report.notes[0])

    def test_a_passing_refusal_of_the_login_is_not_permanent(self) -> None:
        with serving(BusySession) as server:
            error = collect(settings_of(server), MemoryAccept()).error
        assert error is not None
        assert not error.permanent
        assert "try again later" in str(error)

    def test_uidnext_may_be_missing(self) -> None:
        with serving(TacitSession, *letters(3)) as server:
            kept, accept = replace(settings_of(server), keep_mails=True), MemoryAccept()
            report = collect(kept, accept)
            assert accept.raws == letters(3)
            assert report.gone == Cursor()
            cursor = cursor_of(accept.accepted)
            assert collect(kept, accept, cursor).seen == 0
            server.inbox.add(b"new", MOMENT)
            assert collect(kept, accept, cursor).seen == 1

    def test_messages_over_which_the_server_hangs_up_do_not_block_the_rest(self) -> None:
        with serving(HangingUpSession, *letters(6)) as server:
            accept = MemoryAccept()
            report = collect(settings_of(server), accept)
            assert report.error is None
            assert [RemoteId.parse(one.remote_id).uid for one in report.left] == [2, 4]
            assert len(accept.raws) == 4
            assert server.inbox.uids() == [2, 4]

    def test_login_is_used_where_plain_is_not_offered(self) -> None:
        with serving(Session, b"x", capabilities=("IMAP4rev1", "UIDPLUS")) as server:
            assert collect(settings_of(server), MemoryAccept()).seen == 1
            assert collect(replace(settings_of(server), user="u"), MemoryAccept()).error is not None

    @pytest.mark.parametrize(
        ("capabilities", "password", "words"),
        [
            (("IMAP4rev1", "LOGINDISABLED"), b"p", "does not accept a password"),
            (("IMAP4rev1",), "pä".encode(), "plain ASCII"),
            (("IMAP4rev1",), b"p\r\nA1 LOGOUT", "plain ASCII"),
            (("IMAP4rev1", "AUTH=PLAIN"), b"p\0q", "NUL"),
        ],
    )
    def test_what_cannot_be_sent_safely_is_not_sent(
        self, capabilities: tuple[str, ...], password: bytes, words: str
    ) -> None:
        with serving(Session, capabilities=capabilities) as server:
            error = collect(
                replace(settings_of(server), login=PasswordLogin(password=Secret(password))), MemoryAccept()
            ).error
            assert error is not None
            assert error.permanent
            assert words in str(error)


def answering(*lines: bytes) -> int:
    """A port whose server says these lines, whatever it is told, and then keeps silent."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with suppress(OSError):
            for line in lines:
                connection.sendall(line + b"\r\n")
                connection.recv(4096)
            connection.recv(4096)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


class TestBadServers:
    @pytest.mark.parametrize(
        "lines",
        [
            (),
            (b"* OK hello",),
            (b"HTTP/1.1 400 Bad Request",),
            (b"* BYE too many connections",),
            (b"\0\xff" * 50,),
        ],
    )
    def test_a_silent_or_strange_server_is_given_up(self, lines: tuple[bytes, ...]) -> None:
        settings = replace(plain_settings(answering(*lines)), timeout_seconds=0.3)
        error = collect(settings, MemoryAccept()).error
        assert error is not None
        assert not error.permanent

    def test_nobody_listening_is_a_passing_trouble(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        error = collect(plain_settings(port), MemoryAccept()).error
        assert error is not None
        assert not error.permanent

    def test_an_unknown_server_name_is_said_so(self) -> None:
        error = collect(replace(plain_settings(143), server="no.such.host.invalid"), MemoryAccept()).error
        assert error is not None
        assert "name is not known" in str(error)

    def test_a_server_that_repeats_the_password_does_not_get_it_into_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        port = answering(b"* OK [CAPABILITY IMAP4rev1] hello", b"* BYE sesame is wrong")
        error = collect(
            replace(plain_settings(port, password=b"sesame"), timeout_seconds=1), MemoryAccept()
        ).error
        assert error is not None
        assert "sesame" not in str(error)
        assert "sesame" not in caplog.text


@pytest.mark.parametrize(("more", "can"), [(("UIDPLUS",), True), (("MOVE",), True), ((), False)])
def test_the_connection_test_says_when_single_messages_cannot_be_deleted(
    more: tuple[str, ...], can: bool
) -> None:
    with serving(Session, b"x", capabilities=("IMAP4rev1", "AUTH=PLAIN", *more)) as server:
        (step,) = [
            one for one in probe(settings_of(server), "imap", evaluation="journal") if one.name == "mailbox"
        ]
    assert (step.state, "cannot delete single messages" in step.advice) == (
        "ok" if can else "warning",
        not can,
    )
