"""GAP and HEARTBEAT: what never came is told once, what was never missing is not told at all."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections

from amberpost.clock import milliseconds, now
from amberpost.daemon.work import settle
from amberpost.road import signals as signals_module
from amberpost.sources.connector import FetchReport
from amberpost.sources.cursor import Cursor
from amberpost.sources.models import Source, SourceSignal
from amberpost.sources.signals import note_run
from tests.opened import Opened
from tests.people import letter
from tests.road.collecting import USER, Mailbox, collect_alone
from tests.road.dump import catalogue
from tests.servers.dovecot import PROGRAM, Dovecot

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot(users={USER: "journal word"}) as server:
        yield server


@pytest.fixture
def mailbox(server: Dovecot, opened: Opened) -> Mailbox:
    shutil.rmtree(server.maildir(USER), ignore_errors=True)
    mailbox = Mailbox(opened=opened, server=server)
    mailbox.configure()
    return mailbox


def gaps(mailbox: Mailbox) -> list[tuple[int, int]]:
    """The sealed gaps; the rows made from them must say the same, and nothing may wait."""
    settle(mailbox.opened.config)
    sealed = [(leaf["from"], leaf["to"]) for leaf in mailbox.leaves("GAP")]
    assert not SourceSignal.objects.filter(entry=None).exists()
    rows = SourceSignal.objects.filter(kind="gap").order_by("entry").values_list("first_uid", "last_uid")
    assert list(rows) == sealed
    return sealed


class TestGap:
    def test_a_message_removed_before_it_was_fetched_is_told_in_the_next_cycle(
        self, mailbox: Mailbox
    ) -> None:
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.deliver([letter(n) for n in (2, 3, 4, 5, 6)])
        mailbox.remove(2, 3, 5)
        assert mailbox.collect().seen == 2
        assert gaps(mailbox) == [(3, 4), (6, 6)]
        (first, _) = mailbox.leaves("GAP")
        assert first.keys() == {"v", "t", "ts", "src", "from", "to", "h"}
        for _ in range(3):
            mailbox.collect()
        assert gaps(mailbox) == [(3, 4), (6, 6)]
        assert mailbox.opened.verify() == []

    @pytest.mark.parametrize("keep_mails", [True, False])
    def test_what_went_before_we_first_looked_is_no_gap(self, mailbox: Mailbox, keep_mails: bool) -> None:
        mailbox.deliver([letter(n) for n in range(6)])
        mailbox.remove(2, 3, 6)
        mailbox.configure(keep_mails=keep_mails)
        assert mailbox.collect().seen == 3
        mailbox.deliver([letter(7)])
        assert mailbox.collect().seen == 1
        assert gaps(mailbox) == []

    def test_what_is_archived_may_go(self, mailbox: Mailbox) -> None:
        """By our own deletion, and by somebody else's where we keep it."""
        mailbox.configure(keep_mails=True)
        for start in (0, 3):
            mailbox.deliver([letter(n) for n in range(start, start + 3)])
            mailbox.collect()
        mailbox.remove(1, 5)
        mailbox.collect()
        mailbox.configure(keep_mails=False)
        mailbox.collect()
        mailbox.collect()
        assert mailbox.server.count(USER) == 0
        assert gaps(mailbox) == []

    def test_mail_too_large_for_us_that_somebody_removes_is_a_gap(self, mailbox: Mailbox) -> None:
        mailbox.configure(max_size_mb=1)
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.deliver([letter(2, text="x" * 3_000_000)])
        assert mailbox.collect().left == 1
        assert gaps(mailbox) == []
        mailbox.remove(1)
        mailbox.collect()
        assert gaps(mailbox) == [(2, 2)]

    def test_mail_accepted_by_a_process_that_was_killed_is_no_gap(self, mailbox: Mailbox) -> None:
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.deliver([letter(n) for n in (2, 3, 4)])
        mailbox.opened.dies_in("tests.road.test_road_signals:fetch_and_die")
        assert mailbox.server.count(USER) == 0
        assert mailbox.collect(settles=False).seen == 0  # sees holes: nobody has processed what they held
        assert SourceSignal.objects.filter(kind="gap", entry=None).exists()
        assert gaps(mailbox) == []
        assert len(mailbox.leaves("ARCHIVE")) == 4

    def test_a_gap_is_sealed_once_though_the_worker_is_killed(self, mailbox: Mailbox) -> None:
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.deliver([letter(n) for n in (2, 3)])
        mailbox.remove(1)
        beat = Source.objects.get(name="Journal")
        mailbox.collect(settles=False)
        note_run(beat, nothing(), now())
        mailbox.opened.dies_in("tests.road.test_road_signals:seal_and_die", "before")
        mailbox.opened.dies_in("tests.road.test_road_signals:seal_and_die", "after")
        assert gaps(mailbox) == [(2, 2)]
        assert len(mailbox.leaves("HEARTBEAT")) == 1
        assert mailbox.opened.verify() == []

    def test_numbers_given_out_again_are_no_gap(self, mailbox: Mailbox) -> None:
        mailbox.configure(keep_mails=True)
        mailbox.deliver([letter(n) for n in range(4)])
        mailbox.collect()
        mailbox.server.empty(USER)
        mailbox.deliver([letter(n) for n in range(2, 4)])
        mailbox.collect()
        assert gaps(mailbox) == []


class TestRebuild:
    def test_gaps_and_signs_of_life_come_back_and_nothing_new_is_missed(self, mailbox: Mailbox) -> None:
        mailbox.deliver([letter(n) for n in range(4)])
        mailbox.remove(2)
        mailbox.collect()
        mailbox.deliver([letter(n) for n in (5, 6)])
        mailbox.remove(1)
        mailbox.collect()
        mailbox.collect()
        found, before = gaps(mailbox), catalogue()
        assert found == [(5, 5)]
        assert [signal[0] for signal in before["signals"]] == ["gap", "heartbeat"]
        connections.close_all()
        mailbox.opened.commands.json("rebuild", "--catalogue")
        after = catalogue()
        assert after["signals"] == before["signals"]
        for _ in range(2):
            mailbox.collect()
        assert gaps(mailbox) == found
        assert mailbox.opened.verify() == []

    def test_a_gap_that_waits_is_sealed_after_a_rebuild(self, mailbox: Mailbox) -> None:
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.deliver([letter(n) for n in (2, 3)])
        mailbox.remove(1)
        mailbox.collect(settles=False)
        mailbox.opened.rebuild()
        assert gaps(mailbox) == [(2, 2)]


class TestHeartbeat:
    def test_silence_is_told_at_most_every_15_minutes(self, mailbox: Mailbox) -> None:
        source, began = Source.objects.get(name="Journal"), now()
        for minute in range(46):
            note_run(source, nothing(), began + timedelta(minutes=minute))
            if minute % 10 == 0:
                settle(mailbox.opened.config)
        settle(mailbox.opened.config)
        beats = mailbox.leaves("HEARTBEAT")
        assert [leaf["to"] - milliseconds(began) for leaf in beats] == [
            minute * 60_000 for minute in (0, 15, 30, 45)
        ]
        assert [later["from"] for later in beats[1:]] == [earlier["to"] for earlier in beats[:-1]]
        assert beats[0].keys() == {"v", "t", "ts", "src", "from", "to", "h"}
        assert mailbox.opened.verify() == []

    def test_a_run_with_mail_or_an_error_is_no_sign_of_silence(self, mailbox: Mailbox) -> None:
        mailbox.deliver([letter(1)])
        mailbox.collect()
        mailbox.configure(server="localhost:1")
        assert mailbox.collect().error
        assert mailbox.leaves("HEARTBEAT") == []
        mailbox.configure()
        mailbox.collect()
        mailbox.collect()
        assert len(mailbox.leaves("HEARTBEAT")) == 1


def nothing() -> FetchReport:
    return FetchReport(captures=(), left=(), notes=(), gone=Cursor(), gaps=(), error=None)


def fetch_and_die(opened: Opened) -> None:
    """A collecting process that is killed when the server has forgotten the mail and before the worker looks."""
    collect_alone(opened, lambda: os._exit(9))


def seal_and_die(opened: Opened, when: str) -> None:
    """A worker that is killed around the sealing of what sources told."""
    real = signals_module.append

    def dies(*arguments: object, **more: object) -> None:
        if when == "after":
            real(*arguments, **more)  # type: ignore[arg-type]
        os._exit(9)

    signals_module.append = dies  # type: ignore[assignment]
    settle(opened.config)
