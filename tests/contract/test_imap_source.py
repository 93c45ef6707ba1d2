"""The IMAP connector against a real Dovecot, and against servers that misbehave as Dovecot does not."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import DELETED, IMAPClient

from amberpost.demo.imap_server import ImapServer, Refusal, Session
from amberpost.demo.mailbox import Stored
from amberpost.errors import SourceError
from amberpost.sources.connector import CONNECTORS, Connector, RunReport, run
from amberpost.sources.cursor import Cursor, FolderCursor, RemoteId
from amberpost.sources.imap import ImapConnector
from amberpost.sources.settings import ImapSettings, Task
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret
from tests.contract.source_contract import (
    NOTHING_KNOWN,
    SOURCE_ID,
    MemoryAccept,
    SourceContract,
    cursor_of,
    letters,
    receipts,
)
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.proxy import Proxy

needs_dovecot = [pytest.mark.server, pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")]
PASSWORD = 'a "quoted" pässword'


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    users = {f"user{number}": PASSWORD for number in range(60)}
    with Dovecot(users=users) as server:
        yield server


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A user whose mailbox no test has touched."""
    return next(name for name in dovecot.users if dovecot.count(name) == 0 and _claim(dovecot, name))


def _claim(dovecot: Dovecot, name: str) -> bool:
    mark = dovecot.folder / f"claimed-{name}"
    is_free = not mark.exists()
    mark.touch()
    return is_free


def settings_for(dovecot: Dovecot, user: str) -> ImapSettings:
    return ImapSettings(
        server=dovecot.host,
        port=dovecot.port,
        user=user,
        password=Secret(PASSWORD.encode("utf-8")),
        ca_pem=dovecot.ca_pem,
        batch_messages=10,
        batch_bytes=20_000,
        timeout_seconds=20,
    )


@pytest.fixture
def settings(dovecot: Dovecot, user: str) -> ImapSettings:
    return settings_for(dovecot, user)


def collect(settings: ImapSettings, accept: MemoryAccept, cursor: Cursor | None = None) -> RunReport:
    task = Task(source_id=SOURCE_ID, cursor=cursor or Cursor())
    return run(CONNECTORS["imap"](settings, task), accept)


def client_of(settings: ImapSettings) -> IMAPClient:
    client = IMAPClient(settings.server, settings.port, ssl=False, timeout=20)
    client.plain_login(settings.user, PASSWORD)
    return client


class DovecotPlace:
    def __init__(self, server: Dovecot, user: str) -> None:
        self._server, self._user = server, user

    def deliver(self, messages: Sequence[bytes]) -> None:
        self._server.deposit(self._user, messages)

    def waiting(self) -> list[bytes]:
        return self._server.messages(self._user)

    def connector(
        self, *, keep_mails: bool = False, cursor: Cursor = NOTHING_KNOWN, max_size_bytes: int | None = None
    ) -> Connector:
        settings = replace(
            settings_for(self._server, self._user), keep_mails=keep_mails, max_size_bytes=max_size_bytes
        )
        return ImapConnector(settings, Task(source_id=SOURCE_ID, cursor=cursor, evaluation="x-original-to"))


class TestDovecot(SourceContract):
    pytestmark = needs_dovecot

    @pytest.fixture
    def place(self, dovecot: Dovecot, user: str) -> DovecotPlace:
        return DovecotPlace(dovecot, user)

    def test_security_can_be_starttls_ssl_or_none(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        dovecot.deposit(settings.user, letters(1))
        kept = replace(settings, keep_mails=True)
        assert collect(kept, MemoryAccept()).seen == 1
        assert collect(replace(kept, security="ssl", port=dovecot.ssl_port), MemoryAccept()).seen == 1
        assert collect(replace(kept, security="none", ca_pem=None), MemoryAccept()).seen == 1

    @pytest.mark.parametrize("security", ["starttls", "ssl"])
    def test_a_certificate_of_another_authority_is_refused(
        self, dovecot: Dovecot, settings: ImapSettings, security: str, tmp_path: Path
    ) -> None:
        port = dovecot.ssl_port if security == "ssl" else dovecot.port
        for ca_pem in (make_certificates(tmp_path).ca_pem, None):
            stranger = replace(settings, security=security, port=port, ca_pem=ca_pem)  # type: ignore[arg-type]
            error = collect(stranger, MemoryAccept()).error
            assert error is not None
            assert error.permanent
            assert "certificate" in str(error)

    def test_a_root_certificate_that_is_none_is_said_so(self, settings: ImapSettings) -> None:
        error = collect(replace(settings, ca_pem="no certificate"), MemoryAccept()).error
        assert error is not None
        assert "root certificate" in str(error)

    def test_a_wrong_password_is_permanent_and_told_in_plain_words(self, settings: ImapSettings) -> None:
        wrong = replace(settings, password=Secret(b"sesame-open"))
        error = collect(wrong, MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert "does not accept the user name or password" in str(error)
        assert "sesame" not in str(error) + repr(wrong)

    def test_keep_mails_leaves_no_trace_in_the_flags(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        dovecot.deposit(settings.user, letters(3))
        names = sorted(path.name for path in (dovecot.maildir(settings.user) / "new").iterdir())
        collect(replace(settings, keep_mails=True), MemoryAccept())
        assert sorted(path.name for path in (dovecot.maildir(settings.user) / "new").iterdir()) == names
        assert dovecot.flags(settings.user) == ["", "", ""]

    def test_what_another_client_marked_deleted_survives(
        self, dovecot: Dovecot, settings: ImapSettings
    ) -> None:
        dovecot.deposit(settings.user, letters(3))
        connector = ImapConnector(settings, Task(source_id=SOURCE_ID))
        batches = connector.fetch()
        batch = next(batches)
        dovecot.deposit(settings.user, letters(1, start=99))
        other = client_of(settings)
        other.select_folder("INBOX")
        other.add_flags(other.search("ALL")[-1], [DELETED])
        connector.confirm(list(zip(batch, receipts(batch), strict=True)))
        assert list(batches) == []
        connector.close()
        assert dovecot.messages(settings.user) == letters(1, start=99)
        assert dovecot.flags(settings.user) == ["T"]

    def test_folders_have_umlauts_and_odd_characters(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        names = ["Entwürfe", "Büro & Co", "Ablage/Jahr 2026", 'a"b', "日本語"]
        client = client_of(settings)
        for number, name in enumerate(names):
            client.create_folder(name)
            client.append(name, letters(1, start=number)[0])
        connector = ImapConnector(settings, Task(source_id=SOURCE_ID))
        assert set(names) <= set(connector.folders())
        connector.close()
        accept = MemoryAccept()
        assert collect(replace(settings, folders=tuple(names)), accept).error is None
        assert accept.raws == letters(5)
        assert [RemoteId.parse(one.origin.remote_id).folder for one in accept.accepted] == names
        assert all(client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] == 0 for name in names)

    def test_a_folder_name_cannot_carry_a_command(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        dovecot.deposit(settings.user, letters(1))
        hostile = 'x"\r\nA9 DELETE "INBOX'
        report = collect(replace(settings, folders=(hostile, "INBOX")), MemoryAccept())
        assert report.seen == 1  # the folder that exists is not held up by the one that does not
        assert report.error is not None
        assert "control characters" in str(report.error)

    def test_a_new_uidvalidity_makes_it_read_everything_again(
        self, dovecot: Dovecot, settings: ImapSettings
    ) -> None:
        kept, accept = replace(settings, keep_mails=True), MemoryAccept()
        dovecot.deposit(settings.user, letters(3))
        collect(kept, accept)
        cursor = cursor_of(accept.accepted)
        dovecot.empty(settings.user)
        dovecot.deposit(settings.user, letters(3))
        again = MemoryAccept()
        collect(kept, again, cursor)
        assert sorted(again.raws) == letters(3)
        assert {one.origin.remote_id for one in again.accepted}.isdisjoint(
            {one.origin.remote_id for one in accept.accepted}
        )

    @pytest.mark.parametrize(
        "stage",
        [
            b"CAPABILITY",
            b"AUTHENTICATE",
            b"SELECT",
            b"SEARCH",
            b"RFC822.SIZE",
            b"BODY.PEEK",
            b"STORE",
            b"EXPUNGE",
        ],
    )
    def test_a_lost_connection_loses_no_mail(
        self, dovecot: Dovecot, settings: ImapSettings, stage: bytes
    ) -> None:
        dovecot.deposit(settings.user, letters(25))
        accept = MemoryAccept()
        with Proxy(dovecot.port, cut_at=stage) as proxy:
            report = collect(replace(settings, port=proxy.port, security="none"), accept)
        assert proxy.was_cut
        if stage != b"RFC822.SIZE":  # without sizes it goes on, one message at a time
            assert report.error is not None
            assert not report.error.permanent
        assert set(accept.raws) | set(dovecot.messages(settings.user)) == set(letters(25))
        assert collect(settings, accept).error is None
        assert set(accept.raws) == set(letters(25))
        assert dovecot.count(settings.user) == 0

    @pytest.mark.parametrize("after_bytes", [50, 700, 2_000, 4_000, 40_000])
    def test_a_line_cut_inside_an_answer_loses_no_mail(
        self, dovecot: Dovecot, settings: ImapSettings, after_bytes: int
    ) -> None:
        messages = letters(25, size=3_000)
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        with Proxy(dovecot.port, cut_after_bytes=after_bytes) as proxy:
            report = collect(replace(settings, port=proxy.port, security="none"), accept)
        assert report.error is not None
        assert not report.error.permanent
        assert set(accept.raws) <= set(messages)
        collect(settings, accept)
        assert set(accept.raws) == set(messages)
        assert dovecot.count(settings.user) == 0

    def test_a_killed_server_is_a_passing_trouble(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        dovecot.deposit(settings.user, letters(25))
        connector = ImapConnector(settings, Task(source_id=SOURCE_ID))
        batches = connector.fetch()
        next(batches)
        dovecot.kill()
        try:
            with pytest.raises(SourceError, match="connection") as caught:
                list(batches)
            assert not caught.value.permanent
            connector.close()
            error = collect(settings, MemoryAccept()).error
            assert error is not None
            assert not error.permanent
        finally:
            dovecot.start()
        accept = MemoryAccept()
        collect(settings, accept)
        assert sorted(accept.raws) == sorted(letters(25))

    def test_a_message_the_server_cannot_read_does_not_block_the_rest(
        self, dovecot: Dovecot, settings: ImapSettings
    ) -> None:
        dovecot.deposit(settings.user, letters(12))
        unreadable = sorted((dovecot.maildir(settings.user) / "new").iterdir())[4]
        unreadable.chmod(0)
        accept = MemoryAccept()
        reports = [collect(settings, accept) for _ in range(2)]
        assert set(accept.raws) == {raw for raw in letters(12) if raw != letters(12)[4]}
        assert dovecot.count(settings.user) == 1
        assert [len(report.left) for report in reports] == [1, 1]

    def test_without_uidplus_mail_is_moved_aside(self) -> None:
        with Dovecot(
            users={"u": PASSWORD}, extra="imap_capability = IMAP4rev1 STARTTLS MOVE AUTH=PLAIN"
        ) as server:
            server.deposit("u", letters(12))
            report = collect(settings_for(server, "u"), MemoryAccept())
            assert (report.seen, report.error) == (12, None)
            assert any("moved" in note for note in report.notes)
            assert (server.count("u"), server.count("u", "Archived")) == (0, 12)

    def test_with_neither_uidplus_nor_move_mail_stays_and_is_not_read_twice(self) -> None:
        with Dovecot(
            users={"u": PASSWORD}, extra="imap_capability = IMAP4rev1 STARTTLS AUTH=PLAIN"
        ) as server:
            server.deposit("u", letters(12))
            accept = MemoryAccept()
            report = collect(settings_for(server, "u"), accept)
            assert any("stays" in note for note in report.notes)
            assert server.flags("u") == [""] * 12
            again = collect(settings_for(server, "u"), accept, cursor_of(accept.accepted))
            assert again.seen == 0

    def test_a_thousand_messages_arrive_and_the_mailbox_is_empty(
        self, dovecot: Dovecot, settings: ImapSettings
    ) -> None:
        messages = [os.urandom(20).hex().encode("ascii") + raw for raw in letters(1_000, size=2_000)]
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        report = collect(replace(settings, batch_messages=100, batch_bytes=2**23), accept)
        assert (report.seen, report.error, report.notes) == (1_000, None, ())
        assert accept.raws == messages
        assert dovecot.count(settings.user) == 0

    def test_a_poll_without_news_moves_little(self, dovecot: Dovecot, settings: ImapSettings) -> None:
        dovecot.deposit(settings.user, letters(1_000))
        kept, accept = (
            replace(settings, keep_mails=True, batch_messages=100, batch_bytes=2**23),
            MemoryAccept(),
        )
        collect(kept, accept)
        cursor = cursor_of(accept.accepted)
        with Proxy(dovecot.port) as proxy:
            assert collect(replace(kept, port=proxy.port, security="none"), accept, cursor).seen == 0
        assert proxy.moved_bytes < 3_000


class OddSession(Session):
    """Refuses one message, lies about sizes, and hides the content of another."""

    def size_of(self, uid: int, stored: Stored) -> int:
        return {5: 100_000, 6: 1, 7: 10}.get(uid, len(stored.raw))

    def body_of(self, uid: int, stored: Stored) -> bytes:
        if uid == 3:
            raise Refusal("NO this one is broken")
        return stored.raw


class OddServer(ImapServer):
    session = OddSession


@pytest.fixture
def odd() -> Iterator[OddServer]:
    server = OddServer(user="u", password=Secret(b"p"))
    server.start()
    yield server
    server.stop()


def plain_settings(port: int, *, password: bytes = b"p") -> ImapSettings:
    return ImapSettings(
        server="127.0.0.1", port=port, user="u", password=Secret(password), security="none", timeout_seconds=5
    )


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
        assert report.notes == ("the server announces other sizes than it delivers",)

    def test_a_refused_message_is_left_with_the_servers_words(self, odd: OddServer) -> None:
        for raw in letters(8):
            odd.inbox.add(raw, MOMENT)
        accept = MemoryAccept()
        report = collect(plain_settings(odd.port), accept)
        assert report.seen == 8
        assert accept.raws == [raw for raw in letters(8) if raw != letters(8)[2]]
        assert [RemoteId.parse(one.remote_id).uid for one in report.left] == [3]
        assert "this one is broken" in report.left[0].reason
        assert odd.inbox.uids() == [3]

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
        assert "read anew" in report.notes[0]

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


def answering(*lines: bytes) -> int:
    """A port whose server says these lines, whatever it is told, and then keeps silent."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
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
