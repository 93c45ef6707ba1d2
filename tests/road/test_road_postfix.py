"""The lines of the Postfix guide in a real Postfix: the journal copy names everybody, other copies nobody."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from amberpost.console.guides.commands import postfix_envelope
from amberpost.message.evaluate import addresses
from amberpost.message.parse import parse
from tests.servers.postfix import PROGRAM, Postfix, free_port

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None or os.geteuid() != 0, reason="needs Postfix and root"),
]

JOURNAL = "journal@archive.example"
LETTER = b"From: alice@firma.example\r\nTo: kunde@customer.example\r\nSubject: Angebot\r\n\r\nGuten Tag.\r\n"


@dataclass
class Sink:
    """Takes what Postfix hands on."""

    taken: list[tuple[list[str], bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken.append((list(envelope.rcpt_tos), bytes(envelope.content)))
        return "250 OK"


class _Lmtp(Controller):
    def factory(self) -> SMTP:
        return LMTP(self.handler)


@pytest.fixture
def sinks() -> Iterator[tuple[Sink, int, Sink, int]]:
    outside, journal = Sink(), Sink()
    first = Controller(outside, hostname="127.0.0.1", port=free_port())
    second = _Lmtp(journal, hostname="127.0.0.1", port=free_port())
    first.start()
    second.start()
    yield outside, first.port, journal, second.port
    first.stop()
    second.stop()


def test_the_envelope_reaches_the_journal_and_nobody_else(
    tmp_path: Path, sinks: tuple[Sink, int, Sink, int]
) -> None:
    outside, relay, journal, lmtp = sinks
    main, note, strip, master = (block.text for block in postfix_envelope({"journal_address": JOURNAL}))
    tmp_path.chmod(0o755)
    (tmp_path / "envelope-note").write_text(note)
    (tmp_path / "envelope-strip").write_text(strip)
    main = main.replace("/etc/postfix/", f"{tmp_path}/")
    main = main.replace("unix:private/dovecot-lmtp", f"inet:127.0.0.1:{lmtp}")
    with Postfix(relay=relay, main=main, master=master) as server:
        with server.connect() as client:
            client.sendmail("alice@firma.example", ["kunde@customer.example", "bob@firma.example"], LETTER)
        deadline = time.monotonic() + 60
        while not journal.taken or sum(len(to) for to, _ in outside.taken) < 2:
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.1)
    ((recipients, kept),) = journal.taken
    assert recipients == [JOURNAL]
    assert {found.address for found in addresses(kept, parse(kept), "x-envelope-to")} == {
        "alice@firma.example",
        "kunde@customer.example",
        "bob@firma.example",
    }
    assert outside.taken
    assert all(b"x-envelope-to" not in raw.lower() for _, raw in outside.taken)
    assert all(b"bob@" not in raw for _, raw in outside.taken)
