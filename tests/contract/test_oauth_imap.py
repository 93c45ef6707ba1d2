"""The IMAP connector with tokens: a real Dovecot that asks a stand-in for Microsoft's login about them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from amberpost.errors import SourceError
from amberpost.handover import Incoming, Receipt
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.refusal import OAuthError
from amberpost.oauth.tokens import Tokens
from amberpost.sources.connector import Connector, FetchReport
from amberpost.sources.cursor import Cursor
from amberpost.sources.pull.imap import ImapConnector
from amberpost.sources.settings import AccountSettings, OAuthLogin, Task
from amberpost.store.secret import Secret
from tests.contract.imap_runs import collect
from tests.contract.source_contract import (
    NOTHING_KNOWN,
    SOURCE_ID,
    MemoryAccept,
    SourceContract,
    cursor_of,
    letters,
)
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.microsoft import App, Microsoft
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.server, pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")]

USERS = {f"box{number}@example.com": "no password is used here" for number in range(40)}


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(microsoft: Microsoft) -> Iterator[Dovecot]:
    with Dovecot(users=USERS, login=microsoft) as server:
        yield server


@pytest.fixture(scope="module")
def users() -> Iterator[str]:
    return iter(USERS)


@dataclass
class Account:
    """One mailbox, the app that may open it, and this process's tokens."""

    dovecot: Dovecot
    microsoft: Microsoft
    app: App
    tokens: Tokens

    @property
    def user(self) -> str:
        return self.app.mailbox

    @property
    def client(self) -> OAuthClient:
        return OAuthClient(
            tenant=self.app.tenant,
            client_id=self.app.client_id,
            client_secret=Secret(self.app.secret.encode()),
            authority=self.microsoft.authority,
            ca_pem=self.microsoft.ca_pem,
        )

    @property
    def settings(self) -> AccountSettings:
        return self.settings_with(self.client)

    def settings_with(self, client: OAuthClient) -> AccountSettings:
        tokens = self.tokens
        return AccountSettings(
            server=self.dovecot.host,
            port=self.dovecot.ssl_port,
            user=self.user,
            login=OAuthLogin(token=lambda: tokens.get(client), forget=lambda: tokens.forget(client)),
            security="ssl",
            ca_pem=self.dovecot.ca_pem,
            batch_messages=10,
            batch_bytes=20_000,
            timeout_seconds=30,
        )

    def deliver(self, count: int) -> list[bytes]:
        messages = letters(count)
        self.dovecot.deposit(self.user, messages)
        return messages

    def token(self) -> str:
        return self.tokens.get(self.client).reveal().decode()


@pytest.fixture
def account(dovecot: Dovecot, microsoft: Microsoft, users: Iterator[str]) -> Account:
    return Account(dovecot, microsoft, microsoft.register(mailbox=next(users)), Tokens())


class Place:
    def __init__(self, account: Account) -> None:
        self._account = account

    def deliver(self, messages: Sequence[bytes]) -> None:
        self._account.dovecot.deposit(self._account.user, messages)

    def waiting(self) -> list[bytes]:
        return self._account.dovecot.messages(self._account.user)

    def connector(
        self, *, keep_mails: bool = False, cursor: Cursor = NOTHING_KNOWN, max_size_bytes: int | None = None
    ) -> Connector:
        settings = replace(self._account.settings, keep_mails=keep_mails, max_size_bytes=max_size_bytes)
        return ImapConnector(settings, Task(source_id=SOURCE_ID, cursor=cursor, evaluation="x-original-to"))


class TestContract(SourceContract):
    @pytest.fixture
    def place(self, account: Account) -> Place:
        return Place(account)


def error_of(report: FetchReport) -> SourceError:
    assert report.error is not None
    assert report.seen == 0
    return report.error


def assert_mended(account: Account, messages: list[bytes]) -> None:
    """After the cause is mended the next run takes every message exactly once."""
    accept = MemoryAccept()
    assert collect(account.settings, accept).error is None
    assert sorted(accept.raws) == sorted(messages)
    assert account.dovecot.count(account.user) == 0


class TestFirstFetch:
    @pytest.mark.parametrize("security", ["ssl", "starttls"])
    def test_a_mailbox_is_emptied_with_a_token(self, account: Account, security: str) -> None:
        messages = account.deliver(25)
        port = account.dovecot.ssl_port if security == "ssl" else account.dovecot.port
        accept = MemoryAccept()
        report = collect(replace(account.settings, security=security, port=port), accept)  # type: ignore[arg-type]
        assert (report.seen, report.error) == (25, None)
        assert sorted(accept.raws) == sorted(messages)
        assert account.dovecot.count(account.user) == 0
        assert account.app.asked == 1

    def test_a_token_serves_many_runs(self, account: Account) -> None:
        for _ in range(3):
            assert collect(account.settings, MemoryAccept()).error is None
        assert account.app.asked == 1

    def test_without_tls_no_token_is_sent_unless_somebody_said_so(self, account: Account) -> None:
        account.deliver(2)
        with Proxy(account.dovecot.port) as proxy:
            bare = replace(account.settings, security="none", port=proxy.port)
            error = error_of(collect(bare, MemoryAccept()))
            assert error.permanent
            assert "Without TLS" in str(error)
            assert proxy.moved_bytes == 0
            assert collect(replace(bare, allow_insecure_oauth=True), MemoryAccept()).seen == 2


class TestTrouble:
    def test_a_wrong_secret_stops_it_before_the_mail_server(self, account: Account) -> None:
        messages = account.deliver(3)
        wrong = account.settings_with(replace(account.client, client_secret=Secret(b"sesame~open")))
        error = error_of(collect(wrong, MemoryAccept()))
        assert isinstance(error, OAuthError)
        assert (error.reply, error.permanent) == ("AADSTS7000215", True)
        assert account.dovecot.count(account.user) == 3
        assert_mended(account, messages)

    def test_the_secret_id_instead_of_its_value_is_told(self, account: Account) -> None:
        messages = account.deliver(3)
        client = replace(account.client, client_secret=Secret(account.app.secret_id.encode()))
        error = error_of(collect(account.settings_with(client), MemoryAccept()))
        assert "not its Secret ID" in str(error)
        assert account.app.secret_id not in str(error)
        assert_mended(account, messages)

    def test_an_expired_secret_is_told_in_plain_words(self, account: Account) -> None:
        messages = account.deliver(3)
        account.app.is_secret_expired = True
        error = error_of(collect(account.settings, MemoryAccept()))
        assert error.permanent
        assert "The client secret has expired" in str(error)
        account.app.is_secret_expired = False
        assert_mended(account, messages)

    def test_a_missing_role_is_found_in_the_token_and_its_mending_works_at_once(
        self, account: Account
    ) -> None:
        messages = account.deliver(3)
        account.app.roles = ()
        error = error_of(collect(account.settings, MemoryAccept()))
        assert not error.permanent
        assert "does not carry the permission IMAP.AccessAsApp" in str(error)
        assert "admin consent" in str(error)
        assert account.app.asked == 2  # one try with a fresh token
        account.app.roles = ("IMAP.AccessAsApp",)
        assert_mended(account, messages)

    @pytest.mark.parametrize("cause", ["access", "mailbox"])
    def test_a_mailbox_the_app_may_not_open_is_told_with_all_reasons(
        self, account: Account, cause: str
    ) -> None:
        messages = account.deliver(3)
        mailbox = account.app.mailbox
        settings = account.settings
        if cause == "access":
            account.app.has_access = False
        else:
            account.app.mailbox = "another@example.com"
        error = error_of(collect(settings, MemoryAccept()))
        assert not error.permanent
        for words in ("service principal", "Object ID", "FullAccess", "30 minutes", "switched off"):
            assert words in str(error)
        account.app.has_access, account.app.mailbox = True, mailbox
        assert_mended(account, messages)

    def test_a_busy_login_server_says_when_to_come_back(self, account: Account) -> None:
        messages = account.deliver(3)
        account.app.throttle_seconds = [17]
        error = error_of(collect(account.settings, MemoryAccept()))
        assert (error.retry_after_seconds, error.permanent) == (17, False)
        assert_mended(account, messages)

    def test_a_token_revoked_between_two_runs_is_replaced(self, account: Account) -> None:
        assert collect(account.settings, MemoryAccept()).error is None
        account.microsoft.revoke(account.app)
        assert_mended(account, account.deliver(3))
        assert account.app.asked == 2


class DisturbingAccept(MemoryAccept):
    """Does something after the first batch."""

    def __init__(self, disturb: Callable[[], object]) -> None:
        super().__init__()
        self._disturb = disturb

    def __call__(self, incoming: Sequence[Incoming]) -> list[Receipt]:
        is_first = not self.accepted
        done = super().__call__(incoming)
        if is_first:
            self._disturb()
        return done


class TestInTheMiddle:
    @pytest.mark.parametrize("keep_mails", [True, False])
    def test_a_run_goes_on_after_its_token_and_its_connection_ended(
        self, account: Account, keep_mails: bool
    ) -> None:
        messages = account.deliver(35)

        def disturb() -> None:
            account.microsoft.revoke(account.app)
            account.dovecot.restart()

        accept = DisturbingAccept(disturb)
        settings = replace(account.settings, keep_mails=keep_mails)
        report = collect(settings, accept)
        again = MemoryAccept()
        second = collect(settings, again, cursor_of(accept.accepted, report.gone))
        assert second.error is None
        # where mail is removed, a confirmation that got lost makes it come again; process() finds that
        assert set(accept.raws + again.raws) == set(messages)
        assert report.left == ()
        if keep_mails:
            assert report.error is None
            assert sorted(accept.raws) == sorted(messages)
            assert again.raws == []
        else:
            assert account.dovecot.count(account.user) == 0
        assert account.app.asked == 2

    def test_an_app_that_is_shut_out_in_the_middle_keeps_what_it_has_and_leaves_the_rest(
        self, account: Account
    ) -> None:
        messages = account.deliver(35)

        def disturb() -> None:
            account.microsoft.revoke(account.app)
            account.app.is_secret_expired = True
            account.dovecot.restart()

        accept = DisturbingAccept(disturb)
        settings = replace(account.settings, keep_mails=True)
        report = collect(settings, accept)
        assert report.error is not None
        assert "secret has expired" in str(report.error)
        assert (len(report.captures), report.left) == (10, ())
        account.app.is_secret_expired = False
        again = MemoryAccept()
        assert collect(settings, again, cursor_of(accept.accepted)).error is None
        assert sorted(accept.raws + again.raws) == sorted(messages)


def test_secrets_and_tokens_are_in_no_log_no_error_and_no_repr(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, name)
    account.deliver(3)
    shown, tokens = [], [account.token()]
    shown.append(collect(account.settings, MemoryAccept()))
    account.app.has_access = False
    account.tokens.forget(account.client)
    tokens.append(account.token())
    shown.append(collect(account.settings, MemoryAccept()))
    account.app.is_secret_expired = True
    shown.append(collect(account.settings, MemoryAccept()))
    text = caplog.text + repr(shown) + "".join(str(one.error) for one in shown)
    text += repr(account.settings) + repr(account.client) + repr(account.tokens)
    assert "expired" in text
    for secret in [
        account.app.secret,
        *tokens,
        *(token.rpartition(".")[2] for token in account.microsoft.issued),
    ]:
        assert secret not in text
