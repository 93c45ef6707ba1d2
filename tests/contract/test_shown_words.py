"""What a server says is shown, without the secret it repeats; what we say ourselves is never masked."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from amberpost.demo import imap_server
from amberpost.demo.imap_server import ImapServer, Session
from amberpost.oauth.sasl import xoauth2
from amberpost.sources.connector import CONNECTORS, run
from amberpost.sources.settings import AccountSettings, OAuthLogin, Task
from amberpost.store.secret import Secret
from tests.contract.imap_runs import plain_settings
from tests.contract.source_contract import SOURCE_ID, MemoryAccept
from tests.servers import odd_pop3
from tests.servers.odd_pop3 import OddPop3

pytestmark = pytest.mark.parametrize("protocol", ["imap", "pop3"])


@contextmanager
def refusing(protocol: str, said: str) -> Iterator[int]:
    """A port whose server lets nobody in, and says this."""

    class Shut(Session):
        def authenticate(self, arguments: list[str]) -> None:
            raise imap_server.CommandRefused(f"NO {said}")

    class Shut3(OddPop3):
        def before(self, verb: str, argument: str) -> None:
            if verb == "AUTH":
                raise odd_pop3.Refusal(said)

    if protocol == "pop3":
        with Shut3() as pop3:
            pop3.capabilities = ("UIDL", "SASL PLAIN XOAUTH2")
            yield pop3.port
        return
    server = type("Server", (ImapServer,), {"session": Shut})(
        user="u", password=Secret(b"p"), capabilities=("IMAP4rev1", "AUTH=PLAIN", "AUTH=XOAUTH2")
    )
    server.start()
    yield server.port
    server.stop()


def refusal(protocol: str, settings: AccountSettings) -> str:
    return str(run(CONNECTORS[protocol](settings, Task(source_id=SOURCE_ID)), MemoryAccept()).error)


@pytest.mark.parametrize(
    "password", [b"connection", b"lost", b"a", b"refused", b"Connection refused", b"127"]
)
def test_our_own_words_stay_whatever_the_password_is(protocol: str, password: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = refusal(protocol, plain_settings(port, password=password))
    assert "The connection was lost while connecting" in error
    assert "Connection refused" in error


@pytest.mark.parametrize("password", [b"error", b"a", b"Login", b"wrong", b"password"])
def test_a_usual_word_as_password_makes_no_holes_in_what_is_said(protocol: str, password: bytes) -> None:
    said = "Login failed: a wrong password, or another error"
    with refusing(protocol, said) as port:
        assert said in refusal(protocol, plain_settings(port, password=password))


@pytest.mark.parametrize("form", ["{word}", '"{word}"', "{plain}", "user={word};", "PASS {word}"])
def test_a_repeated_password_is_masked_in_each_form(
    protocol: str, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    plain = base64.b64encode(b"\0u\0sesame").decode()
    with refusing(protocol, "unknown: " + form.format(word="sesame", plain=plain)) as port:
        error = refusal(protocol, plain_settings(port, password=b"sesame"))
    assert "***" in error
    assert "unknown" in error
    assert "sesame" not in error + caplog.text
    assert plain not in error + caplog.text


@pytest.mark.parametrize("form", ["t0ken", base64.b64encode(xoauth2("u", Secret(b"t0ken"))).decode()])
def test_a_repeated_token_is_masked_though_it_is_short(protocol: str, form: str) -> None:
    login = OAuthLogin(token=lambda: Secret(b"t0ken"), forget=lambda: None)
    with refusing(protocol, f"what is {form}?") as port:
        error = refusal(protocol, replace(plain_settings(port), login=login, allow_insecure_oauth=True))
    assert "what is ***?" in error
