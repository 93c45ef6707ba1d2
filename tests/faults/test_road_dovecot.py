"""A real Dovecot with TLS is emptied into the archive; meanwhile either side is killed, again and again."""

import imaplib
import os
import random
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from amberpost.cli.main import main
from amberpost.daemon import fetch as fetch_module
from tests.archive import Archive
from tests.corpora import own_and_shared
from tests.faults.road_faults import as_served, assert_each_once
from tests.opened import Opened
from tests.people import letter, report
from tests.processes import kill_all
from tests.road.sample import corpus, generated, report_files
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.proxy import Proxy

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed"),
]


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(users={"journal": "journal word"}) as server:
        yield server


@pytest.fixture
def line(dovecot: Dovecot) -> Iterator[Proxy]:
    """A line to the same server, which counts what it carries."""
    with Proxy(dovecot.port) as proxy:
        yield proxy


@pytest.fixture
def liar(dovecot: Dovecot) -> Iterator[Proxy]:
    """The same server, as one that announces wrong sizes."""
    with Proxy(dovecot.port, lie=with_wrong_sizes) as proxy:
        yield proxy


def with_wrong_sizes(data: bytes) -> bytes:
    """Each RFC822.SIZE is another number of the same length, greater or smaller."""
    return re.sub(rb"(?<=RFC822\.SIZE )\d+", lambda found: bytes(57 - digit + 48 for digit in found[0]), data)


def add_source(
    archive: Archive, server: Dovecot, *options: str, ssl: bool = False, line: Proxy | None = None
) -> None:
    folder = archive.data.parent
    (folder / "word").write_text("journal word\n")
    (folder / "ca.pem").write_text(server.ca_pem)
    port = server.ssl_port if ssl else server.port
    port = line.port if line else port
    archive.json(
        "source", "add", "--name", "Journal", "--protocol", "imap", "--server", f"localhost:{port}",
        "--user", "journal", "--password-file", folder / "word", "--security", "ssl" if ssl else "starttls",
        "--ca", folder / "ca.pem", *options,
    )  # fmt: skip


def distinct(messages: Sequence[bytes]) -> list[bytes]:
    """The bytes as the server gives them, each once: the same bytes again are a duplicate by definition."""
    return list(dict.fromkeys(as_served(raw) for raw in messages if raw.strip()))


def served(server: Dovecot) -> list[bytes]:
    """What another client gets from the server: it alone says which bytes it hands over (NUL becomes 0x80)."""
    with imaplib.IMAP4("127.0.0.1", server.port) as client:
        client.login("journal", "journal word")
        client.select("INBOX", readonly=True)
        _, answers = client.fetch("1:*", "(BODY.PEEK[])")
    return [answer[1] for answer in answers if isinstance(answer, tuple)]


def plain_mail(count: int) -> list[bytes]:
    """Our own, and as many of the corpora for a test that is marked to read them."""
    small = [raw for raw in corpus() if len(raw) < 200_000]
    step = max(1, len(small) // count)
    return distinct([*generated(count), *small[::step][:count]])


def reports() -> list[bytes]:
    own = [report(letter(n), number=n, recipients=["To: alice@firma.example"]) for n in range(120)]
    return distinct([*own, *generated(60), *(path.read_bytes() for path in report_files())])


def fetch(archive: Archive) -> dict[str, int]:
    (account,) = archive.json("fetch", "--source", "Journal", "--once")["sources"]
    assert account["seen"] == sum(account[k] for k in ("stored", "duplicate", "quarantined", "left")), account
    found: dict[str, int] = account
    return found


@pytest.mark.parametrize("kind", ["reports", "plain"])
@pytest.mark.parametrize("ssl", [False, True])
@own_and_shared
def test_a_mailbox_is_emptied_into_the_archive(
    sample: str, kind: str, ssl: bool, archive: Archive, dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deposit("journal", reports() if kind == "reports" else plain_mail(150))
    given = served(dovecot)
    assert len(given) >= 150
    add_source(archive, dovecot, ssl=ssl)
    first = fetch(archive)
    assert (first["seen"], first["duplicate"], first["left"]) == (len(given), 0, 0)
    assert dovecot.count("journal") == 0
    assert fetch(archive)["seen"] == 0
    assert_each_once(archive, given, tmp_path / "out")


def test_kept_mail_stays_untouched_and_is_taken_once(
    archive: Archive, dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deposit("journal", plain_mail(80))
    given = served(dovecot)
    add_source(archive, dovecot, "--keep-mails")
    assert fetch(archive)["seen"] == len(given)
    assert fetch(archive)["seen"] == 0
    assert dovecot.count("journal") == len(given)
    assert set(dovecot.flags("journal")) == {""}  # not even \Seen
    dovecot.deposit("journal", [as_served(letter("later"))])
    assert fetch(archive)["seen"] == 1
    assert_each_once(archive, [*given, as_served(letter("later"))], tmp_path / "out")


def test_a_new_uidvalidity_reads_again_and_stores_nothing_twice(
    archive: Archive, dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deposit("journal", plain_mail(30))
    given = served(dovecot)
    add_source(archive, dovecot, "--keep-mails")
    fetch(archive)
    dovecot.empty("journal")
    dovecot.deposit("journal", given)
    again = fetch(archive)
    assert (again["seen"], again["duplicate"]) == (len(given), len(given))
    assert_each_once(archive, given, tmp_path / "out")


def test_the_cursor_survives_a_rebuild_of_everything(
    archive: Archive, dovecot: Dovecot, tmp_path: Path
) -> None:
    dovecot.deposit("journal", plain_mail(30))
    given = served(dovecot)
    add_source(archive, dovecot, "--keep-mails")
    fetch(archive)
    for name in ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm"):
        (archive.data / name).unlink(missing_ok=True)
    archive.json("rebuild")
    assert fetch(archive)["seen"] == 0
    assert_each_once(archive, given, tmp_path / "out")


def test_a_wrong_certificate_or_password_takes_nothing(archive: Archive, dovecot: Dovecot) -> None:
    dovecot.deposit("journal", [letter(1)])
    with Dovecot() as other:
        stranger = other.ca_pem
    add_source(archive, dovecot)
    archive.json("source", "remove", "--name", "Journal")
    (archive.data.parent / "stranger.pem").write_text(stranger)
    archive.json(
        "source", "add", "--name", "Journal", "--server", f"localhost:{dovecot.port}", "--user", "journal",
        "--password-file", archive.data.parent / "word", "--ca", archive.data.parent / "stranger.pem",
    )  # fmt: skip
    (account,) = archive.json("fetch", "--once", code=4)["sources"]
    assert account["seen"] == 0
    assert account["error"]
    assert dovecot.count("journal") == 1


# Kills


def until_empty(archive: Archive, server: Dovecot) -> None:
    for _ in range(20):
        done = archive.run("fetch", "--once", "--json")
        if done.code == 0 and server.count("journal") == 0:
            return
    raise AssertionError(f"the mailbox was never emptied: {done}")


def through(archive: Archive, proxy: Proxy) -> None:
    """Let the source lead to the proxy instead of the server, as an operator may."""
    archive.json("source", "remove", "--name", "Journal")
    archive.json(
        "source", "add", "--name", "Journal", "--server", f"localhost:{proxy.port}", "--user", "journal",
        "--password-file", archive.data.parent / "word", "--security", "none",
    )  # fmt: skip


def renumber(server: Dovecot) -> None:
    """A new UIDVALIDITY: the mailbox is restored from a copy, and everything in it has other UIDs."""
    server.kill()
    kept = server.messages("journal")
    server.empty("journal")
    server.deposit("journal", kept)
    server.start()


def gaps(archive: Archive) -> int:
    """How many messages the archive thinks it missed, sealed or waiting."""
    with closing(sqlite3.connect(archive.data / "catalogue.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM sources_sourcesignal WHERE kind = 'gap'").fetchone()
    return int(count)


RENUMBER_EVERY = 8  # kills


def await_death(
    process: "subprocess.Popen[bytes]", line: Proxy, rng: random.Random, *, patience: float
) -> None:
    """Until a random byte of what the server sends, and a little longer: on a slow machine, too, deaths fall
    into the login, the transfer and the processing, and not all into the start of the program."""
    wanted = line.received_bytes + int(10 ** rng.uniform(1.5, 5.7))
    late = time.monotonic() + (patience if rng.random() < 0.8 else rng.uniform(0.1, 1.0))
    while line.received_bytes < wanted and time.monotonic() < late and process.poll() is None:
        time.sleep(0.002)
    time.sleep(rng.choice((0.0, rng.uniform(0.0, 0.8))))


def kill_fetches(
    archive: Archive, server: Dovecot, line: Proxy, *, kills: int, seed: int, each: int, name: str = ""
) -> list[bytes]:
    """`kills` random deaths of `fetch --once` or of the server while mail keeps coming and UIDs change."""
    rng, given, struck = random.Random(seed), [], 0
    for number in range(kills):
        if number % RENUMBER_EVERY == RENUMBER_EVERY - 1:
            renumber(server)
        more = batch(f"{name}{number}", each, rng)
        server.deposit("journal", more)
        given += more
        process = archive.start("fetch", "--once")
        await_death(process, line, rng, patience=20)
        struck += process.poll() is None
        if rng.random() < 0.75:
            kill_all(process)
        else:
            server.kill()
            process.wait(120)
            server.start()
    print(f"{struck} of {kills} deaths met a collecting process")
    assert struck > kills // 3
    return given


def batch(number: int | str, count: int, rng: random.Random) -> list[bytes]:
    """New distinct messages, some of them large enough that a kill falls into their transfer."""
    return [
        as_served(
            report(
                letter(f"{number}-{n}", text="Zeile\r\n" * rng.choice((1, 100, 20_000))),
                number=f"{number}-{n}",
            )
        )
        for n in range(count)
    ]


def test_killing_fetches_and_the_server_loses_and_doubles_nothing(
    archive: Archive, dovecot: Dovecot, liar: Proxy, tmp_path: Path
) -> None:
    add_source(archive, dovecot)
    through(archive, liar)
    given = kill_fetches(archive, dovecot, liar, kills=20, seed=1, each=12)
    assert liar.lies > 0
    until_empty(archive, dovecot)
    assert_each_once(archive, given, tmp_path / "out")
    assert gaps(archive) == 0


def kill_serve(
    archive: Archive, server: Dovecot, line: Proxy, *, kills: int, seed: int, each: int, name: str = ""
) -> list[bytes]:
    """Deaths of the whole server, of one of its parts, and of Dovecot, while it collects."""
    rng, given = random.Random(seed), []
    process: subprocess.Popen[bytes] | None = None
    for number in range(kills):
        if process is None and number % RENUMBER_EVERY > RENUMBER_EVERY // 2:
            renumber(server)
        more = batch(f"{name}{number}", each, rng)
        server.deposit("journal", more)
        given += more
        if process is None:
            process = archive.start("serve", "--listen", "127.0.0.1:0")
        await_death(process, line, rng, patience=5)  # it may rest for a minute once Dovecot was gone
        if rng.random() < 0.7:
            kill_all(process)
            process = None
        else:
            server.restart()
    if process is not None:
        kill_all(process)
    return given


def test_killing_the_running_archive_loses_and_doubles_nothing(
    archive: Archive, dovecot: Dovecot, line: Proxy, tmp_path: Path
) -> None:
    add_source(archive, dovecot, line=line)
    given = kill_serve(archive, dovecot, line, kills=10, seed=2, each=12)
    until_empty(archive, dovecot)
    assert_each_once(archive, given, tmp_path / "out")
    assert gaps(archive) == 0


def fetch_and_die(opened: Opened, when: str) -> None:
    """`amberpost fetch --once` that dies as its first batch is accepted, before or after the sync."""
    real = fetch_module.accept

    def dies(*args: Any) -> Any:
        if when == "before":
            os._exit(9)
        real(*args)
        os._exit(9)

    fetch_module.accept = dies  # type: ignore[assignment]
    main(["fetch", "--once", "--data", str(opened.config.data)])


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_server_keeps_its_mail_until_there_is_a_receipt(
    when: str, opened: Opened, dovecot: Dovecot, tmp_path: Path
) -> None:
    given = batch("r", 20, random.Random(5))
    dovecot.deposit("journal", given)
    add_source(opened.commands, dovecot)
    opened.dies_in("tests.faults.test_road_dovecot:fetch_and_die", when)
    assert dovecot.count("journal") == len(given)
    assert not [flags for flags in dovecot.flags("journal") if "T" in flags]  # nor marked for another client
    account = fetch(opened.commands)
    assert dovecot.count("journal") == 0
    assert account["duplicate"] == 0 or when == "after"
    assert_each_once(opened.commands, given, tmp_path / "out")


@pytest.mark.long
def test_500_kills_with_new_uidvalidities_and_wrong_sizes_lose_and_double_nothing(
    archive: Archive, dovecot: Dovecot, line: Proxy, liar: Proxy, tmp_path: Path
) -> None:
    add_source(archive, dovecot, line=line)
    given = kill_fetches(archive, dovecot, line, kills=170, seed=3, each=15)
    through(archive, liar)
    given += kill_fetches(archive, dovecot, liar, kills=170, seed=6, each=15, name="l")
    given += kill_serve(archive, dovecot, liar, kills=160, seed=4, each=15, name="s")
    assert liar.lies > 50
    until_empty(archive, dovecot)
    assert_each_once(archive, given, tmp_path / "out")
    assert gaps(archive) == 0


@pytest.mark.long
@own_and_shared
def test_a_mailbox_of_3000_messages_is_emptied(
    sample: str, archive: Archive, dovecot: Dovecot, tmp_path: Path
) -> None:
    own = generated(3000 if sample == "own mail" else 1600)
    dovecot.deposit("journal", distinct([*own, *corpus(), *(path.read_bytes() for path in report_files())]))
    given = served(dovecot)
    assert len(given) >= 2900
    add_source(archive, dovecot)
    assert fetch(archive)["seen"] == len(given)
    assert dovecot.count("journal") == 0
    assert fetch(archive)["seen"] == 0
    assert_each_once(archive, given, tmp_path / "out")
