"""The connection test against a real Dovecot: it says where it fails and why, and leaves no trace."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from amberpost.net.security import SecurityName
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.tokens import Tokens
from amberpost.sources import probe as probe_module
from amberpost.sources.probe import ProbeStep, has_succeeded, probe
from amberpost.sources.settings import AccountSettings, OAuthLogin, PasswordLogin
from amberpost.store.secret import Secret
from tests.people import letter, report
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.microsoft import App, Microsoft

pytestmark = [pytest.mark.server, pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")]

WORD = "geheimes Wort"
USERS = dict.fromkeys(("full", "empty", "reports", "plain", "trace", "journal@example.com"), WORD)


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(microsoft: Microsoft) -> Iterator[Dovecot]:
    with Dovecot(users=USERS, login=microsoft) as server:
        server.deposit("full", [letter(1), letter(2)])
        yield server


def settings_of(
    dovecot: Dovecot, user: str, *, security: SecurityName = "starttls", is_pop3: bool = False
) -> AccountSettings:
    plain, tls = (dovecot.pop3_port, dovecot.pop3_ssl_port) if is_pop3 else (dovecot.port, dovecot.ssl_port)
    return AccountSettings(
        server=dovecot.host,
        port=tls if security == "ssl" else plain,
        user=user,
        login=PasswordLogin(password=Secret(WORD.encode())),
        security=security,
        ca_pem=dovecot.ca_pem,
    )


def steps_of(
    settings: AccountSettings, protocol: str = "imap", evaluation: str = "journal"
) -> dict[str, ProbeStep]:
    steps = list(probe(settings, protocol, evaluation=evaluation))
    assert WORD not in repr(steps)
    return {step.name: step for step in steps}


def failure(steps: dict[str, ProbeStep]) -> ProbeStep:
    """The one step that failed; those before went well, those after were not tried."""
    states = [step.state for step in steps.values()]
    assert states.count("failed") == 1
    place = states.index("failed")
    assert set(states[:place]) <= {"ok", "warning"}
    assert set(states[place + 1 :]) <= {"skipped"}
    return list(steps.values())[place]


@pytest.mark.parametrize("security", ["starttls", "ssl"])
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_all_steps_are_told_with_what_they_found(
    dovecot: Dovecot, protocol: str, security: SecurityName
) -> None:
    steps = steps_of(settings_of(dovecot, "full", security=security, is_pop3=protocol == "pop3"), protocol)
    assert list(steps) == ["name", "connect", "tls", "login", "mailbox", "waiting", "sample"]
    assert has_succeeded(list(steps.values()))
    assert "127.0.0.1" in steps["name"].text
    assert "TLSv1." in steps["tls"].text
    certificate = steps["tls"].certificate
    assert certificate is not None
    assert (certificate.subject, certificate.issuer) == ("localhost", "Test CA")
    assert len(certificate.sha256) == 64
    assert steps["tls"].state == "warning"  # the certificate of the test lives for a day
    assert steps["waiting"].text == "2 messages are there"
    assert all(step.seconds >= 0 for step in steps.values())


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_the_test_deletes_and_marks_nothing(dovecot: Dovecot, protocol: str) -> None:
    dovecot.deposit("trace", [letter(number) for number in range(3)])
    before = dovecot.count("trace")
    steps = steps_of(settings_of(dovecot, "trace", is_pop3=protocol == "pop3"), protocol)
    assert steps["sample"].state == "ok"
    assert dovecot.count("trace") == before
    assert set(dovecot.flags("trace")) == {""}


def test_no_encryption_is_warned_of(dovecot: Dovecot) -> None:
    steps = steps_of(settings_of(dovecot, "full", security="none"))
    assert steps["tls"].state == "warning"
    assert "Others on the network can read" in steps["tls"].advice
    assert has_succeeded(list(steps.values()))


def test_an_unknown_name_stops_the_test_at_its_first_step() -> None:
    settings = AccountSettings(
        server="no-such-host.invalid", port=143, user="u", login=PasswordLogin(password=Secret(b"x"))
    )
    found = failure(steps_of(settings))
    assert (found.name, found.text) == ("name", "The server name is not known: no-such-host.invalid")
    assert "spelling" in found.advice


def test_a_closed_port_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    settings = AccountSettings(
        server="127.0.0.1", port=port, user="u", login=PasswordLogin(password=Secret(b"x"))
    )
    found = failure(steps_of(settings))
    assert found.name == "connect"
    assert "firewall" in found.advice


def test_a_silent_server_does_not_hold_the_test_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "STEP_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = AccountSettings(
            server="127.0.0.1",
            port=silent.getsockname()[1],
            user="u",
            login=PasswordLogin(password=Secret(b"x")),
        )
        found = failure(steps_of(settings))
    assert found.name == "tls"
    assert "did not answer in time" in found.text


def test_the_whole_test_has_a_limit(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "TOTAL_SECONDS", 0.0)
    assert failure(steps_of(settings_of(dovecot, "full"))).text == "The test took too long and was ended."


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_certificate_nobody_vouches_for_is_shown_and_can_be_trusted(
    dovecot: Dovecot, protocol: str
) -> None:
    settings = replace(settings_of(dovecot, "full", is_pop3=protocol == "pop3"), ca_pem=None)
    found = failure(steps_of(settings, protocol))
    assert found.name == "tls"
    assert found.certificate is not None
    assert found.may_trust
    trusted = replace(settings, certificate_sha256=found.certificate.sha256)
    assert has_succeeded(list(probe(trusted, protocol)))
    other = failure(steps_of(replace(settings, certificate_sha256="0" * 64), protocol))
    assert (other.name, other.may_trust) == ("tls", True)


def test_a_server_without_starttls_is_told_what_to_choose(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_module, "STEP_SECONDS", 1.5)  # no greeting ever comes
    settings = replace(settings_of(dovecot, "full"), port=dovecot.ssl_port)  # speaks TLS from the first byte
    found = failure(steps_of(settings))
    assert found.name == "tls"
    assert "SSL" in found.advice


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_wrong_password_is_told(dovecot: Dovecot, protocol: str) -> None:
    settings = replace(
        settings_of(dovecot, "full", is_pop3=protocol == "pop3"),
        login=PasswordLogin(password=Secret(b"wrong-wrong")),
    )
    found = failure(steps_of(settings, protocol))
    assert found.name == "login"
    assert "user and password" in found.advice
    assert "wrong-wrong" not in repr(found)


def test_a_folder_that_is_not_there_is_told_with_those_that_are(dovecot: Dovecot) -> None:
    found = failure(steps_of(replace(settings_of(dovecot, "full"), folders=("INBOX", "Journal"))))
    assert found.name == "mailbox"
    assert found.text == "There is no such folder: Journal (INBOX)"


# The newest message


def test_an_empty_mailbox_is_no_failure(dovecot: Dovecot) -> None:
    found = steps_of(settings_of(dovecot, "empty"))["sample"]
    assert (found.state, found.text) == ("ok", "The mailbox is empty.")


def test_a_journal_report_is_recognised_and_its_addresses_counted(dovecot: Dovecot) -> None:
    inner = letter(1, subject="Streng geheim")
    lines = ["To: alice@firma.example", "Bcc: bob@firma.example"]
    dovecot.deposit("reports", [letter(0), report(inner, recipients=lines)])
    settings = settings_of(dovecot, "reports")
    found = steps_of(settings)["sample"]
    assert (found.state, found.text) == ("ok", "a journal report; 3 addresses found")
    assert "geheim" not in repr(found)
    assert "alice" not in repr(found)
    ordinary = steps_of(settings, evaluation="header")["sample"]
    assert ordinary.state == "warning"
    assert "autodetection" in ordinary.advice


def test_a_header_field_that_is_missing_is_warned_of(dovecot: Dovecot) -> None:
    dovecot.deposit("plain", [letter(1, fields=["X-Envelope-To: alice@firma.example"])])
    settings = settings_of(dovecot, "plain")
    assert (
        steps_of(settings)["sample"].text == "no journal report, but an ordinary message; 2 addresses found"
    )
    found = steps_of(settings, evaluation="x-envelope-to")["sample"]
    assert (found.state, found.text) == (
        "ok",
        "an ordinary message; 1 address found by this header evaluation",
    )
    assert steps_of(settings, evaluation="x-original-to")["sample"].state == "warning"


# OAuth 2


@pytest.fixture
def app(microsoft: Microsoft) -> App:
    return microsoft.register(mailbox="journal@example.com")


def oauth_settings(
    dovecot: Dovecot, microsoft: Microsoft, app: App, *, is_pop3: bool = False, secret: str = ""
) -> AccountSettings:
    client = OAuthClient(
        tenant=app.tenant,
        client_id=app.client_id,
        client_secret=Secret((secret or app.secret).encode()),
        authority=microsoft.authority,
        ca_pem=microsoft.ca_pem,
    )
    tokens = Tokens()
    login = OAuthLogin(token=lambda: tokens.get(client), forget=lambda: tokens.forget(client))
    settings = settings_of(dovecot, app.mailbox, security="ssl", is_pop3=is_pop3)
    return replace(settings, login=login)


@pytest.mark.parametrize("protocol", ["oauth-imap", "oauth-pop3"])
def test_a_token_is_fetched_and_used(dovecot: Dovecot, microsoft: Microsoft, app: App, protocol: str) -> None:
    settings = oauth_settings(dovecot, microsoft, app, is_pop3=protocol == "oauth-pop3")
    steps = steps_of(settings, protocol)
    assert list(steps)[2:5] == ["tls", "token", "login"]
    assert has_succeeded(list(steps.values()))
    assert "AccessAsApp" in steps["token"].text
    steps_of(settings, protocol)
    assert app.asked == 2  # a token from before proves nothing


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"secret": "wrong"}, "AADSTS7000215", "not its Secret ID"),
        ({"is_secret_expired": True}, "AADSTS7000222", "expired"),
        ({"is_enabled": False}, "AADSTS7000112", "disabled"),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, "AADSTS700016", "client ID"),
        ({"tenant": "11111111-2222-3333-4444-555555555555"}, "AADSTS90002", "tenant does not exist"),
        ({"tenant": "no tenant"}, "AADSTS900023", "tenant ID"),
    ],
)
def test_microsofts_refusal_is_explained(
    dovecot: Dovecot, microsoft: Microsoft, app: App, change: dict[str, object], code: str, words: str
) -> None:
    typed = replace(app, **{name: value for name, value in change.items() if name in ("client_id", "tenant")})
    secret = str(change.get("secret", ""))
    for name in ("is_secret_expired", "is_enabled"):
        setattr(app, name, change.get(name, getattr(app, name)))
    found = failure(steps_of(oauth_settings(dovecot, microsoft, typed, secret=secret), "oauth-imap"))
    assert found.name == "token"
    assert code in found.text
    assert words in found.advice
    assert app.secret not in repr(found)


def test_a_missing_role_is_seen_in_the_token_and_at_the_login(
    dovecot: Dovecot, microsoft: Microsoft, app: App
) -> None:
    app.roles = ()
    steps = steps_of(oauth_settings(dovecot, microsoft, app), "oauth-imap")
    assert steps["token"].state == "warning"
    assert "IMAP.AccessAsApp" in steps["token"].advice
    assert failure(steps).name == "login"


def test_a_token_does_not_travel_in_clear_text(dovecot: Dovecot, microsoft: Microsoft, app: App) -> None:
    settings = replace(oauth_settings(dovecot, microsoft, app), security="none", port=dovecot.port)
    found = failure(steps_of(settings, "oauth-imap"))
    assert found.name == "tls"
    assert app.asked == 0
    allowed = steps_of(replace(settings, allow_insecure_oauth=True), "oauth-imap")
    assert allowed["tls"].state == "warning"
    assert has_succeeded(list(allowed.values()))
