"""The IMAP connector at servers that write their keywords as they like (RFC 9051 §9: case-insensitive)."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amberpost.demo.imap_server import CommandRefused, ImapServer, Session
from amberpost.demo.mailbox import DemoMailbox, Stored
from amberpost.sources.probe import has_succeeded, probe
from amberpost.sources.pull.imap import ImapConnector
from amberpost.sources.pull.imap_wire import _with_nil, in_capitals
from amberpost.sources.settings import AccountSettings, OAuthLogin, Task
from amberpost.store.secret import Secret
from tests.contract.imap_runs import collect, plain_settings
from tests.contract.source_contract import SOURCE_ID, MemoryAccept, cursor_of, letters
from tests.servers.certificates import make_certificates

MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def mixed(text: str) -> str:
    return "".join(char.upper() if number % 2 else char.lower() for number, char in enumerate(text))


CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "Title": str.title,
    "MiXeD": mixed,
    "UPPER": str.upper,
}
pytestmark = pytest.mark.parametrize("case", CASES)


class CasedSession(Session):
    """Everything the server says but mail is in another case; some items come after the body, and NIL is said."""

    line_end = "\r\n"

    def _send(self, line: str) -> None:
        self._file.write((CASES[self.server.case](line) + self.line_end).encode())  # type: ignore[attr-defined]

    def _send_fetched(self, number: int, uid: int, stored: Stored, wanted: list[str]) -> None:
        if "INTERNALDATE" not in wanted:
            super()._send_fetched(number, uid, stored, wanted)
            return
        date = f"{stored.internal_date:%d-%b-%Y %H:%M:%S %z}"
        if b"without content" in stored.raw:
            self._send(f'* {number} FETCH (UID {uid} BODY[] NIL INTERNALDATE "{date}")')
            return
        self._send(f"* {number} FETCH (BODY[] {{{len(stored.raw)}}}")
        self._file.write(stored.raw)
        self._send(f' FLAGS () X-LABELS NIL UID {uid} INTERNALDATE "{date}")')

    def list_folders(self, arguments: list[str]) -> None:
        self._send('* LIST (\\HasChildren \\Noselect) "/" "SHARED"')
        self._send('* LIST (\\NonExistent) NIL "GONE"')
        self._send("* LIST () NIL INBOX")
        super().list_folders(arguments)

    def authenticate(self, arguments: list[str]) -> None:
        if arguments[0].upper() != "XOAUTH2":
            super().authenticate(arguments)
            return
        self._send("+ ")
        self._file.flush()
        self._file.readline()
        self._is_inside = True


class BareSession(CasedSession):
    """Ends its lines with LF, too."""

    line_end = "\n"


@contextmanager
def serving(
    case: str, *raws: bytes, kind: type[Session] = CasedSession, **more: object
) -> Iterator[ImapServer]:
    server = type("Server", (ImapServer,), {"session": kind, "case": case})(
        user="u", password=Secret(b"p"), **more
    )
    for raw in raws:
        server.inbox.add(raw, MOMENT)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", [CasedSession, BareSession])
def test_a_whole_run_is_as_at_any_server(case: str, kind: type[Session]) -> None:
    raws = [*letters(3), b"nil NIL * 2 exists\r\n[uidvalidity 9]\r\n)", b""]
    with serving(case, *raws, kind=kind) as server:
        kept, accept = replace(plain_settings(server.port), keep_mails=True), MemoryAccept()
        report = collect(kept, accept)
        assert (report.error, report.notes, report.left) == (None, (), ())
        assert accept.raws == raws
        assert {one.received_at for one in accept.accepted} == {MOMENT}
        assert {one.origin.remote_id.split("/")[1] for one in accept.accepted} == {
            str(server.inbox.uidvalidity)
        }
        assert collect(kept, MemoryAccept(), cursor_of(accept.accepted)).seen == 0
        taken = collect(plain_settings(server.port), MemoryAccept(), cursor_of(accept.accepted))
        assert (len(taken.captures), taken.error, len(server.inbox)) == (5, None, 0)


def test_a_message_without_content_is_left_and_not_taken_for_the_word_nil(case: str) -> None:
    with serving(case, b"without content", *letters(2)) as server:
        accept = MemoryAccept()
        report = collect(plain_settings(server.port), accept)
        assert accept.raws == letters(2)
        assert [one.reason.code for one in report.left] == ["left_without_content"]
        assert server.inbox.uids() == [1]


def test_folders_that_hold_no_mail_are_not_offered_and_inbox_is_inbox(case: str) -> None:
    with serving(case) as server:
        connector = ImapConnector(plain_settings(server.port), Task(source_id=SOURCE_ID))
        assert set(connector.folders()) == {"INBOX"}
        connector.close()


def test_mail_is_moved_where_only_that_is_offered(case: str) -> None:
    with serving(case, *letters(2), capabilities=("IMAP4rev1", "AUTH=PLAIN", "MOVE")) as server:
        server.mailboxes["Archived"] = DemoMailbox()
        report = collect(plain_settings(server.port), MemoryAccept())
        assert (report.seen, report.error) == (2, None)
        assert [len(mailbox) for mailbox in server.mailboxes.values()] == [0, 2]


def test_a_refusal_is_told_with_its_words(case: str) -> None:
    class Refusing(CasedSession):
        def store(self, arguments: list[str]) -> None:
            raise CommandRefused("NO [NOPERM] not yours")

        def size_of(self, uid: int, stored: Stored) -> int:
            if uid == 2:
                raise CommandRefused("BAD [ALERT] not this one")
            return super().size_of(uid, stored)

    with serving(case, *letters(3), kind=Refusing) as server:
        report = collect(plain_settings(server.port), MemoryAccept())
        assert (report.seen, report.error, len(server.inbox)) == (3, None, 3)
        assert "not yours" in str(report.notes[0]).lower()


def test_a_folder_we_may_only_read_is_noticed(case: str) -> None:
    class ReadOnly(CasedSession):
        def select(self, arguments: list[str]) -> str:
            return self._open(arguments[0], is_read_only=True)

    with serving(case, *letters(2), kind=ReadOnly) as server:
        report = collect(plain_settings(server.port), MemoryAccept())
        assert (report.seen, report.error) == (2, None)
        assert "read it only" in str(report.notes[0])


@pytest.mark.parametrize(
    ("said", "permanent", "words"),
    [
        ("NO [AUTHENTICATIONFAILED] no", True, "user name or password"),
        ("NO [UNAVAILABLE] later", False, "at the moment"),
        ("NO [INUSE] later", False, "at the moment"),
        ("BAD what", True, "user name or password"),
    ],
)
def test_a_refused_login_means_the_same(case: str, said: str, permanent: bool, words: str) -> None:
    class Shut(CasedSession):
        def _enter(self, user: str, password: str) -> None:
            raise CommandRefused(said)

    with serving(case, kind=Shut) as server:
        error = collect(plain_settings(server.port), MemoryAccept()).error
    assert words in str(error)
    assert getattr(error, "permanent", None) is permanent


def test_capabilities_are_found(case: str, tmp_path: Path) -> None:
    with serving(case, *letters(1), capabilities=("IMAP4rev1", "LOGINDISABLED")) as server:
        error = collect(plain_settings(server.port), MemoryAccept()).error
        assert "does not accept a password" in str(error)
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    with serving(case, *letters(1), tls=context, offers_starttls=True) as server:
        settings = replace(plain_settings(server.port), security="starttls", ca_pem=made.ca_pem)
        steps = list(probe(settings, "imap"))
        assert has_succeeded(steps), steps
        assert not [step for step in steps if step.name == "mailbox" and step.advice]  # UIDPLUS is seen
        assert collect(settings, MemoryAccept()).seen == 1


def test_a_token_is_taken(case: str) -> None:
    with serving(case, *letters(1), capabilities=("IMAP4rev1", "AUTH=XOAUTH2", "UIDPLUS")) as server:
        login = OAuthLogin(token=lambda: Secret(b"token"), forget=lambda: None)
        settings = replace(plain_settings(server.port), login=login, allow_insecure_oauth=True)
        assert collect(settings, MemoryAccept()).seen == 1


def test_who_is_known_already_need_not_sign_in(case: str) -> None:
    class Known(CasedSession):
        def _send(self, line: str) -> None:
            if line.startswith("* OK [CAPABILITY"):
                self._is_inside, line = True, line.replace("OK", "PREAUTH", 1)
            super()._send(line)

        def authenticate(self, arguments: list[str]) -> None:
            raise CommandRefused("BAD you are in already")

    with serving(case, *letters(2), kind=Known) as server:
        assert collect(plain_settings(server.port), MemoryAccept()).seen == 2
        settings: AccountSettings = replace(plain_settings(server.port), security="starttls")
        assert "before STARTTLS" in str(collect(settings, MemoryAccept()).error)


def test_a_goodbye_is_heard(case: str) -> None:
    class Leaving(CasedSession):
        def _send(self, line: str) -> None:
            super()._send("* BYE Come back later" if "[CAPABILITY" in line else line)

    with serving(case, kind=Leaving) as server:
        error = collect(plain_settings(server.port), MemoryAccept()).error
    assert "come back later" in str(error).lower()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("* 2 Exists", "* 2 EXISTS"),
        ("* search", "* SEARCH"),
        ("* search 1 2", "* SEARCH 1 2"),
        ("* Ok [uidvalidity 1] Fine [really]", "* OK [UIDVALIDITY 1] Fine [really)"),
        ("* ok [Permanentflags (\\deleted \\*)] ok", "* OK [PERMANENTFLAGS (\\deleted \\*)] ok"),
        ("* 1 Fetch (Body[] {3}", "* 1 FETCH (Body[] {3}"),
        ('* 1 fetch (body[] nil x "nil \\" nil")', '* 1 FETCH (body[] NIL x "nil \\" nil")'),
        ("* list (\\noselect) nil Nil", "* LIST (\\noselect) NIL Nil"),
        ("abcd1 ok", "ABCD1 OK "),
        ("abcd1 no [alert] nil", "ABCD1 NO [ALERT] nil"),
        ("* flags (\\deleted)", "* FLAGS (\\deleted)"),
        ("* bye", "* BYE "),
        ("+ go on", "+ go on"),
        ("+", "+"),
        ("", ""),
        ("\0\xff", "\0\xff"),
    ],
)
def test_keywords_are_spelled_in_capitals_and_words_are_not(case: str, line: str, wanted: str) -> None:
    assert in_capitals(line.encode("latin-1") + b"\r\n") == wanted.encode("latin-1") + b"\r\n"
    assert _with_nil(b' Body[] "nil" x nil)\r\n') == b' Body[] "nil" x NIL)\r\n'
