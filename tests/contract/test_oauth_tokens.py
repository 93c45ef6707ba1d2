"""Tokens from a stand-in for Microsoft's login, over real TLS."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import translation

from amberpost import clock
from amberpost.errors import SourceError
from amberpost.net import http
from amberpost.oauth import request
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.refusal import EXPLAINED, OAuthError, code_in
from amberpost.oauth.tokens import Tokens
from amberpost.spoken import in_words
from amberpost.store.secret import Secret
from tests.house.tree import ROOT
from tests.servers.certificates import make_certificates
from tests.servers.drip import dripping
from tests.servers.microsoft import Answer, App, Microsoft


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture
def app(microsoft: Microsoft) -> App:
    microsoft.routes.clear()
    return microsoft.register()


@pytest.fixture
def client(microsoft: Microsoft, app: App) -> OAuthClient:
    return client_of(microsoft, app)


def client_of(microsoft: Microsoft, app: App) -> OAuthClient:
    return OAuthClient(
        tenant=app.tenant,
        client_id=app.client_id,
        client_secret=Secret(app.secret.encode()),
        authority=microsoft.authority,
        ca_pem=microsoft.ca_pem,
    )


def refusal(client: OAuthClient) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        Tokens().get(client)
    assert client.client_secret.reveal().decode() not in str(caught.value) + repr(caught.value)
    return caught.value


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of the token keeper forward by so many seconds."""

    def move(seconds: float) -> None:
        monkeypatch.setattr("amberpost.oauth.tokens.now", lambda: clock.now() + timedelta(seconds=seconds))

    return move


class TestKeeping:
    def test_a_token_is_asked_for_once_until_five_minutes_before_its_end(
        self, app: App, client: OAuthClient, later: Callable[[float], None]
    ) -> None:
        tokens = Tokens()
        first = tokens.get(client)
        later(3599 - 305)
        assert tokens.get(client) == first
        assert app.asked == 1
        later(3599 - 295)
        assert tokens.get(client) != first
        assert app.asked == 2

    def test_a_short_lived_token_is_used_for_half_its_life(
        self, app: App, client: OAuthClient, later: Callable[[float], None]
    ) -> None:
        app.expires_in = 60
        tokens = Tokens()
        first = tokens.get(client)
        later(20)
        assert tokens.get(client) == first
        later(40)
        assert tokens.get(client) != first

    def test_a_forgotten_token_is_asked_for_anew(self, app: App, client: OAuthClient) -> None:
        tokens = Tokens()
        first = tokens.get(client)
        tokens.forget(client)
        tokens.forget(client)
        assert tokens.get(client) != first
        assert app.asked == 2

    def test_apps_scopes_and_secrets_do_not_share_a_token(
        self, microsoft: Microsoft, client: OAuthClient
    ) -> None:
        tokens = Tokens()
        others = [
            client_of(microsoft, microsoft.register()),
            replace(client, scope="https://graph.microsoft.com/.default"),
        ]
        assert len({tokens.get(one).reveal() for one in [client, *others]}) == 3
        with pytest.raises(OAuthError, match="AADSTS7000215"):
            tokens.get(replace(client, client_secret=Secret(b"another")))

    def test_many_threads_ask_once(self, app: App, client: OAuthClient) -> None:
        tokens, got = Tokens(), list[bytes]()
        threads = [threading.Thread(target=lambda: got.append(tokens.get(client).reveal())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert (len(got), len(set(got)), app.asked) == (8, 1, 1)

    def test_a_login_server_in_trouble_does_not_end_a_token_that_is_good(
        self, app: App, client: OAuthClient, later: Callable[[float], None]
    ) -> None:
        tokens = Tokens()
        first = tokens.get(client)
        app.throttle_seconds = [30, 30]
        later(3599 - 100)
        assert tokens.get(client) == first
        later(3599 + 1)
        with pytest.raises(OAuthError) as caught:
            tokens.get(client)
        assert caught.value.retry_after_seconds == 30

    def test_an_expired_secret_ends_it_at_the_next_renewal(
        self, app: App, client: OAuthClient, later: Callable[[float], None]
    ) -> None:
        tokens = Tokens()
        tokens.get(client)
        app.is_secret_expired = True
        later(3599 - 100)
        with pytest.raises(OAuthError, match="AADSTS7000222"):
            tokens.get(client)

    def test_tokens_that_ran_out_are_not_kept(
        self, microsoft: Microsoft, client: OAuthClient, later: Callable[[float], None]
    ) -> None:
        tokens = Tokens()
        tokens.get(client)
        later(4000)
        tokens.get(client_of(microsoft, microsoft.register()))
        assert len(tokens._places) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            (lambda c, a: replace(c, client_secret=Secret(b"w-r-o-n-g")), "AADSTS7000215", "secret is wrong"),
            (
                lambda c, a: replace(c, client_secret=Secret(a.secret_id.encode())),
                "AADSTS7000215",
                "Secret ID",
            ),
            (lambda c, a: replace(c, client_id=a.secret_id), "AADSTS700016", "not known in this tenant"),
            (lambda c, a: replace(c, tenant=a.secret_id), "AADSTS90002", "does not exist"),
            (lambda c, a: replace(c, tenant="nonsense"), "AADSTS900023", "neither"),
            (lambda c, a: replace(c, tenant="../x?y"), "AADSTS900023", "neither"),
            (lambda c, a: replace(c, scope="IMAP.AccessAsApp"), "AADSTS70011", "scope is not valid"),
        ],
    )
    def test_a_wrong_entry_is_told_in_plain_words(
        self,
        app: App,
        client: OAuthClient,
        change: Callable[[OAuthClient, App], OAuthClient],
        code: str,
        words: str,
    ) -> None:
        error = refusal(change(client, app))
        assert error.reply == code
        assert error.permanent
        assert words in str(error)

    def test_an_expired_secret_and_a_disabled_app_are_told(self, app: App, client: OAuthClient) -> None:
        app.is_secret_expired = True
        assert "has expired" in str(refusal(client))
        app.is_enabled = False
        assert "disabled in the tenant" in str(refusal(client))

    def test_the_ids_that_microsofts_support_asks_for_are_in_the_text(self, client: OAuthClient) -> None:
        text = str(refusal(replace(client, client_secret=Secret(b"w-r-o-n-g"))))
        assert re.search(r"AADSTS7000215, trace_id [0-9a-f-]{36}, correlation_id [0-9a-f-]{36}”$", text)
        assert code_in(text) == "AADSTS7000215"

    def test_advice_is_in_the_language_of_the_reader(self, client: OAuthClient) -> None:
        error = refusal(replace(client, client_secret=Secret(b"w-r-o-n-g")))
        with translation.override("de"):
            assert "Client-Geheimnis" in in_words(error)
            assert in_words(error.remark.as_json()) == in_words(error)

    def test_an_unknown_refusal_keeps_the_words_but_not_the_secret(
        self, microsoft: Microsoft, app: App, client: OAuthClient
    ) -> None:
        said = f"AADSTS12345: not {app.secret} today\r\n\x1b[1m Trace ID: x"
        microsoft.routes["/"] = lambda _: Answer.of(400, {"error": "invalid", "error_description": said})
        error = refusal(client)
        assert (error.code, error.remark.said) == ("oauth_refused", "AADSTS12345: not *** today [1m")
        assert error.permanent

    def test_a_passing_refusal_is_not_permanent(self, microsoft: Microsoft, client: OAuthClient) -> None:
        microsoft.routes["/"] = lambda _: Answer.of(400, {"error": "temporarily_unavailable"})
        assert not refusal(client).permanent

    @pytest.mark.parametrize(
        ("status", "pause", "seconds"),
        [
            (429, "17", 17),
            (503, "0", 1),
            (503, "999999", 3600),
            (429, "Wed, 21 Oct 2015 07:28:00 GMT", 1),
            (429, "soon", None),
            (503, None, None),
        ],
    )
    def test_a_pause_that_is_asked_for_is_carried_along(
        self, microsoft: Microsoft, client: OAuthClient, status: int, pause: str | None, seconds: float | None
    ) -> None:
        headers = {"Retry-After": pause} if pause else {}
        microsoft.routes["/"] = lambda _: Answer(status, b"<html>", headers)
        error = refusal(client)
        assert error.retry_after_seconds == seconds
        assert not error.permanent


GOOD = {"token_type": "Bearer", "expires_in": 60, "access_token": "abc"}


class TestOddAnswers:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Answer(200, b"<html>welcome</html>"), "do not understand"),
            (Answer(200, b"[" * 100_000), "do not understand"),
            (Answer(200, b"[]"), "do not understand"),
            (Answer(500, b""), "do not understand"),
            (Answer(302, b"", {"Location": "https://example.com/"}), "HTTP 302"),
            (Answer(200, b" " * (request.ANSWER_LIMIT_BYTES + 1)), "too large"),
            (Answer.of(200, {}), "without a token"),
            (Answer.of(200, GOOD | {"access_token": "a\r\nb"}), "without a token"),
            (Answer.of(200, GOOD | {"token_type": "mac"}), "without a token"),
            (Answer.of(200, GOOD | {"expires_in": "never"}), "how long"),
        ],
    )
    def test_an_odd_answer_is_a_plain_error(
        self, microsoft: Microsoft, client: OAuthClient, answer: Answer, words: str
    ) -> None:
        microsoft.routes["/"] = lambda _: answer
        error = refusal(client)
        assert words in str(error)
        assert not error.permanent

    def test_a_redirect_is_not_followed(self, microsoft: Microsoft, client: OAuthClient) -> None:
        microsoft.routes["/"] = lambda _: Answer(307, b"", {"Location": microsoft.authority + "/elsewhere"})
        before = len(microsoft.requests)
        refusal(client)
        assert len(microsoft.requests) == before + 1

    @pytest.mark.parametrize(
        "first",
        [b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
    )
    def test_an_answer_that_drips_ends_in_time(
        self, client: OAuthClient, monkeypatch: pytest.MonkeyPatch, first: bytes
    ) -> None:
        monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.3)
        with dripping(b"", first) as port:
            error = refusal(replace(client, authority=f"http://127.0.0.1:{port}"))
        assert "did not answer in time" in str(error)

    def test_a_handshake_that_drips_ends_in_time(
        self, client: OAuthClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.3)
        with dripping(b"\x16\x03\x03\x40\x00") as port:  # a record of 16 KiB
            error = refusal(replace(client, authority=f"https://127.0.0.1:{port}"))
        assert "did not answer in time" in str(error)

    def test_a_strangers_certificate_is_refused(self, client: OAuthClient, tmp_path: Path) -> None:
        for ca_pem in (make_certificates(tmp_path).ca_pem, None):
            error = refusal(replace(client, ca_pem=ca_pem))
            assert error.permanent
            assert "certificate" in str(error)
        with pytest.raises(SourceError, match="root certificate"):
            Tokens().get(replace(client, ca_pem="none"))

    def test_a_server_that_is_not_there_is_told(self, client: OAuthClient) -> None:
        error = refusal(replace(client, authority="https://localhost:1"))
        assert not error.permanent
        assert "cannot be reached" in str(error)
        assert error.reply == ""

    @pytest.mark.parametrize(
        "authority",
        ["http://login.example.com", "login.example.com", "ftp://localhost", "https://", "https://a@b",
         "https://localhost:99999", "https://x?y", "https://" + "a" * 70 + ".com", ""],
    )  # fmt: skip
    def test_the_secret_is_not_sent_in_clear_text(self, client: OAuthClient, authority: str) -> None:
        error = refusal(replace(client, authority=authority))
        assert error.permanent
        assert "https://" in str(error)


def test_secrets_and_tokens_are_in_no_log_and_no_repr(
    app: App, client: OAuthClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = Tokens()
    token = tokens.get(client)
    refusal(replace(client, client_secret=Secret(app.secret_id.encode())))
    shown = caplog.text + repr(client) + repr(tokens) + repr(vars(tokens)) + repr(token)
    for secret in (app.secret, app.secret_id, token.reveal().decode()):
        assert secret not in shown


def test_each_refusal_of_the_guide_has_its_words() -> None:
    guide = (ROOT / "docs/operate/microsoft-365-oauth.md").read_text()
    codes = set(re.findall(r"`(AADSTS\d+)`", guide))
    assert len(codes) > 8
    assert [code for code in sorted(codes) if code not in EXPLAINED] == []


def test_no_proxy_of_the_machine_is_used(client: OAuthClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://localhost:1")
    assert Tokens().get(client)
