"""A real Dovecot is emptied over POP3 through a line that breaks again and again: each message once, none lost."""

import random
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.cli.main import main
from amberpost.daemon import work
from amberpost.errors import StoreError
from amberpost.sources.pull import pop3
from tests.faults.road_faults import as_served, assert_each_once
from tests.opened import Opened
from tests.people import letter
from tests.road.collecting import USER, WORD, Mailbox
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.proxy import Proxy

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed"),
]


@pytest.fixture
def mailbox(opened: Opened) -> Iterator[Mailbox]:
    with Dovecot(users={USER: WORD}) as server:
        yield Mailbox(opened=opened, server=server, protocol="pop3")


def batch(name: str, count: int, rng: random.Random) -> list[bytes]:
    """New distinct messages of a few hundred bytes to 70 kB."""
    return [
        as_served(letter(f"{name}-{n}", text="Zeile.\r\n" * rng.choice((1, 20, 300, 8_000))))
        for n in range(count)
    ]


def drop_connections(mailbox: Mailbox, *, drops: int, seed: int) -> list[bytes]:
    """Collect through a line that is cut at random bytes, `drops` times, while mail keeps coming."""
    rng, given = random.Random(seed), list[bytes]()
    with Proxy(
        mailbox.server.pop3_port, cut_after_bytes=lambda: int(10 ** rng.uniform(1.8, 5.3)), cuts_each=True
    ) as proxy:
        mailbox.configure(port=proxy.port)
        while proxy.cuts < drops:
            if mailbox.server.count(USER) < 40:
                more = batch(f"{seed}-{len(given)}", rng.randrange(1, 12), rng)
                mailbox.deliver(more)
                given += more
            mailbox.collect()
    return given


def check(mailbox: Mailbox, given: list[bytes], folder: Path) -> None:
    """A whole line at last: the mailbox is empty, and the archive holds each message once."""
    mailbox.configure()
    for _ in range(3):
        assert mailbox.collect().error is None
    assert mailbox.server.count(USER) == 0
    assert_each_once(mailbox.opened.commands, given, folder)


@pytest.mark.parametrize("drops", [50, pytest.param(1_000, marks=pytest.mark.long)])
def test_dropped_connections_lose_and_double_nothing(
    mailbox: Mailbox, drops: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "COMMIT_EVERY", 15)  # so that lines break between two commits as well
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    given = drop_connections(mailbox, drops=drops, seed=seed)
    repeated = len(mailbox.leaves("DUP"))
    check(mailbox, given, tmp_path / "out")
    print(f"{drops} connections dropped, {len(given)} messages, {repeated} fetched again")
    assert repeated > 0  # lines broke between receipt and deletion


def test_mail_deleted_at_the_server_is_in_the_archive_whenever_the_line_breaks(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    """Every command in turn is the last that the server hears."""
    given: list[bytes] = []
    for verb in (b"AUTH", b"STAT", b"UIDL", b"LIST", b"RETR 1", b"RETR 3", b"DELE 1", b"DELE 3", b"QUIT"):
        more = batch(verb.decode().replace(" ", "-"), 4, random.Random(1))
        mailbox.deliver(more)
        given += more
        before = mailbox.server.count(USER)
        with Proxy(mailbox.server.pop3_port, cut_at=verb) as proxy:
            mailbox.configure(port=proxy.port)
            mailbox.collect()
            assert proxy.was_cut
        if verb[:4] in (b"DELE", b"QUIT"):  # the others can be the fault of one message, which is left
            assert mailbox.server.count(USER) == before
    check(mailbox, given, tmp_path / "out")


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_mail_that_was_kept_is_deleted_when_it_shall_be_kept_no_more(
    mailbox: Mailbox, protocol: str, tmp_path: Path
) -> None:
    account = Mailbox(opened=mailbox.opened, server=mailbox.server, protocol=protocol)
    account.configure(keep_mails=True)
    given = batch(protocol, 12, random.Random(2))
    account.deliver(given)
    assert account.collect().seen == 12
    assert account.collect().seen == 0
    assert account.server.count(USER) == 12
    account.configure(keep_mails=False)
    again = account.collect()
    assert (again.seen, again.duplicate) == (12, 12)
    assert account.server.count(USER) == 0
    assert account.collect().seen == 0
    assert_each_once(account.opened.commands, given, tmp_path / "out")


def test_a_worker_that_fails_does_not_leave_the_command_waiting(mailbox: Mailbox, tmp_path: Path) -> None:
    mailbox.configure()
    given = batch("failing", 3, random.Random(5))
    mailbox.deliver(given)
    assert mailbox.opened.in_child("tests.faults.test_road_pop3:fetch_with_a_failing_worker") == 5
    check(mailbox, given, tmp_path / "out")


def fetch_with_a_failing_worker(opened: Opened) -> None:
    def fails(*_: object) -> None:
        raise StoreError("disk_full")

    work.process = fails  # type: ignore[assignment]
    sys.exit(main(["fetch", "--once", "--data", str(opened.config.data)]))


def test_the_commands_collect_pop3_and_the_cursor_survives_a_rebuild(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    archive, server = mailbox.opened.commands, mailbox.server
    (tmp_path / "word").write_text(WORD)
    (tmp_path / "ca.pem").write_text(server.ca_pem)
    archive.json(
        "source", "add", "--name", "Journal", "--protocol", "pop3", "--keep-mails", "--user", USER,
        "--server", f"localhost:{server.pop3_ssl_port}", "--security", "ssl",
        "--password-file", tmp_path / "word", "--ca", tmp_path / "ca.pem",
    )  # fmt: skip
    given = batch("cli", 20, random.Random(3))
    mailbox.deliver(given)

    def fetch() -> tuple[int, int]:
        (account,) = archive.json("fetch", "--once")["sources"]
        return account["seen"], account["duplicate"]

    assert [fetch(), fetch()] == [(20, 0), (0, 0)]
    archive.json("rebuild")
    more = batch("more", 2, random.Random(4))
    mailbox.deliver(more)
    assert [fetch(), fetch()] == [(2, 0), (0, 0)]
    assert server.count(USER) == 22
    assert_each_once(archive, given + more, tmp_path / "out")
