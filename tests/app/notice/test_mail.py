"""Mail through a real relay: what arrives, and in plain words why it does not."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from amberpost.clock import now
from amberpost.errors import DeliveryError
from amberpost.net.security import Security
from amberpost.notice import connect
from amberpost.notice.mail import NoticeMail, Relay, send
from amberpost.store.secret import Secret
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.smtp import USER, WORD, relay

LETTER = NoticeMail(
    subject="Zwei Dinge\r\nBcc: evil@example.org",
    text="Grüße\n.\nEine Zeile\n" + "x" * 2000 + "\n",
    language="de",
    token="0123abcd",
    at=now(),
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("relay"))


def to(port: int, certificates: Certificates | None = None, **changes: object) -> Relay:
    plain = Relay(
        server=f"localhost:{port}",
        security=Security.STARTTLS,
        user="",
        password=Secret(b""),
        ca_pem=certificates.ca_pem if certificates else "",
        sender="archive@firma.example",
        recipients=("otto@firma.example", "oda@firma.example"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def failure(where: Relay) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(where, LETTER)
    return caught.value


def test_a_message_arrives_whole_and_says_that_a_machine_wrote_it(certificates: Certificates) -> None:
    with relay(certificates) as (mailbox, port):
        assert send(to(port, certificates), LETTER) == ()
    (message,), (envelope,) = mailbox.messages, mailbox.envelopes
    assert envelope.mail_from == "archive@firma.example"
    assert envelope.rcpt_tos == ["otto@firma.example", "oda@firma.example"]
    assert mailbox.texts[0].replace("\r\n", "\n") == LETTER.text
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<0123abcd@firma.example>"
    assert abs((parsedate_to_datetime(message["Date"]) - LETTER.at).total_seconds()) < 1
    assert message["Bcc"] is None
    assert max(len(line) for line in (envelope.original_content or b"").split(b"\r\n")) <= 998


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.SSL])
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_it_signs_in_over_tls_only(certificates: Certificates, security: Security, mechanism: str) -> None:
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    with relay(certificates, security=security, auth=True, auth_exclude_mechanism=[other]) as (mailbox, port):
        where = to(port, certificates, security=security, user=USER, password=Secret(WORD.encode()))
        send(where, LETTER)
        assert mailbox.signed_in == [mechanism]
        assert mailbox.was_secure == [security is Security.STARTTLS]  # else TLS came before SMTP


def test_a_wrong_password_is_told_in_plain_words_and_not_repeated(certificates: Certificates) -> None:
    with relay(certificates, auth=True) as (mailbox, port):
        error = failure(to(port, certificates, user=USER, password=Secret(b"wrong horse")))
    assert error.step == "login"
    assert "does not accept the user name or password" in str(error)
    assert "wrong horse" not in str(error)
    assert mailbox.envelopes == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_password_never_goes_out_without_tls() -> None:
    with relay(auth=True, auth_require_tls=False) as (mailbox, port):
        error = failure(to(port, security=Security.NONE, user=USER, password=Secret(WORD.encode())))
        assert error.step == "login"
        assert mailbox.signed_in == []


def test_starttls_is_never_dropped_silently() -> None:
    with relay() as (mailbox, port):
        error = failure(to(port))
        assert error.step == "tls"
        assert "does not offer STARTTLS" in str(error)
        assert mailbox.envelopes == []
        assert send(to(port, security=Security.NONE), LETTER) == ()


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.SSL])
def test_a_certificate_of_somebody_else_ends_it(
    certificates: Certificates, tmp_path: Path, security: Security
) -> None:
    other = make_certificates(tmp_path, name="Other CA")
    with relay(certificates, security=security) as (mailbox, port):
        for where in (to(port, other, security=security), to(port, None, security=security)):
            error = failure(where)
            assert error.step == "tls"
            assert "cannot be trusted" in str(error)
        assert mailbox.envelopes == []


def test_a_certificate_for_another_name_ends_it(tmp_path: Path) -> None:
    other = make_certificates(tmp_path, host="mail.firma.example")
    with relay(other) as (mailbox, port):
        assert failure(to(port, other)).step == "tls"
        assert mailbox.envelopes == []


def test_what_speaks_no_tls_on_an_ssl_port_is_told(certificates: Certificates) -> None:
    with relay(certificates) as (_mailbox, port):
        error = failure(to(port, certificates, security=Security.SSL))
    assert (error.step, "Check port and connection security" in str(error)) == ("tls", True)


def test_refused_recipients_are_named_and_the_others_get_it(certificates: Certificates) -> None:
    with relay(certificates) as (mailbox, port):
        mailbox.refuses = {"oda@firma.example"}
        assert send(to(port, certificates), LETTER) == ("oda@firma.example",)
        mailbox.refuses |= {"otto@firma.example"}
        error = failure(to(port, certificates))
    assert (error.step, "550 5.1.1 no such user" in str(error)) == ("recipient", True)
    assert len(mailbox.envelopes) == 1


def test_a_refused_message_is_told(certificates: Certificates) -> None:
    with relay(certificates) as (mailbox, port):
        mailbox.refuses_messages = True
        error = failure(to(port, certificates))
    assert (error.step, "554 5.7.1 no thanks" in str(error)) == ("message", True)


def test_unknown_names_and_closed_ports_are_told() -> None:
    assert failure(to(25, server="no-such-host.invalid")).step == "name"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failure(to(port))
    assert (error.step, "Nothing answers on this port" in str(error)) == ("connect", True)


def test_addresses_where_metadata_services_live_are_never_asked() -> None:
    for server in ("169.254.169.254:25", "[fe80::1]:25", "[::ffff:169.254.169.254]:25", "0.0.0.0:25"):
        error = failure(to(25, server=server))
        assert (error.step, "never connects to such an address" in str(error)) == ("name", True)


@contextmanager
def talking(*lines: bytes) -> Iterator[int]:
    """A server that says its lines whatever it hears, then hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                held.append(client)
                for line in lines:
                    client.sendall(line)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        for client in held:
            client.close()


def test_a_relay_that_hangs_costs_no_more_than_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "TIMEOUT_SECONDS", 0.3)
    with talking() as port:
        error = failure(to(port))
    assert (error.step, "did not answer in time" in str(error)) == ("connect", True)


def test_a_relay_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "LIMIT_SECONDS", 0.5)
    done, cut = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            client, _ = listener.accept()
            client.sendall(b"220 hello\r\n")
            with suppress(OSError):
                while not done.wait(0.05):
                    client.sendall(b"250-still talking\r\n")
            cut.set()
            client.close()

        threading.Thread(target=drip, daemon=True).start()
        patience = threading.Timer(20, done.set)
        patience.start()
        assert failure(to(listener.getsockname()[1])).step == "connect"
        assert not done.is_set()
        patience.cancel()
        done.set()
        assert cut.wait(30)


@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"-ERR secret of another service\r\n", b"\0\xff\n"]
)
def test_what_is_no_mail_server_is_not_quoted(greeting: bytes) -> None:
    with talking(greeting) as port:
        error = failure(to(port))
    assert error.step == "connect"
    assert "OpenSSH" not in str(error)
    assert "secret" not in str(error)


def test_a_relay_that_repeats_the_password_does_not_get_it_into_our_words() -> None:
    from amberpost.notice.mail import _fit

    word = WORD.encode()
    for said in (word, base64.b64encode(word)):
        assert _fit(b"wrong: " + said + b"\r\n\x1b[31m", Secret(word)) == "wrong: *** [31m"


def test_nothing_prints_the_password(certificates: Certificates) -> None:
    assert WORD not in repr(to(25, certificates, password=Secret(WORD.encode())))
