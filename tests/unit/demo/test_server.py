"""The sample IMAP server, driven by our connector and by a client that is not ours."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import DELETED, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from amberpost.demo.imap_server import ImapServer
from amberpost.demo.server import serve_sample_mail
from amberpost.sources.connector import CONNECTORS, run
from amberpost.sources.settings import AccountSettings, PasswordLogin, Task
from amberpost.store.secret import Secret
from tests.contract.source_contract import MemoryAccept
from tests.servers.certificates import make_certificates

MOMENT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
PASSWORD = Secret(b'p"a s\\s')


def settings_for(server: ImapServer, *, keep_mails: bool = False) -> AccountSettings:
    return AccountSettings(
        server="127.0.0.1",
        port=server.port,
        user="journal",
        login=PasswordLogin(password=PASSWORD),
        security="none",
        keep_mails=keep_mails,
        timeout_seconds=10,
    )


@pytest.fixture
def server() -> Iterator[ImapServer]:
    made = ImapServer(user="journal", password=PASSWORD)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server: ImapServer) -> Iterator[IMAPClient]:
    made = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=10)
    made.login("journal", PASSWORD.reveal().decode("ascii"))
    yield made
    made.logout()


def test_the_connector_empties_it_and_finds_what_comes_later() -> None:
    with serve_sample_mail(
        seed="x", count=250, user="journal", password=PASSWORD, per_minute=1_200
    ) as server:
        kept, taken = MemoryAccept(), MemoryAccept()
        assert (
            run(CONNECTORS["imap"](settings_for(server, keep_mails=True), Task(source_id=1)), kept).seen
            >= 250
        )
        report = run(CONNECTORS["imap"](settings_for(server), Task(source_id=1)), taken)
        assert report.error is None
        assert kept.raws == taken.raws[: len(kept.raws)]
        count, deadline = len(taken.raws), time.monotonic() + 10
        while len(taken.raws) == count and time.monotonic() < deadline:
            run(CONNECTORS["imap"](settings_for(server), Task(source_id=1)), taken)
        assert len(taken.raws) > count
        assert len(set(taken.raws)) == len(taken.raws)


def test_without_a_rate_nothing_more_comes() -> None:
    with serve_sample_mail(seed="x", count=5, user="journal", password=PASSWORD, per_minute=0) as server:
        assert len(server.inbox) == 5


def test_bytes_flags_and_dates_are_kept(server: ImapServer, client: IMAPClient) -> None:
    raw = bytes(range(256)) + b"\r\n)\r\n{5}\r\n"
    uid = server.inbox.add(raw, MOMENT)
    client.normalise_times = False
    assert client.select_folder("INBOX")[b"UIDNEXT"] == 2
    client.add_flags([uid], [b"\\Seen"])
    answer = client.fetch([uid], ["BODY[]", "INTERNALDATE", "RFC822.SIZE", "FLAGS"])[uid]
    assert answer[b"BODY[]"] == raw
    assert answer[b"INTERNALDATE"] == MOMENT
    assert answer[b"RFC822.SIZE"] == len(raw)
    assert answer[b"FLAGS"] == (b"\\Seen",)
    client.remove_flags([uid], [b"\\Seen"])
    assert client.fetch([uid], ["FLAGS"])[uid][b"FLAGS"] == ()


def test_only_named_messages_are_expunged(server: ImapServer, client: IMAPClient) -> None:
    uids = [server.inbox.add(b"x", MOMENT) for _ in range(4)]
    client.select_folder("INBOX")
    client.add_flags(uids[:3], [DELETED])
    client.uid_expunge(uids[1:])
    assert client.search("ALL") == [uids[0], uids[3]]
    assert client.search("DELETED") == [uids[0]]
    assert client.search(["2:*"]) == [uids[3]]
    assert client.search(["UID", f"{uids[3]}:*"]) == [uids[3]]
    server.inbox.add(b"y", MOMENT)
    assert client.search("ALL") == [uids[0], uids[3]]  # announced after this answer
    assert len(client.search("ALL")) == 3


def test_folders_can_be_made_listed_and_moved_to(server: ImapServer, client: IMAPClient) -> None:
    server.inbox.add(b"x", MOMENT)
    client.create_folder("Archived")
    assert [name for _, _, name in client.list_folders()] == ["INBOX", "Archived"]
    client.select_folder("INBOX")
    client.move([1], "Archived")
    assert (len(server.inbox), len(server.mailboxes["Archived"])) == (0, 1)


def test_examine_forbids_changes(server: ImapServer, client: IMAPClient) -> None:
    server.inbox.add(b"x", MOMENT)
    client.select_folder("INBOX", readonly=True)
    with pytest.raises(IMAPClientError):
        client.add_flags([1], [DELETED])
    with pytest.raises(IMAPClientError):
        client.select_folder("nowhere")


def test_strangers_are_refused(server: ImapServer) -> None:
    stranger = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=10)
    with pytest.raises(LoginError):
        stranger.login("journal", "wrong")
    with pytest.raises(LoginError):
        stranger.plain_login("someone", PASSWORD.reveal().decode("ascii"))
    stranger._imap.state = "AUTH"  # as a client would that does not care
    with pytest.raises(IMAPClientError):
        stranger.select_folder("INBOX")
    stranger.logout()


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"\r\n", b"* BAD"),
        (b"a XYZZY\r\n", b"a BAD"),
        (b"b UID\r\n", b"b BAD"),
        (b"c LOGIN journal\r\n", b"c BAD"),
        (b"d STARTTLS\r\n", b"d BAD"),
        (b"e AUTHENTICATE CRAM-MD5\r\n", b"e NO"),
        (b"f LOGIN {7}\r\njournal {5+}\r\nwrong\r\n", b"f NO"),
    ],
)
def test_a_strange_line_is_answered_and_the_session_goes_on(
    server: ImapServer, sent: bytes, answered: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(sent + b"z NOOP\r\n")
        said = [line for line in (lines.readline(), lines.readline()) if not line.startswith(b"+ ")]
        assert said[0].startswith(answered)
        assert (said[1:] or [lines.readline()])[0].startswith(b"z OK")


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    server = ImapServer(user="journal", password=PASSWORD, tls=context)
    server.start()
    trusting = ssl.create_default_context(cadata=made.ca_pem)
    with IMAPClient("localhost", server.port, ssl_context=trusting, timeout=10) as client:
        client.plain_login("journal", PASSWORD.reveal().decode("ascii"))
        assert client.select_folder("INBOX")[b"EXISTS"] == 0
    server.stop()
