"""The POP3 connector against a real Dovecot."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from amberpost.errors import SourceError
from amberpost.net.security import SecurityName
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.tokens import Tokens
from amberpost.sources.connector import CONNECTORS, Connector, FetchReport, run
from amberpost.sources.cursor import Cursor
from amberpost.sources.pull import pop3
from amberpost.sources.pull.pop3 import Pop3Connector
from amberpost.sources.settings import AccountSettings, OAuthLogin, PasswordLogin, Task
from amberpost.store.secret import Secret
from tests.contract.source_contract import (
    NOTHING_KNOWN,
    SOURCE_ID,
    MemoryAccept,
    SourceContract,
    cursor_of,
    letters,
)
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.microsoft import App, Microsoft
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.server, pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")]
PASSWORD = 'a "quoted" pässword'


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(microsoft: Microsoft) -> Iterator[Dovecot]:
    users = {f"user{number}@example.com": PASSWORD for number in range(80)}
    with Dovecot(users=users, login=microsoft) as server:
        yield server


@pytest.fixture(scope="module")
def free(dovecot: Dovecot) -> Iterator[str]:
    return iter(dovecot.users)


@pytest.fixture
def user(free: Iterator[str]) -> str:
    """A user whose mailbox no test has touched."""
    return next(free)


def settings_for(dovecot: Dovecot, user: str) -> AccountSettings:
    return AccountSettings(
        server=dovecot.host,
        port=dovecot.pop3_port,
        user=user,
        login=PasswordLogin(password=Secret(PASSWORD.encode("utf-8"))),
        ca_pem=dovecot.ca_pem,
        batch_messages=10,
        batch_bytes=20_000,
        timeout_seconds=30,
    )


@pytest.fixture
def settings(dovecot: Dovecot, user: str) -> AccountSettings:
    return settings_for(dovecot, user)


def collect(settings: AccountSettings, accept: MemoryAccept, cursor: Cursor = NOTHING_KNOWN) -> FetchReport:
    return run(CONNECTORS["pop3"](settings, Task(source_id=SOURCE_ID, cursor=cursor)), accept)


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
        return Pop3Connector(settings, Task(source_id=SOURCE_ID, cursor=cursor, evaluation="x-original-to"))


class TestDovecot(SourceContract):
    @pytest.fixture
    def place(self, dovecot: Dovecot, user: str) -> DovecotPlace:
        return DovecotPlace(dovecot, user)


class TestExactness:
    def test_dots_long_lines_and_missing_line_ends_come_as_they_are(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        messages = [
            b"A: x\r\n.\r\n..\r\n.x\r\n\r\n.\r\n",
            b"Subject: dots\r\n\r\nend\r\n.\r\n+OK fine\r\n.",
            b"Subject: long\r\n\r\n" + b"x" * 200_000 + b"\r\n",
            b"Subject: cr\r\n\r\n\rbare\r\rcr\r\n",
            b"Subject: none\r\n\r\nno line end",
            b"\r\n",
            b"\r\n.\r\n",
        ]
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        report = collect(settings, accept)
        assert accept.raws == messages
        assert report.notes == ()
        assert dovecot.count(settings.user) == 0

    def test_mail_cannot_answer_in_place_of_the_server(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        """Dovecot 2.3 forgets to double a dot at the very beginning of a message."""
        hostile = b".\r\n" + b"+OK\r\n" * 50 + b"Subject: evidence\r\n\r\nx\r\n"
        dovecot.deposit(settings.user, [letters(1)[0], hostile, *letters(3, start=1)])
        accept = MemoryAccept()
        report = collect(settings, accept)
        assert sorted(set(accept.raws)) == letters(4)
        assert report.error is None
        assert len(report.left) == 1
        assert dovecot.messages(settings.user) == [hostile]


class TestConnection:
    def test_security_can_be_starttls_ssl_or_none(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(1))
        kept = replace(settings, keep_mails=True)
        assert collect(kept, MemoryAccept()).seen == 1
        assert collect(replace(kept, security="ssl", port=dovecot.pop3_ssl_port), MemoryAccept()).seen == 1
        assert collect(replace(kept, security="none", ca_pem=None), MemoryAccept()).seen == 1

    @pytest.mark.parametrize("security", ["starttls", "ssl"])
    def test_a_certificate_of_another_authority_is_refused(
        self, dovecot: Dovecot, settings: AccountSettings, security: SecurityName, tmp_path: Path
    ) -> None:
        port = dovecot.pop3_ssl_port if security == "ssl" else dovecot.pop3_port
        for ca_pem in (make_certificates(tmp_path).ca_pem, None):
            stranger = replace(settings, security=security, port=port, ca_pem=ca_pem)
            error = collect(stranger, MemoryAccept()).error
            assert error is not None
            assert error.permanent
            assert "certificate" in str(error)

    @pytest.mark.parametrize("protocol", ["pop3", "imap"])
    @pytest.mark.parametrize("security", ["starttls", "ssl"])
    def test_a_pinned_certificate_is_accepted_and_no_other(
        self, dovecot: Dovecot, settings: AccountSettings, security: SecurityName, protocol: str
    ) -> None:
        ports = {
            ("pop3", "starttls"): dovecot.pop3_port,
            ("pop3", "ssl"): dovecot.pop3_ssl_port,
            ("imap", "starttls"): dovecot.port,
            ("imap", "ssl"): dovecot.ssl_port,
        }
        shown = dovecot.certificates.fingerprint
        pinned = replace(
            settings, security=security, port=ports[protocol, security], ca_pem=None, certificate_sha256=shown
        )
        task = Task(source_id=SOURCE_ID)
        assert run(CONNECTORS[protocol](pinned, task), MemoryAccept()).error is None
        with Proxy(pinned.port) as proxy:
            other = replace(pinned, port=proxy.port, certificate_sha256="0" * 64)
            error = run(CONNECTORS[protocol](other, task), MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert shown in str(error)

    def test_a_wrong_password_is_permanent_and_told_in_plain_words(self, settings: AccountSettings) -> None:
        wrong = replace(settings, login=PasswordLogin(password=Secret(b"sesame-open")))
        error = collect(wrong, MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert "does not accept the user name or password" in str(error)
        assert "sesame" not in str(error) + repr(wrong)

    def test_a_mailbox_in_use_is_a_passing_trouble(self, user: str) -> None:
        with Dovecot(users={user: PASSWORD}, extra="pop3_lock_session = yes") as server:
            server.deposit(user, letters(1))
            settings = settings_for(server, user)
            first = Pop3Connector(settings, Task(source_id=SOURCE_ID))
            next(first.fetch())
            error = collect(replace(settings, timeout_seconds=5), MemoryAccept()).error
            assert error is not None
            assert not error.permanent
            first.close()


class TestTokens:
    @pytest.fixture
    def app(self, microsoft: Microsoft, user: str) -> App:
        return microsoft.register(mailbox=user)

    @pytest.fixture
    def with_token(self, microsoft: Microsoft, settings: AccountSettings, app: App) -> AccountSettings:
        client = OAuthClient(
            tenant=app.tenant,
            client_id=app.client_id,
            client_secret=Secret(app.secret.encode()),
            authority=microsoft.authority,
            ca_pem=microsoft.ca_pem,
        )
        tokens = Tokens()
        return replace(
            settings,
            login=OAuthLogin(token=lambda: tokens.get(client), forget=lambda: tokens.forget(client)),
        )

    def test_a_token_opens_the_mailbox(self, dovecot: Dovecot, with_token: AccountSettings) -> None:
        dovecot.deposit(with_token.user, letters(3))
        report = run(CONNECTORS["oauth-pop3"](with_token, Task(source_id=SOURCE_ID)), MemoryAccept())
        assert (report.seen, report.error, dovecot.count(with_token.user)) == (3, None, 0)

    def test_a_revoked_token_is_replaced_once_and_then_given_up(
        self, dovecot: Dovecot, microsoft: Microsoft, with_token: AccountSettings, app: App
    ) -> None:
        dovecot.deposit(with_token.user, letters(2))
        kept = replace(with_token, keep_mails=True)
        assert collect(kept, MemoryAccept()).seen == 2
        microsoft.revoke(app)
        assert collect(kept, MemoryAccept()).seen == 2
        assert app.asked == 2
        app.has_access = False
        microsoft.revoke(app)
        error = collect(kept, MemoryAccept()).error
        assert error is not None
        assert not error.permanent  # set-up takes up to half an hour
        assert "POP.AccessAsApp" in str(error)
        assert app.asked == 3
        assert not any(token in str(error) for token in microsoft.issued)

    def test_a_token_does_not_travel_in_clear_text(
        self, dovecot: Dovecot, with_token: AccountSettings
    ) -> None:
        clear = replace(with_token, security="none")
        error = collect(clear, MemoryAccept()).error
        assert error is not None
        assert error.permanent
        assert collect(replace(clear, allow_insecure_oauth=True), MemoryAccept()).error is None


class TestDeletion:
    def test_deletions_are_real_after_quit_only(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(25))
        accept = MemoryAccept()
        with Proxy(dovecot.pop3_port, cut_at=b"QUIT") as proxy:
            collect(replace(settings, port=proxy.port, security="none"), accept)
        assert proxy.was_cut
        assert accept.raws == letters(25)
        assert dovecot.count(settings.user) == 25
        again = MemoryAccept()
        assert collect(settings, again, cursor_of(accept.accepted)).error is None
        assert again.raws == letters(25)
        assert dovecot.count(settings.user) == 0

    @pytest.mark.parametrize(
        "stage", [b"CAPA", b"AUTH", b"STAT", b"UIDL", b"LIST", b"RETR", b"DELE", b"QUIT"]
    )
    def test_a_lost_connection_loses_no_mail(
        self, dovecot: Dovecot, settings: AccountSettings, stage: bytes
    ) -> None:
        dovecot.deposit(settings.user, letters(25))
        accept = MemoryAccept()
        with Proxy(dovecot.pop3_port, cut_at=stage) as proxy:
            report = collect(replace(settings, port=proxy.port, security="none"), accept)
        assert proxy.was_cut
        if stage != b"QUIT":
            assert report.error is not None
            assert not report.error.permanent
        assert set(accept.raws) | set(dovecot.messages(settings.user)) == set(letters(25))
        assert collect(settings, accept).error is None
        assert set(accept.raws) == set(letters(25))
        assert dovecot.count(settings.user) == 0

    @pytest.mark.parametrize("after_bytes", [50, 700, 2_000, 10_000, 40_000])
    def test_a_line_cut_inside_an_answer_loses_no_mail(
        self, dovecot: Dovecot, settings: AccountSettings, after_bytes: int
    ) -> None:
        messages = letters(25, size=3_000)
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        with Proxy(dovecot.pop3_port, cut_after_bytes=after_bytes) as proxy:
            report = collect(replace(settings, port=proxy.port, security="none"), accept)
        assert report.error is not None
        assert not report.error.permanent
        assert set(accept.raws) <= set(messages)
        collect(settings, accept)
        assert set(accept.raws) == set(messages)
        assert dovecot.count(settings.user) == 0

    def test_a_large_mailbox_is_committed_in_steps(
        self, dovecot: Dovecot, settings: AccountSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pop3, "COMMIT_EVERY", 20)
        dovecot.deposit(settings.user, letters(65))
        left: list[int] = []

        class Watching(MemoryAccept):
            def __call__(self, *args: object) -> list[object]:  # type: ignore[override]
                left.append(dovecot.count(settings.user))
                return super().__call__(*args)  # type: ignore[arg-type, return-value]

        accept = Watching()
        report = collect(settings, accept)
        assert accept.raws == letters(65)
        assert (report.seen, report.error) == (65, None)
        assert left == [65, 65, 45, 45, 25, 25, 5]
        assert dovecot.count(settings.user) == 0

    def test_a_line_that_carries_little_still_empties_the_mailbox(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        """Each connection is cut after some 20 messages: what was achieved must not be undone each time."""
        messages = letters(120, size=1_000)
        dovecot.deposit(settings.user, messages)
        accept = MemoryAccept()
        for _ in range(12):
            with Proxy(dovecot.pop3_port, cut_after_bytes=30_000, cuts_each=True) as proxy:
                collect(
                    replace(settings, port=proxy.port, security="none"), accept, cursor_of(accept.accepted)
                )
            if not dovecot.count(settings.user):
                break
        assert dovecot.count(settings.user) == 0
        assert set(accept.raws) == set(messages)

    def test_a_killed_server_is_a_passing_trouble(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(25))
        connector = Pop3Connector(settings, Task(source_id=SOURCE_ID))
        batches = connector.fetch()
        next(batches)
        dovecot.kill()
        try:
            with pytest.raises(SourceError, match="connection") as caught:
                list(batches)
            assert not caught.value.permanent
            connector.close()
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
        assert [report.error for report in reports] == [None, None]


class TestCursor:
    def test_what_the_server_has_forgotten_is_gone(self, dovecot: Dovecot, settings: AccountSettings) -> None:
        dovecot.deposit(settings.user, letters(3))
        kept, accept = replace(settings, keep_mails=True), MemoryAccept()
        collect(kept, accept)
        cursor = cursor_of(accept.accepted)
        collect(settings, MemoryAccept())
        dovecot.deposit(settings.user, letters(1, start=9))
        report = collect(kept, MemoryAccept(), cursor)
        assert report.seen == 1
        assert report.gone.uidls == cursor.uidls
        assert report.gaps == ()

    def test_new_uidls_make_it_read_everything_again(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        kept, accept = replace(settings, keep_mails=True), MemoryAccept()
        dovecot.deposit(settings.user, letters(3))
        collect(kept, accept)
        cursor = cursor_of(accept.accepted)
        dovecot.empty(settings.user)
        dovecot.deposit(settings.user, letters(3))
        again = MemoryAccept()
        report = collect(kept, again, cursor)
        assert again.raws == letters(3)
        assert report.gone.uidls == cursor.uidls

    def test_a_thousand_messages_arrive_and_a_poll_without_news_moves_little(
        self, dovecot: Dovecot, settings: AccountSettings
    ) -> None:
        messages = [os.urandom(20).hex().encode("ascii") + raw for raw in letters(1_000, size=2_000)]
        dovecot.deposit(settings.user, messages)
        kept = replace(settings, keep_mails=True, batch_messages=100, batch_bytes=2**23)
        accept = MemoryAccept()
        assert collect(kept, accept).seen == 1_000
        assert accept.raws == messages
        cursor = cursor_of(accept.accepted)
        with Proxy(dovecot.pop3_port) as proxy:
            assert collect(replace(kept, port=proxy.port, security="none"), accept, cursor).seen == 0
        assert proxy.moved_bytes < 30_000
        report = collect(replace(kept, keep_mails=False), MemoryAccept(), cursor)
        assert (report.seen, report.error, report.notes) == (1_000, None, ())
        assert dovecot.count(settings.user) == 0
