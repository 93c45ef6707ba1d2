"""Servers that drip, and servers that never come to an end, over IMAP and POP3: runs and connection tests end."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

from amberpost.demo.imap_server import ImapServer, Session
from amberpost.demo.mailbox import Stored
from amberpost.net import dial
from amberpost.sources import probe as probe_module
from amberpost.sources import probe_tls
from amberpost.sources.connector import CONNECTORS, FetchReport, run
from amberpost.sources.probe import ProbeStep, probe
from amberpost.sources.pull import imap_session, imap_wire, pop3_wire
from amberpost.sources.settings import AccountSettings, OAuthLogin, Task
from amberpost.sources.trouble import Surprise
from amberpost.store.secret import Secret
from tests.contract.imap_runs import plain_settings
from tests.contract.source_contract import SOURCE_ID, MemoryAccept, letters
from tests.servers.drip import dripping
from tests.servers.odd_pop3 import OddPop3

MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)
IMAP_HELLO = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\r\n"
RECORD = b"\x16\x03\x03\x40\x00"  # a TLS record of 16 KiB begins

# Protocol, security, what the server says at once, what it says for ever, with a pause or as fast as it can
NEVER_ENDING = {
    "imap greeting": ("imap", "none", (b"",), b"* OK hello ", True),
    "imap first answer": ("imap", "none", (IMAP_HELLO, b"* CAPABILITY "), b"IMAP4rev1 ", True),
    "imap untagged answers": ("imap", "none", (IMAP_HELLO,), b"* OK still here\r\n", True),
    "imap fast untagged answers": ("imap", "none", (IMAP_HELLO,), b"* OK still here\r\n", False),
    "imap fast line": ("imap", "none", (IMAP_HELLO, b"* OK "), b"x", False),
    "imap literals": ("imap", "none", (IMAP_HELLO,), b"* 1 FETCH (BODY[] {1}\r\nx)\r\n", False),
    "imap huge literal": ("imap", "none", (IMAP_HELLO, b"* 1 FETCH (BODY[] {99999999999}\r\n"), b"x", False),
    "imap handshake": ("imap", "ssl", (RECORD,), b"x", True),
    "imap starttls": ("imap", "starttls", (b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n",), b"* OK no\r\n", False),
    "pop3 greeting": ("pop3", "none", (b"+OK ",), b"x", True),
    "pop3 fast greeting": ("pop3", "none", (b"+OK ",), b"x", False),
    "pop3 capabilities": ("pop3", "none", (b"+OK\r\n", b"+OK\r\n"), b"X-WORD\r\n", True),
    "pop3 fast capabilities": ("pop3", "none", (b"+OK\r\n", b"+OK\r\n"), b"X-WORD\r\n", False),
    "pop3 fast bare capabilities": ("pop3", "none", (b"+OK\n", b"+OK\n"), b"X-WORD\n", False),
    "pop3 challenges": ("pop3", "none", (b"+OK\r\n", b"+OK\r\nSASL PLAIN\r\n.\r\n"), b"+ \r\n", True),
    "pop3 handshake": ("pop3", "ssl", (RECORD,), b"x", True),
    "pop3 stls": ("pop3", "starttls", (b"+OK\r\n", b"+O"), b"x", True),
}  # fmt: skip


@contextmanager
def never_ending(name: str) -> Iterator[tuple[str, AccountSettings]]:
    protocol, security, first, drip, pauses = NEVER_ENDING[name]
    with dripping(*first, drip=drip, pause_seconds=0.02 if pauses else 0) as port:
        settings = replace(plain_settings(port), security=security, max_message_bytes=50_000)
        yield protocol, settings


def collect(protocol: str, settings: AccountSettings, accept: MemoryAccept) -> FetchReport:
    return run(CONNECTORS[protocol](settings, Task(source_id=SOURCE_ID)), accept)


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_wire, "LINES_LIMIT_BYTES", 100_000)
    monkeypatch.setattr(imap_session, "FAREWELL_SECONDS", 0.2)


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_a_run_ends_and_says_so(name: str) -> None:
    with never_ending(name) as (protocol, settings):
        error = collect(protocol, replace(settings, answer_seconds=0.3), MemoryAccept()).error
    assert error is not None
    assert not isinstance(error, Surprise)
    if NEVER_ENDING[name][4]:
        assert "did not answer in time" in str(error) or "do not understand" in str(error)


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_a_connection_test_ends_whatever_the_server_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "TOTAL_SECONDS", 1.4)
    with never_ending(name) as (protocol, settings):
        steps = list(probe(settings, protocol))
    assert_ended(steps)


def assert_ended(steps: list[ProbeStep], failed: str = "") -> None:
    states = [step.state for step in steps]
    assert states.count("failed") == 1
    assert not failed or steps[states.index("failed")].name == failed
    assert sum(step.seconds for step in steps) < 3  # with some room for a busy machine


def test_a_connection_test_ends_while_the_resolver_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_module, "TOTAL_SECONDS", 1.3)
    end = threading.Event()
    monkeypatch.setattr(dial.socket, "getaddrinfo", lambda *_, **__: end.wait(20))
    steps = list(probe(plain_settings(143), "imap"))
    end.set()
    assert_ended(steps, "name")
    assert "takes too long" in steps[0].text


def test_a_connection_test_ends_while_the_token_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason: here somebody else asks for it and does not come back."""
    monkeypatch.setattr(probe_module, "TOTAL_SECONDS", 1.5)
    end = threading.Event()

    def token() -> Secret:
        end.wait(20)
        return Secret(b"t")

    with ImapServer(user="u", password=Secret(b"p")) as server:
        server.start()
        login = OAuthLogin(token=token, forget=lambda: None)
        settings = replace(plain_settings(server.port), login=login, allow_insecure_oauth=True)
        with translation.override("de"):
            steps = list(probe(settings, "oauth-imap"))
        server.shutdown()
    end.set()
    assert_ended(steps, "token")
    (failed,) = (step for step in steps if step.state == "failed")
    with translation.override("de"):
        assert failed.text == translation.gettext("The test took too long and was ended.")


def test_a_surprise_in_a_connection_test_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "sesame"

    def broken(_: AccountSettings) -> None:
        raise ZeroDivisionError(words)

    monkeypatch.setattr(probe_module, "reach", broken)
    steps = list(probe(plain_settings(143), "imap"))
    assert_ended(steps, "connect")
    assert "ZeroDivisionError" in steps[1].text
    assert "Traceback" in caplog.text
    assert words not in caplog.text + steps[1].text


def test_the_steps_speak_the_language_of_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_tls, "dial", lambda *_: socket.socket())
    with translation.override("de"):
        steps = list(probe(replace(plain_settings(143), security="none"), "imap"))
        assert steps[1].text == translation.gettext("port %(port)d answers") % {"port": 143}


# Honest servers on slow lines


class SlowSession(Session):
    """Sends each body in pieces with pauses, longer than an answer may take without any bytes."""

    def _send_fetched(self, number: int, uid: int, stored: Stored, wanted: list[str]) -> None:
        if "INTERNALDATE" not in wanted:
            super()._send_fetched(number, uid, stored, wanted)
            return
        self._file.write(f"* {number} FETCH (UID {uid} BODY[] {{{len(stored.raw)}}}\r\n".encode())
        self._file.flush()
        for piece in pieces(stored.raw):
            self.request.sendall(piece)
        self._send(")")


class SlowPop3(OddPop3):
    def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
        answer = super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
        if verb != "RETR":
            return answer
        for piece in pieces(answer):
            rest[2].sendall(piece)  # type: ignore[attr-defined]
        return b""


def pieces(raw: bytes) -> Iterator[bytes]:
    pause = threading.Event()
    for start in range(0, len(raw), 10_000):
        pause.wait(0.04)
        yield raw[start : start + 10_000]


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_large_message_on_a_slow_line_comes_through(protocol: str) -> None:
    raw = letters(1)[0] + b"x" * 200_000 + b"\r\n"
    imap = type("Server", (ImapServer,), {"session": SlowSession})(user="u", password=Secret(b"p"))
    imap.inbox.add(raw, MOMENT)
    imap.start()
    with SlowPop3(("u", raw)) as pop3:
        port = imap.port if protocol == "imap" else pop3.port
        settings = replace(plain_settings(port), answer_seconds=0.4)
        accept = MemoryAccept()
        report = collect(protocol, settings, accept)
    imap.stop()
    assert (report.error, accept.raws) == (None, [raw])


def test_a_farewell_that_drips_is_not_waited_for() -> None:
    class Clinging(Session):
        def logout(self, _: list[str]) -> None:
            self._file.flush()
            with suppress(OSError):
                while not gone.wait(0.02):
                    self.request.sendall(b"*")

    gone = threading.Event()
    server = type("Server", (ImapServer,), {"session": Clinging})(user="u", password=Secret(b"p"))
    server.inbox.add(letters(1)[0], MOMENT)
    server.start()
    report = collect("imap", plain_settings(server.port), MemoryAccept())
    gone.set()
    server.stop()
    assert (report.seen, report.error) == (1, None)


def test_a_message_without_end_is_passed_over_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time alone is no limit: what came of it before may have bought days."""
    monkeypatch.setattr(pop3_wire, "PASSED_OVER_BYTES", 10**6)
    sent: list[int] = []

    class Endless(OddPop3):
        def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
            if verb == "RETR" and self.uidl_of(int(argument)) == "u1":
                with suppress(OSError):
                    rest[2].sendall(b"+OK\r\n")  # type: ignore[attr-defined]
                    for _ in range(3000):  # so much that the sockets cannot hold it
                        rest[2].sendall(b"x" * 10_000)  # type: ignore[attr-defined]
                        sent.append(10_000)
            return super()._answer(verb, argument, *rest)  # type: ignore[arg-type]

    with Endless(*((f"u{number}", raw) for number, raw in enumerate(letters(3)))) as server:
        accept = MemoryAccept()
        report = collect("pop3", replace(plain_settings(server.port), max_message_bytes=50_000), accept)
    assert (report.error, set(accept.raws)) == (None, {letters(3)[0], letters(3)[2]})
    assert [one.remote_id for one in report.left] == ["u1"]
    assert sum(sent) < 30_000_000, "it was read to its end"


def test_a_handshake_has_one_limit_for_all_of_it(tmp_path: Path) -> None:
    """Python gives a handshake its timeout as a whole; this holds us to it."""
    with dripping(RECORD) as port, socket.create_connection(("127.0.0.1", port)) as plain:
        plain.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
