"""Notifications through Exchange Online: an app that signs in with a token, and each way in which it may not."""

from collections.abc import Callable, Iterator

import pytest

from amberpost.clock import now
from amberpost.errors import DeliveryError
from amberpost.net.security import Security
from amberpost.notice.mail import NoticeMail, Relay, send
from amberpost.oauth.client import OAuthClient
from amberpost.store.secret import Secret
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.microsoft import App, Microsoft
from tests.servers.smtp import ExchangeMailbox, Mailbox, relay

SENDER = "archive@firma.example"
LETTER = NoticeMail(subject="Eine Sache", text="Grüße\n", language="de", token="0123abcd", at=now())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("exchange"))


@pytest.fixture(scope="module")
def login() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture
def app(login: Microsoft) -> App:
    login.apps.clear()
    app = login.register(mailbox=SENDER)
    app.roles = ("SMTP.SendAsApp",)
    return app


@pytest.fixture
def exchange(login: Microsoft, certificates: Certificates) -> Iterator[tuple[ExchangeMailbox, int]]:
    with relay(certificates, login=login) as (mailbox, port):
        assert isinstance(mailbox, ExchangeMailbox)
        yield mailbox, port


def to(port: int, login: Microsoft, app: App, certificates: Certificates, **changes: str) -> Relay:
    wanted = {"secret": app.secret, "sender": SENDER, "user": SENDER, "authority": login.authority, **changes}
    return Relay(
        server=f"localhost:{port}",
        security=Security(wanted.get("security", "starttls")),
        user=wanted["user"],
        password=Secret(b""),
        app=OAuthClient(
            tenant=app.tenant,
            client_id=app.client_id,
            client_secret=Secret(wanted["secret"].encode()),
            authority=wanted["authority"],
            ca_pem=login.ca_pem,
        ),
        ca_pem=certificates.ca_pem,
        sender=wanted["sender"],
        recipients=("otto@firma.example",),
    )


Failing = Callable[..., DeliveryError]


@pytest.fixture
def failing(
    exchange: tuple[ExchangeMailbox, int], login: Microsoft, app: App, certificates: Certificates
) -> Failing:
    def fail(**changes: str) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            send(to(exchange[1], login, app, certificates, **changes), LETTER)
        assert exchange[0].envelopes == []
        assert app.secret not in str(caught.value)
        assert not any(token in str(caught.value) for token in login.issued)
        return caught.value

    return fail


def test_a_message_goes_out_with_a_token_over_tls_and_the_token_is_used_again(
    exchange: tuple[ExchangeMailbox, int], login: Microsoft, app: App, certificates: Certificates
) -> None:
    mailbox, port = exchange
    for _time in range(2):
        assert send(to(port, login, app, certificates), LETTER) == ()
    assert mailbox.signed_in == ["XOAUTH2", "XOAUTH2"]
    assert mailbox.was_secure == [True, True]
    assert [m["From"] for m in mailbox.messages] == [SENDER, SENDER]
    assert app.asked == 1


def test_a_wrong_secret_names_the_step_and_what_to_enter(failing: Failing) -> None:
    error = failing(secret="wrong horse battery")
    assert error.step == "token"
    assert "The client secret is wrong. Enter the Value" in str(error)
    assert "wrong horse" not in str(error)


def test_an_expired_secret_is_told(failing: Failing, app: App) -> None:
    app.is_secret_expired = True
    assert "The client secret has expired" in str(failing())


def test_a_login_server_that_does_not_answer_is_told(failing: Failing) -> None:
    error = failing(authority="https://localhost:1")
    assert (error.step, error.code) == ("token", "login_server_unreachable")


@pytest.mark.parametrize("challenges", [False, True])
def test_a_token_that_ran_out_is_refused_and_the_next_try_asks_for_another(
    exchange: tuple[ExchangeMailbox, int],
    login: Microsoft,
    app: App,
    certificates: Certificates,
    challenges: bool,
) -> None:
    mailbox, port = exchange
    mailbox.challenges = challenges
    where = to(port, login, app, certificates)
    send(where, LETTER)
    for issued in login.issued.values():  # the clock of the mail server is ahead of ours
        issued.expires_at = now()
    with pytest.raises(DeliveryError) as caught:
        send(where, LETTER)
    assert caught.value.step == "login"
    assert "refuses the app's token" in str(caught.value)
    assert "5.7.3 Authentication unsuccessful" in str(caught.value)
    assert send(where, LETTER) == ()
    assert app.asked == 2


def test_a_missing_permission_is_named(failing: Failing, app: App) -> None:
    app.roles = ("IMAP.AccessAsApp",)
    assert "does not carry the permission SMTP.SendAsApp" in str(failing())


def test_a_mailbox_the_app_may_not_open_is_told(failing: Failing, app: App) -> None:
    app.has_access = False
    assert "FullAccess to the mailbox" in str(failing())
    app.has_access = True
    assert "FullAccess to the mailbox" in str(failing(user="other@firma.example"))


def test_a_sender_that_is_not_the_mailbox_is_told(failing: Failing) -> None:
    error = failing(sender="other@firma.example")
    assert error.step == "sender"
    assert "SendAsDenied" in str(error)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            "SMTP AUTH is switched off",
        ),
        ("454 4.7.0 Temporary authentication failure", "cannot let us in at the moment"),
    ],
)
def test_what_exchange_says_is_explained(
    exchange: tuple[ExchangeMailbox, int], failing: Failing, said: str, told: str
) -> None:
    exchange[0].refuses_with = said
    error = failing()
    assert error.step == "login"
    assert told in str(error)
    assert said in str(error)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_token_never_goes_out_without_tls(login: Microsoft, app: App, certificates: Certificates) -> None:
    with relay(login=login, auth_require_tls=False) as (mailbox, port):
        with pytest.raises(DeliveryError, match="not sent without TLS"):
            send(to(port, login, app, certificates, security="none"), LETTER)
        assert mailbox.signed_in == []


def test_a_relay_that_knows_no_tokens_is_told(login: Microsoft, app: App, certificates: Certificates) -> None:
    with relay(certificates, auth=True) as (mailbox, port):
        with pytest.raises(DeliveryError, match="no sign-in with a token"):
            send(to(port, login, app, certificates), LETTER)
        assert isinstance(mailbox, Mailbox)


def test_nothing_prints_the_secret(login: Microsoft, app: App, certificates: Certificates) -> None:
    assert app.secret not in repr(to(25, login, app, certificates))
