"""The POP3 connector at servers that end lines with LF, all or some of them, and write their keywords as they like."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from amberpost.sources.probe import has_succeeded, probe
from amberpost.sources.pull import pop3_wire
from amberpost.sources.pull.pop3 import without_added_line_end
from tests.contract.imap_runs import plain_settings
from tests.contract.source_contract import MemoryAccept, cursor_of
from tests.contract.test_pop3_odd_servers import collect
from tests.servers.certificates import make_certificates
from tests.servers.odd_pop3 import OddPop3, Refusal

Change = Callable[[bytes], bytes]


def bare(answer: bytes) -> bytes:
    return answer.replace(b"\r\n", b"\n")


def bare_status(answer: bytes) -> bytes:
    """The status line with LF, the rest as it is."""
    return answer.replace(b"\r\n", b"\n", 1)


def bare_rest(answer: bytes) -> bytes:
    """The status line with CRLF, all other lines with LF."""
    status, end, rest = answer.partition(b"\r\n")
    return status + end + bare(rest)


def bare_end(answer: bytes) -> bytes:
    """Only the last line with LF."""
    return answer.removesuffix(b"\r\n") + b"\n"


class Bare(OddPop3):
    """Serves mail whose lines end with LF; dots are doubled after any line end. `change` is done to each answer."""

    change: Change = staticmethod(bare)
    case: Callable[[bytes], bytes] = staticmethod(bytes)

    def __init__(self, *mail: tuple[str, bytes], **more: object) -> None:
        super().__init__(*mail, **more)  # type: ignore[arg-type]
        self.greeting = self.case(self.change(self.greeting + b"\r\n").removesuffix(b"\r\n"))
        self.greeting_end = b"" if self.greeting.endswith(b"\n") else b"\r\n"

    def body_of(self, number: int) -> bytes:
        raw = self.mail[number - 1][1]
        stuffed = (b"\n" + raw).replace(b"\n.", b"\n..")[1:]
        return stuffed + (b"" if raw.endswith(b"\n") else b"\n") + b".\r\n"

    def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
        try:
            answer = super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
        except Refusal as refusal:
            answer = f"-ERR {refusal}\r\n".encode()
        status, end, more = answer.partition(b"\r\n")
        if verb == "RETR" and self.change is bare_end:
            return status + end + bare_end(more)
        return self.change(self.case(status[:4]) + status[4:] + end + more)


def server_of(
    change: Change, *raws: bytes, case: Callable[[bytes], bytes] = bytes, tls: ssl.SSLContext | None = None
) -> Bare:
    kind = type("Kind", (Bare,), {"change": staticmethod(change), "case": staticmethod(case)})
    server = kind(*((f"u{number}", raw) for number, raw in enumerate(raws)), tls=tls)
    assert isinstance(server, Bare)
    return server


RAWS = [
    b"Subject: x\n\n.\n..\n...\ntext\n",
    b".\n",
    b"a: b\n\nend without a line end",
    b"-ERR no\n+OK yes\n",
    b"\n\n\n",
    b"x" * 3_000_000 + b"\n",
]


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pop3_wire, "PAUSE_SECONDS", 0.2)


@pytest.mark.parametrize("change", [bare, bare_status, bare_rest, bare_end])
def test_mail_is_kept_as_it_was_handed_over(change: Change) -> None:
    with server_of(change, *RAWS) as server:
        kept, accept = replace(plain_settings(server.port), keep_mails=True), MemoryAccept()
        report = collect(kept, accept)
        assert (report.error, report.left, report.notes) == (None, (), ())
        assert accept.raws == RAWS
        assert collect(kept, MemoryAccept(), cursor_of(accept.accepted)).seen == 0
        assert collect(plain_settings(server.port), MemoryAccept()).seen == len(RAWS)
        assert server.mail == []


def test_mail_with_both_line_ends_is_kept_as_it_is() -> None:
    raws = [b"a\r\nb\nc\r\n.d\n.e\r\n", b"\r\n.\n.\r\n\n", b"a\n\r\n"]
    with server_of(bare_status, *raws) as server:
        accept = MemoryAccept()
        assert collect(plain_settings(server.port), accept).error is None
        assert accept.raws == raws


def test_a_dot_on_a_bare_line_is_no_end_where_the_server_sends_crlf() -> None:
    """The message stops for a moment at what may be its end, and goes on."""
    raw = b"Subject: x\r\n\r\nfirst\n.\r\nsecond\r\n"

    class Pausing(OddPop3):
        def body_of(self, number: int) -> bytes:
            return raw + b".\r\n"

        def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
            answer = super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
            if verb == "RETR":
                connection, cut = rest[2], answer.index(b"second")
                connection.sendall(answer[:cut])  # type: ignore[attr-defined]
                return answer[cut:]
            return answer

    with Pausing(("u0", raw)) as server:
        accept = MemoryAccept()
        assert collect(plain_settings(server.port), accept).error is None
        assert accept.raws == [raw]


def test_what_only_looked_like_the_end_is_never_taken_for_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rest comes after the pause: instead of the answer to our next question, so nothing is taken or deleted."""
    monkeypatch.setattr(pop3_wire, "PAUSE_SECONDS", 0.05)
    raw = b"Subject: x\r\n\r\nfirst\n.\r\nsecond\r\n"

    class Late(OddPop3):
        def size_of(self, number: int) -> int:
            return raw.index(b".")  # as if that were all

        def before(self, verb: str, argument: str) -> None:
            self.rest = b"second\r\n.\r\n" if verb == "UIDL" and argument else b""

        def _answer(self, verb: str, argument: str, *rest: object) -> bytes:  # type: ignore[override]
            answer = super()._answer(verb, argument, *rest)  # type: ignore[arg-type]
            return self.rest + (answer[: answer.index(b"second")] if verb == "RETR" else answer)

    with Late(("u0", raw)) as server:
        accept = MemoryAccept()
        report = collect(plain_settings(server.port), accept)
        assert accept.raws == []
        assert [one.remote_id for one in report.left] == ["u0"]
        assert server.mail == [("u0", raw)]


@pytest.mark.parametrize("case", [bytes.lower, bytes.title, bytes.swapcase])
@pytest.mark.parametrize("change", [bare, bytes])
def test_status_words_may_be_in_any_case(change: Change, case: Callable[[bytes], bytes]) -> None:
    with server_of(change, b"one\n", b"two\n", case=case) as server:
        server.capabilities = ("UIDL", "USER")
        accept = MemoryAccept()
        report = collect(plain_settings(server.port), accept)
        assert (accept.raws, report.error, server.mail) == ([b"one\n", b"two\n"], None, [])
        server.password = "another"
        error = collect(plain_settings(server.port), MemoryAccept()).error
        assert "user name or password" in str(error)


def test_the_connection_test_finds_its_way(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    with server_of(bare, b"Subject: x\n\ny\n", tls=context, case=bytes.lower) as server:
        settings = replace(plain_settings(server.port), security="starttls", ca_pem=made.ca_pem)
        steps = list(probe(settings, "pop3"))
        assert has_succeeded(steps), steps
        assert steps[-1].state == "ok"


@pytest.mark.parametrize(
    ("raw", "announced", "kept"),
    [
        (b"a: b\n\nx\n", 7, b"a: b\n\nx"),
        (b"a: b\n\nx\n", 8, b"a: b\n\nx\n"),
        (b"a: b\n\nx\n", 11, b"a: b\n\nx\n"),  # counts line ends as two bytes
        (b"a: b\r\n\nx\n", 8, b"a: b\r\n\nx\n"),
    ],
)
def test_an_added_line_end_is_taken_off_where_the_size_proves_it(
    raw: bytes, announced: int, kept: bytes
) -> None:
    assert without_added_line_end(raw, announced) == kept
