"""The IMAP connector against a real Dovecot."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from imapclient import DELETED, IMAPClient

from amberpost.errors import SourceError
from amberpost.sources.connector import Connector
from amberpost.sources.cursor import Cursor, RemoteId
from amberpost.sources.pull.imap import ImapConnector
from amberpost.sources.settings import AccountSettings, PasswordLogin, Task
from amberpost.store.secret import Secret
from tests.contract.imap_runs import collect
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


def settings_for(dovecot: Dovecot, user: str) -> AccountSettings:
    return AccountSettings(
        server=dovecot.host,
        port=dovecot.port,
        user=user,
        login=PasswordLogin(password=Secret(PASSWORD.encode("utf-8"))),
        ca_pem=dovecot.ca_pem,
        batch_messages=10,
        batch_bytes=20_000,
        timeout_seconds=20,
    )


@pytest.fixture
def settings(dovecot: Dovecot, user: str) -> AccountSettings:
    return settings_for(dovecot, user)


def client_of(settings: AccountSettings) -> IMAPClient:
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

    def test_security_can_be_starttls_ssl_or_none(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(1))
        kept = replace(settings, keep_mails=True)
        assert collect(kept, MemoryAccept()).seen == 1
        assert collect(replace(kept, security="ssl", port=dovecot.ssl_port), MemoryAccept()).seen == 1
        assert collect(replace(kept, security="none", ca_pem=None), MemoryAccept()).seen == 1

    @pytest.mark.parametrize("security", ["starttls", "ssl"])
    def test_a_certificate_of_another_authority_is_refused(
        self, dovecot: Dovecot, settings: AccountSettings, security: str, tmp_path: Path
    ) -> None:
        port = dovecot.ssl_port if security == "ssl" else dovecot.port
        for ca_pem in (make_certificates(tmp_path).ca_pem, None):
            stranger = replace(settings, security=security, port=port, ca_pem=ca_pem)  # type: ignore[arg-type]
            error = collect(stranger, MemoryAccept()).error
            assert error is not None
            assert error.permanent
            assert "certificate" in str(error)

    def test_a_root_certificate_that_is_none_is_said_so(self, settings: AccountSettings) -> None:
        error = collect(replace(settings, ca_pem="no certificate"), MemoryAccept()).error
        assert error is not None
        assert "root certificate" in str(error)

    def test_a_wrong_password_is_permanent_and_told_in_plain_words(self, settings: AccountSettings) -> None:
        wrong = replace(settings, login=PasswordLogin(password=Secret(b"sesame-open")))
        error = collect(wrong, MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert "does not accept the user name or password" in str(error)
        assert "sesame" not in str(error) + repr(wrong)

    def test_keep_mails_leaves_no_trace_in_the_flags(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        dovecot.deposit(settings.user, letters(3))
        names = sorted(path.name for path in (dovecot.maildir(settings.user) / "new").iterdir())
        collect(replace(settings, keep_mails=True), MemoryAccept())
        assert sorted(path.name for path in (dovecot.maildir(settings.user) / "new").iterdir()) == names
        assert dovecot.flags(settings.user) == ["", "", ""]

    def test_what_another_client_marked_deleted_survives(
        self, dovecot: Dovecot, settings: AccountSettings
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

    def test_folders_have_umlauts_and_odd_characters(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
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

    def test_a_folder_name_cannot_carry_a_command(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(1))
        hostile = 'x"\r\nA9 DELETE "INBOX'
        report = collect(replace(settings, folders=(hostile, "INBOX")), MemoryAccept())
        assert report.seen == 1  # the folder that exists is not held up by the one that does not
        assert report.error is not None
        assert "control characters" in str(report.error)

    def test_a_new_uidvalidity_makes_it_read_everything_again(
        self, dovecot: Dovecot, settings: AccountSettings
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
        self, dovecot: Dovecot, settings: AccountSettings, stage: bytes
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
        self, dovecot: Dovecot, settings: AccountSettings, after_bytes: int
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

    def test_a_killed_server_is_a_passing_trouble(self, dovecot: Dovecot, settings: AccountSettings) -> None:
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
        self, dovecot: Dovecot, settings: AccountSettings
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
            assert any("moved" in str(note) for note in report.notes)
            assert (server.count("u"), server.count("u", "Archived")) == (0, 12)

    def test_with_neither_uidplus_nor_move_mail_stays_and_is_not_read_twice(self) -> None:
        with Dovecot(
            users={"u": PASSWORD}, extra="imap_capability = IMAP4rev1 STARTTLS AUTH=PLAIN"
        ) as server:
            server.deposit("u", letters(12))
            accept = MemoryAccept()
            report = collect(settings_for(server, "u"), accept)
            assert any("stays" in str(note) for note in report.notes)
            assert server.flags("u") == [""] * 12
            again = collect(settings_for(server, "u"), accept, cursor_of(accept.accepted))
            assert again.seen == 0

    def test_a_thousand_messages_arrive_and_the_mailbox_is_empty(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        messages = [os.urandom(20).hex().encode("ascii") + raw for raw in letters(1_000, size=2_000)]
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        report = collect(replace(settings, batch_messages=100, batch_bytes=2**23), accept)
        assert (report.seen, report.error, report.notes) == (1_000, None, ())
        assert accept.raws == messages
        assert dovecot.count(settings.user) == 0

    @pytest.mark.parametrize("count", [1_000, pytest.param(100_000, marks=pytest.mark.long)])
    def test_a_poll_without_news_moves_little(
        self, dovecot: Dovecot, settings: AccountSettings, count: int
    ) -> None:
        dovecot.deposit(settings.user, letters(count))
        kept, accept = (
            replace(settings, keep_mails=True, batch_messages=100, batch_bytes=2**23),
            MemoryAccept(),
        )
        assert collect(kept, accept).seen == count
        cursor = cursor_of(accept.accepted)
        with Proxy(dovecot.port) as proxy:
            assert collect(replace(kept, port=proxy.port, security="none"), accept, cursor).seen == 0
        assert proxy.moved_bytes < 3_000
