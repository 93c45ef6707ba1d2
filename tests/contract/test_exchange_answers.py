"""The IMAP connector with tokens against what Exchange Online is known to answer."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from threading import Thread

import pytest

from amberpost.demo.imap_server import CommandRefused, ImapServer, Session
from amberpost.errors import SourceError
from amberpost.sources.connector import FetchReport
from amberpost.sources.exchange import Unwelcome, is_exchange_online, recognise
from amberpost.sources.pull.imap_login import login_failure
from amberpost.sources.settings import AccountSettings, OAuthLogin
from amberpost.store.secret import Secret
from tests.contract.imap_runs import collect, plain_settings
from tests.contract.source_contract import MemoryAccept, cursor_of, letters

MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)
EXCHANGE = ("IMAP4rev1", "AUTH=PLAIN", "AUTH=XOAUTH2", "SASL-IR", "UIDPLUS", "MOVE")
THROTTLED = "Request is throttled. Suggested Backoff Time: 299961 milliseconds"
EXPIRED = "BYE Session invalidated - AccessTokenExpired"
MANY = 10_000


@dataclass
class Told:
    """What clients said while they logged in, and how often they came."""

    sessions: int = 0
    mechanisms: list[str] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    has_initial: list[bool] = field(default_factory=list)
    error_answers: list[bytes] = field(default_factory=list)


class ExchangeServer(ImapServer):
    """`plan` says what the next commands of a name are answered; "" means: do it."""

    def __init__(self, capabilities: tuple[str, ...]) -> None:
        super().__init__(user="u", password=Secret(b"p"), capabilities=capabilities)
        self.plan: dict[str, list[str]] = {}
        self.good = {"token-1", "token-2", "token-3"}
        self.challenges_after_error = 0
        self.refusal = "NO AUTHENTICATE failed."
        self.told = Told()


class ExchangeSession(Session):
    server: ExchangeServer

    def handle(self) -> None:
        self.server.told.sessions += 1
        super().handle()

    def _carry_out(self, name: str, arguments: list[str]) -> str:
        planned = self.server.plan.get(name, [])
        answer = planned.pop(0) if planned else ""
        if answer.startswith("BYE"):
            self._send(f"* {answer}")
            self._file.flush()
            raise OSError("hangs up")
        if answer:
            raise CommandRefused(answer)
        return super()._carry_out(name, arguments)

    def authenticate(self, arguments: list[str]) -> None:
        told = self.server.told
        mechanism, *initial = arguments
        told.mechanisms.append(mechanism)
        told.has_initial.append(bool(initial))
        response = base64.b64decode(initial[0]) if initial else self._ask(b"")
        told.responses.append(response)
        token = re.search(rb"\x01auth=Bearer ([^\x01]*)\x01\x01$", response)
        if token and token[1].decode() in self.server.good:
            self._is_inside = True
            return
        told.error_answers.append(self._ask(b'{"status":"400","schemes":"Bearer"}'))
        for _ in range(self.server.challenges_after_error):
            told.error_answers.append(self._ask(b"more"))
        said = self.server.refusal.replace("<RESPONSE>", base64.b64encode(response).decode())
        raise CommandRefused(said.replace("<TOKEN>", token[1].decode() if token else ""))

    def _ask(self, challenge: bytes) -> bytes:
        self._send("+ " + base64.b64encode(challenge).decode())
        self._file.flush()
        answer = self._file.readline(65_536).strip()
        return answer if answer == b"*" else base64.b64decode(answer)


class Exchange(ExchangeServer):
    session = ExchangeSession


class Issuer:
    """Gives token-1, and after it was told to forget it token-2."""

    def __init__(self, *, ending: str = "") -> None:
        self._ending = ending
        self._numbers = count(1)
        self._token: Secret | None = None
        self.issued = 0

    def token(self) -> Secret:
        if self._token is None:
            self.issued += 1
            self._token = Secret(f"token-{next(self._numbers)}{self._ending}".encode())
        return self._token

    def forget(self) -> None:
        self._token = None


@contextmanager
def exchange(*raws: bytes, capabilities: tuple[str, ...] = EXCHANGE) -> Iterator[Exchange]:
    server = Exchange(capabilities)
    for raw in raws:
        server.inbox.add(raw, MOMENT)
    server.start()
    yield server
    Thread(target=server.stop, daemon=True).start()  # takes half a second


def settings_of(server: ImapServer, issuer: Issuer | None = None) -> AccountSettings:
    issuer = issuer or Issuer()
    return replace(
        plain_settings(server.port),
        login=OAuthLogin(token=issuer.token, forget=issuer.forget),
        allow_insecure_oauth=True,
        batch_messages=10,
        timeout_seconds=20,
    )


def error_of(report: FetchReport) -> SourceError:
    assert report.error is not None
    return report.error


class TestLogin:
    def test_the_token_goes_with_the_command_where_the_server_takes_it(self) -> None:
        with exchange(b"x") as server:
            assert collect(settings_of(server), MemoryAccept()).seen == 1
        assert server.told.mechanisms == ["XOAUTH2"]
        assert server.told.has_initial == [True]
        assert server.told.responses == [b"user=u\x01auth=Bearer token-1\x01\x01"]

    def test_else_it_follows_in_a_second_step(self) -> None:
        with exchange(b"x", capabilities=tuple(word for word in EXCHANGE if word != "SASL-IR")) as server:
            assert collect(settings_of(server), MemoryAccept()).seen == 1
        assert server.told.has_initial == [False]
        assert server.told.responses == [b"user=u\x01auth=Bearer token-1\x01\x01"]

    @pytest.mark.parametrize("more", [(), ("SASL-IR",)])
    def test_oauthbearer_serves_where_xoauth2_is_not_offered(self, more: tuple[str, ...]) -> None:
        with exchange(b"x", capabilities=("IMAP4rev1", "AUTH=OAUTHBEARER", "UIDPLUS", *more)) as server:
            assert collect(settings_of(server), MemoryAccept()).seen == 1
            place = b"host=127.0.0.1\x01port=%d" % server.port
            assert server.told.responses == [b"n,a=u,\x01" + place + b"\x01auth=Bearer token-1\x01\x01"]
            server.good.clear()
            assert not error_of(collect(settings_of(server), MemoryAccept())).permanent
        assert server.told.error_answers == [b"\x01", b"\x01"]

    def test_a_server_without_token_login_is_told(self) -> None:
        with exchange(capabilities=("IMAP4rev1", "AUTH=PLAIN")) as server:
            error = error_of(collect(settings_of(server), MemoryAccept()))
        assert error.permanent
        assert "no sign-in with a token" in str(error)

    @pytest.mark.parametrize("capabilities", [EXCHANGE, ("IMAP4rev1", "AUTH=XOAUTH2")])
    def test_a_told_error_is_answered_with_nothing_and_a_fresh_token_is_tried_once(
        self, capabilities: tuple[str, ...]
    ) -> None:
        with exchange(capabilities=capabilities) as server:
            server.good.clear()
            issuer = Issuer()
            error = error_of(collect(settings_of(server, issuer), MemoryAccept()))
        assert server.told.error_answers == [b"", b""]
        assert [response[-9:-2] for response in server.told.responses] == [b"token-1", b"token-2"]
        assert "AUTHENTICATE failed." in str(error)
        assert "FullAccess" in str(error)

    def test_a_refused_token_is_replaced_and_the_run_goes_on(self) -> None:
        with exchange(b"x") as server:
            server.good = {"token-2"}
            report = collect(settings_of(server), MemoryAccept())
        assert (report.seen, report.error) == (1, None)

    @pytest.mark.parametrize("challenges", [3, MANY])
    def test_a_login_without_end_is_broken_off(self, challenges: int) -> None:
        with exchange() as server:
            server.good.clear()
            server.challenges_after_error = challenges
            error = error_of(collect(settings_of(server), MemoryAccept()))
        assert not error.permanent
        assert b"token" not in b"".join(server.told.error_answers)
        assert len(server.told.error_answers) < 30

    @pytest.mark.parametrize("refusal", ["NO Server Unavailable. 15", "NO [UNAVAILABLE] later"])
    def test_a_passing_refusal_costs_no_token(self, refusal: str) -> None:
        with exchange() as server:
            server.good.clear()
            server.refusal = refusal
            issuer = Issuer()
            error = error_of(collect(settings_of(server, issuer), MemoryAccept()))
        assert not error.permanent
        assert "at the moment" in str(error)
        assert (issuer.issued, server.told.sessions) == (1, 1)

    def test_a_server_that_repeats_the_token_does_not_get_it_shown(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        with exchange() as server:
            server.good.clear()
            server.refusal = "NO cannot understand <RESPONSE> with <TOKEN>"
            issuer = Issuer(ending="x" * 100)  # real ones are longer
            error = error_of(collect(settings_of(server, issuer), MemoryAccept()))
            sent = [base64.b64encode(response).decode() for response in server.told.responses]
        assert "cannot understand *** with ***" in str(error)
        for text in ("token-1", "token-2", *sent):
            assert text not in str(error) + caplog.text


class TestThrottling:
    @pytest.mark.parametrize(
        ("command", "before", "kind"),
        [
            ("AUTHENTICATE", 0, "NO"), ("SELECT", 0, "BAD"), ("UID SEARCH", 0, "NO"), ("UID FETCH", 0, "BAD"),
            ("UID FETCH", 1, "NO"), ("UID FETCH", 3, "BAD"), ("UID STORE", 0, "NO"), ("UID STORE", 2, "BAD"),
            ("UID EXPUNGE", 0, "NO"),
        ],
    )  # fmt: skip
    def test_the_pause_is_carried_along_and_nothing_is_lost(
        self, command: str, before: int, kind: str
    ) -> None:
        messages = letters(35)
        with exchange(*messages) as server:
            server.plan[command] = [""] * before + [f"{kind} {THROTTLED}"] * MANY
            first, again = MemoryAccept(), MemoryAccept()
            report = collect(settings_of(server), first)
            error = error_of(report)
            assert error.retry_after_seconds == pytest.approx(299.961)
            assert not error.permanent
            assert (server.told.sessions, report.left) == (1, ())
            assert len(server.plan[command]) == MANY - 1  # not asked again
            server.plan.clear()
            assert collect(settings_of(server), again).error is None
            assert set(first.raws + again.raws) == set(messages)
            assert len(server.inbox) == 0

    def test_with_keep_mails_the_next_run_goes_on_where_this_one_stopped(self) -> None:
        messages = letters(35)
        with exchange(*messages) as server:
            settings = replace(settings_of(server), keep_mails=True)
            server.plan["UID FETCH"] = ["", "", "", f"BAD {THROTTLED}"]
            first, again = MemoryAccept(), MemoryAccept()
            report = collect(settings, first)
            assert len(report.captures) == 20
            assert collect(settings, again, cursor_of(first.accepted)).error is None
            assert sorted(first.raws + again.raws) == sorted(messages)

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("NO Request is throttled.", 300),
            ("BAD Request is throttled. Suggested Backoff Time: 0 milliseconds", 1),
            ("BAD Request is throttled. Suggested Backoff Time: 999999999 milliseconds", 7200),
            ("fetch failed: request is throttled. suggested backoff time: 3000000 Milliseconds", 3000),
        ],
    )
    def test_the_pause_is_within_bounds(self, said: str, seconds: float) -> None:
        found = recognise(said, "u")
        assert isinstance(found, Unwelcome)
        assert found.retry_after_seconds == seconds

    @pytest.mark.parametrize("said", ["", "NO no such folder", "BAD", "the limit is 12 milliseconds"])
    def test_other_refusals_are_no_throttling(self, said: str) -> None:
        assert recognise(said, "u") is None


class TestNotConnected:
    def test_a_mailbox_that_does_not_open_is_told_apart_from_the_login(self) -> None:
        with exchange(*letters(3)) as server:
            server.plan["SELECT"] = ["BAD User is authenticated but not connected."] * MANY
            error = error_of(collect(settings_of(server), MemoryAccept()))
            assert "The login works" in str(error)
            assert "u is not the mailbox the app may open" in str(error)
            assert (error.permanent, server.told.sessions) == (False, 1)
            server.plan.clear()
            assert collect(settings_of(server), MemoryAccept()).seen == 3


class TestExpiry:
    @pytest.mark.parametrize(
        ("command", "before", "answer"),
        [
            ("SELECT", 0, EXPIRED), ("UID SEARCH", 0, EXPIRED), ("UID FETCH", 0, EXPIRED),
            ("UID FETCH", 1, EXPIRED), ("UID FETCH", 3, "NO AccessTokenExpired"), ("UID STORE", 0, EXPIRED),
            ("UID STORE", 2, EXPIRED), ("UID EXPUNGE", 0, EXPIRED),
        ],
    )  # fmt: skip
    def test_a_run_goes_on_with_a_new_token_as_if_nothing_had_been(
        self, command: str, before: int, answer: str
    ) -> None:
        messages, issuer = letters(35), Issuer()
        with exchange(*messages) as server:
            server.plan[command] = [""] * before + [answer]
            accept = MemoryAccept()
            report = collect(settings_of(server, issuer), accept)
            assert (report.error, report.left) == (None, ())
            assert sorted(accept.raws) == sorted(messages)
            assert len(server.inbox) == 0
            assert (issuer.issued, server.told.sessions) == (2, 2)

    @pytest.mark.parametrize("command", ["SELECT", "UID FETCH", "UID STORE"])
    def test_tokens_that_expire_at_once_end_the_run_and_lose_nothing(self, command: str) -> None:
        messages = letters(35)
        with exchange(*messages) as server:
            server.good = {f"token-{number}" for number in range(100)}
            server.plan[command] = [EXPIRED] * MANY
            first, again = MemoryAccept(), MemoryAccept()
            report = collect(settings_of(server), first)
            assert "expired" in str(error_of(report))
            assert report.left == ()
            assert server.told.sessions < 5
            server.plan.clear()
            assert collect(settings_of(server), again).error is None
            assert set(first.raws + again.raws) == set(messages)
            assert len(server.inbox) == 0

    def test_a_folder_that_was_made_anew_meanwhile_is_not_read_with_old_numbers(self) -> None:
        with exchange(*letters(3)) as server:
            issuer = Issuer()
            settings = settings_of(server, issuer)

            class Renewing(Issuer):
                def token(self) -> Secret:
                    if issuer.issued == 1 and issuer._token is None:
                        server.inbox.uidvalidity = 77
                    return issuer.token()

            login = OAuthLogin(token=Renewing().token, forget=issuer.forget)
            server.plan["UID FETCH"] = [EXPIRED]
            accept = MemoryAccept()
            assert collect(replace(settings, login=login), accept).error is not None
            assert accept.raws == []


class TestPasswords:
    @pytest.mark.parametrize(
        ("server", "is_theirs"),
        [
            ("outlook.office365.com", True), ("Outlook.Office365.com.", True), ("partner.outlook.cn", True),
            ("imap.outlook.com", True), ("outlook.office365.com.example.com", False),
            ("myoutlook.com", False), ("imap.example.com", False), ("", False),
        ],
    )  # fmt: skip
    def test_exchange_online_is_known_by_its_name(self, server: str, is_theirs: bool) -> None:
        assert is_exchange_online(server) is is_theirs

    def test_a_password_at_exchange_online_is_said_to_be_useless(self) -> None:
        settings = replace(plain_settings(993), server="outlook.office365.com")
        error = login_failure("LOGIN failed.", settings, None)
        assert error.permanent
        assert "has taken no passwords" in str(error)
        assert "OAuth 2" in str(error)
