"""A clock that is wrong: what is accepted waits, and what was sealed before and after carries the right time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from amberpost.cli import clock_command, fetch_command, import_command, process_command
from amberpost.cli.call import Call, Result
from amberpost.cli.main import build_parser
from amberpost.clock import EARLIEST, from_milliseconds, hear, now, take_heard, uptime
from amberpost.daemon.fetch import Fetcher
from amberpost.daemon.notices import hold_round
from amberpost.daemon.schedule import _is_due
from amberpost.daemon.work import open_worker
from amberpost.demo.imap_server import ImapServer
from amberpost.errors import UserError
from amberpost.handover import CaptureId
from amberpost.health.facts import gather
from amberpost.net.http import hear_date, safe_url
from amberpost.notice.webhook import Hook, post
from amberpost.oauth.request import post_form
from amberpost.road import clock_readings
from amberpost.road.clock_judge import ClockFault, Judgement
from amberpost.road.clock_readings import (
    confirm_clock,
    last_judgement,
    note_arrivals,
    note_heard,
    note_look,
    sealing_waits,
)
from amberpost.road.entries import Leaf, parse_header, parse_leaf
from amberpost.road.models import Capture, ClockReading, Message, WorkerStatus
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.cursor import Cursor, FolderCursor
from amberpost.sources.models import Source, SourceStatus
from amberpost.sources.status import note_shown_certificate
from amberpost.sources.uidset import UidSet
from amberpost.store.secret import Secret
from tests.clocks import SetClock
from tests.opened import Opened
from tests.people import ALICE, letter
from tests.servers.certificates import make_certificates
from tests.servers.smtp import web_server

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
YEARS = {"days": 5 * 365}


def server_says(at: datetime, who: str = "login.example") -> None:
    """The Date of an answer over HTTP."""
    hear(f"http {who}", who, earliest=at, latest=at)
    note_heard()


def judged(opened: Opened) -> Judgement:
    opened.process()
    found = last_judgement()
    assert found is not None
    return found


def leaves(opened: Opened, log: str = "mail") -> list[Leaf]:
    with opened.reading() as vault:
        store = getattr(vault, log).store
        return [parse_leaf(leaf) for _, leaf in store.leaves()]


def times(opened: Opened, log: str = "mail") -> list[datetime]:
    return [from_milliseconds(leaf["ts"]) for leaf in leaves(opened, log)]


def is_near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < 5 * MINUTE


def accept(opened: Opened, number: int, **facts: Any) -> CaptureId:
    (capture,) = opened.accept([opened.incoming(letter(number), remote=f"INBOX/1/{number}", **facts)])
    return capture


def command(opened: Opened, module: Any, *words: str) -> Result:
    """A command within this process, where the clock is set."""
    arguments = build_parser(words[0]).parse_args([*words, "--json"])
    result: Result = module.run(Call(arguments=arguments, config=opened.config, actor="test"))
    return result


def kinds(opened: Opened) -> list[tuple[str, str]]:
    return [(one.kind, one.where) for one in opened.verify()]


@pytest.fixture
def alice(new_opened: Any) -> Opened:
    opened: Opened = new_opened(index_commit_seconds=0.02)
    opened.add_user("alice", ALICE.address)
    opened.take(letter(1))
    return opened


class TestAhead:
    def test_what_is_accepted_waits_and_is_sealed_with_the_right_time_after_the_clock_is_mended(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(**YEARS)
        server_says(machine.true)
        capture = accept(alice, 2, received_at=now(), protocol="pop3")
        found = judged(alice)
        assert (found.fault, found.waits, found.who) == (ClockFault.AHEAD, True, "login.example")
        assert len(leaves(alice)) == 1
        assert not Capture.objects.filter(capture_id=capture).exists()

        machine.set(days=0)
        assert judged(alice).is_vouched
        second = leaves(alice)[1]
        assert is_near(from_milliseconds(second["ts"]), machine.true)
        assert second["ta"] <= second["ts"]
        assert second["ke"] == machine.true.year * 100 + machine.true.month
        row = Message.objects.get(captures__capture_id=capture)
        assert is_near(row.captured_at, machine.true)
        assert alice.verify() == []

    def test_what_the_wrong_clock_said_is_kept_and_a_rebuild_makes_the_same_rows(
        self, alice: Opened, machine: SetClock
    ) -> None:
        said = machine.set(**YEARS)
        server_says(machine.true)
        undated = letter(2, date="never")
        alice.accept([alice.incoming(undated, remote="1", received_at=now(), protocol="pop3")])
        judged(alice)
        machine.set(days=0)
        judged(alice)
        with alice.reading() as vault:
            _, header = vault.mail.store.read_header(1)
        assert is_near(from_milliseconds(parse_header(header)["clock_said"]), said)
        columns = ("id", "sent_at", "captured_at", "sha256", "subject")
        before = list(Message.objects.order_by("id").values_list(*columns))
        assert is_near(before[1][1], machine.true)
        alice.rebuild()
        assert list(Message.objects.order_by("id").values_list(*columns)) == before

    def test_no_key_of_a_wrong_month_is_made(self, alice: Opened, machine: SetClock) -> None:
        machine.set(**YEARS)
        server_says(machine.true)
        accept(alice, 2)
        judged(alice)
        machine.set(days=0)
        judged(alice)
        month = f"{machine.true:%Y-%m}"
        keys = open_keys_of(alice.config)
        classes = {str(name) for (name,) in keys.database.rows("SELECT class FROM kek")}
        keys.close()
        assert {name for name in classes if name[-1].isdigit()} == {f"mail-{month}", f"audit-{month}"}

    def test_a_clock_set_wrong_after_a_server_was_asked_is_seen_without_asking_again(
        self, alice: Opened, machine: SetClock
    ) -> None:
        server_says(machine.true)
        assert judged(alice).is_vouched
        machine.set(minutes=11)
        assert judged(alice).fault is ClockFault.AHEAD
        machine.set(minutes=9)
        assert judged(alice).is_vouched

    def test_what_was_said_grows_with_the_uptime(
        self, alice: Opened, machine: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server_says(machine.true)
        monkeypatch.setattr(clock_readings, "uptime", lambda: uptime() + 3600)
        machine.set(hours=1)
        assert judged(alice).is_vouched
        machine.set(hours=0)
        assert judged(alice).fault is ClockFault.BEHIND

    def test_events_jobs_and_signals_wait_as_well(self, alice: Opened, machine: SetClock) -> None:
        before = len(leaves(alice, "audit"))
        machine.set(hours=1)
        server_says(machine.true)
        alice.add_user("bob", "kunde@customer.example")
        judged(alice)
        assert len(leaves(alice, "audit")) == before
        assert len(leaves(alice)) == 1
        machine.set(hours=0)
        judged(alice)
        assert len(leaves(alice, "audit")) > before
        assert [leaf["t"] for leaf in leaves(alice)] == ["ARCHIVE", "ASSIGN"]

    def test_a_worker_that_dies_while_it_waits_loses_nothing(self, alice: Opened, machine: SetClock) -> None:
        machine.set(**YEARS)
        server_says(machine.true)
        for number in (2, 3):
            accept(alice, number)
            for _ in range(2):
                with open_worker(alice.config) as worker:
                    worker.step()  # and is gone without an end
        machine.set(days=0)
        judged(alice)
        assert len(leaves(alice)) == 3
        assert alice.verify() == []

    def test_one_and_the_same_worker_goes_on_by_itself(self, alice: Opened, machine: SetClock) -> None:
        """Even with a batch that was read just before anybody said that the clock is wrong."""
        machine.set(hours=1)
        accept(alice, 2)
        with open_worker(alice.config) as worker:
            assert worker.step()  # read
            server_says(machine.true)
            accept(alice, 3)
            for _ in range(3):
                assert not worker.step()
            assert len(leaves(alice)) == 1
            machine.set(hours=0)
            worker.settle()
        assert len(leaves(alice)) == 3
        assert all(is_near(at, machine.true) for at in times(alice))
        assert all(is_near(row.captured_at, machine.true) for row in Message.objects.all())
        assert alice.verify() == []

    def test_old_evidence_of_another_start_of_the_machine_says_nothing_against_the_clock(
        self, alice: Opened, machine: SetClock
    ) -> None:
        server_says(machine.true - 30 * DAY)
        ClockReading.objects.update(boot="another")
        assert judged(alice).fault is None
        server_says(machine.true - 30 * DAY)
        ClockReading.objects.filter(who="login.example").update(uptime=uptime() - 25 * 3600)
        assert judged(alice).fault is None


class DirectoryStep:
    def test_without_a_server_a_step_of_years_waits_for_somebody(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(**YEARS)
        accept(alice, 2, source=alice.files)
        found = judged(alice)
        assert (found.fault, found.waits, found.who) == (ClockFault.STEPPED, True, "")
        assert len(leaves(alice)) == 1
        result = command(alice, clock_command, "clock", "show")
        assert result.exit_code == 8
        assert "amberpost clock confirm" in result.text

        result = command(alice, clock_command, "clock", "confirm")
        assert (result.exit_code, result.data["sealing_waits"]) == (0, False)
        assert is_near(times(alice)[1], machine.true + timedelta(**YEARS))
        events = [leaf["t"] for leaf in leaves(alice, "audit")]
        assert events[-1] == "EVENT"

    def test_mended_instead_it_goes_on_by_itself(self, alice: Opened, machine: SetClock) -> None:
        machine.set(**YEARS)
        accept(alice, 2)
        assert judged(alice).waits
        machine.set(days=0)
        assert judged(alice).fault is None
        assert is_near(times(alice)[1], machine.true)

    def test_a_smaller_one_is_only_reported(self, alice: Opened, machine: SetClock) -> None:
        machine.set(days=300)
        accept(alice, 2)
        found = judged(alice)
        assert (found.fault, found.waits) == (ClockFault.STEPPED, False)
        assert len(leaves(alice)) == 2
        command(alice, clock_command, "clock", "confirm")
        assert judged(alice).fault is None

    def test_a_clock_before_every_archive_waits_and_cannot_be_confirmed(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(days=-(machine.true - datetime(1970, 1, 2, tzinfo=UTC)).days)
        accept(alice, 2)
        found = judged(alice)
        assert (found.fault, found.waits) == (ClockFault.BEHIND, True)
        assert len(leaves(alice)) == 1
        with pytest.raises(UserError, match="set it right"):
            confirm_clock("test")

    def test_a_first_entry_with_a_clock_of_1970_waits_too(self, new_opened: Any, machine: SetClock) -> None:
        assert datetime(2026, 1, 1, tzinfo=UTC) < EARLIEST
        machine.set(days=-(machine.true - datetime(1970, 1, 2, tzinfo=UTC)).days)
        opened = new_opened()
        accept(opened, 1)
        assert judged(opened).waits
        assert leaves(opened) == []


class TestBack:
    """2031 was sealed before anybody knew better."""

    @pytest.fixture
    def fooled(self, alice: Opened, machine: SetClock) -> Opened:
        machine.set(**YEARS)
        confirm_clock("test")
        for number in (20, 21):
            accept(alice, number)
        judged(alice)
        assert all(at > machine.true + 4 * 365 * DAY for at in times(alice)[1:])
        ClockReading.objects.all().delete()
        machine.set(days=0)
        return alice

    def test_where_a_server_agrees_later_entries_carry_the_true_time_and_verify_tells_it_once(
        self, fooled: Opened, machine: SetClock
    ) -> None:
        server_says(machine.true)
        for number in (3, 4, 5):
            accept(fooled, number)
            assert judged(fooled).is_vouched
        assert all(is_near(at, machine.true) for at in times(fooled)[3:])
        found = [one for one in kinds(fooled) if one[1].startswith("mail")]
        assert found == [("time_in_future", "mail/1"), ("time_not_monotone", "mail/3")]

    def test_where_nobody_does_it_waits_for_somebody(self, fooled: Opened, machine: SetClock) -> None:
        accept(fooled, 3)
        found = judged(fooled)
        assert (found.fault, found.waits) == (ClockFault.BEHIND, True)
        assert "amberpost clock confirm" in command(fooled, clock_command, "clock", "show").text
        assert len(leaves(fooled)) == 3
        command(fooled, clock_command, "clock", "confirm")
        assert is_near(times(fooled)[3], machine.true)

    def test_a_clock_somewhat_behind_is_an_alarm_and_sealing_times_do_not_go_back(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(hours=2)
        confirm_clock("test")
        accept(alice, 2)
        judged(alice)
        ClockReading.objects.all().delete()
        machine.set(hours=0)
        accept(alice, 3)
        found = judged(alice)
        assert (found.fault, found.waits) == (ClockFault.BEHIND, False)
        first, second, third = times(alice)
        assert first < second <= third
        assert "time_not_monotone" not in {kind for kind, _ in kinds(alice)}

    def test_the_key_of_a_record_is_of_the_month_its_leaf_names(
        self, alice: Opened, machine: SetClock
    ) -> None:
        """Else destroying the keys of a month would leave some of its records, and take some of another."""
        machine.set(days=40)
        confirm_clock("test")
        accept(alice, 2)
        judged(alice)
        ClockReading.objects.all().delete()
        machine.set(days=0)
        accept(alice, 3)
        judged(alice)
        keys = open_keys_of(alice.config)
        rows = keys.database.rows("SELECT idx, class FROM mail_capture JOIN kek ON kek.id = kek ORDER BY idx")
        keys.close()
        months = [f"mail-{leaf['ke'] // 100}-{leaf['ke'] % 100:02}" for leaf in leaves(alice)]
        assert [name for _, name in rows] == months == [f"mail-{at:%Y-%m}" for at in times(alice)]
        assert len(set(months)) == 2

    def test_a_second_back_changes_no_order(self, alice: Opened, machine: SetClock) -> None:
        for seconds in (-1, -2, -3):
            machine.set(seconds=seconds)
            accept(alice, 10 - seconds)
            assert judged(alice).fault is None
        assert times(alice) == sorted(times(alice))
        assert alice.verify() == []

    def test_schedules_made_by_a_clock_that_was_ahead_stop_nothing(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(**YEARS)
        assert hold_round(alice.config, now())
        source = Source.objects.get(pk=alice.mailbox)
        SourceStatus.objects.update_or_create(
            source=source, defaults={"last_attempt_at": now(), "next_attempt_at": now() + DAY}
        )
        machine.set(days=0)
        assert hold_round(alice.config, now())
        assert not hold_round(alice.config, now())
        assert _is_due(Source.objects.get(pk=alice.mailbox))


class TestCommands:
    def test_an_import_ends_and_says_what_waits(
        self, alice: Opened, machine: SetClock, tmp_path: Any
    ) -> None:
        (folder := tmp_path / "mail").mkdir()
        for number in (2, 3):
            (folder / f"{number}.eml").write_bytes(letter(number))
        machine.set(hours=1)
        server_says(machine.true)
        result = command(alice, import_command, "import", str(folder))
        assert result.exit_code == 8
        assert (result.data["seen"], result.data["stored"], result.data["waiting"]) == (2, 0, 2)
        assert "2 accepted and waiting to be sealed: The clock of this machine is ahead" in result.text
        assert command(alice, process_command, "process").exit_code == 8
        machine.set(hours=0)
        result = command(alice, process_command, "process")
        assert (result.exit_code, result.data["messages"]) == (0, 3)

    def test_nobody_gives_up_because_of_what_a_worker_thought_that_has_ended(
        self, alice: Opened, machine: SetClock
    ) -> None:
        machine.set(hours=1)
        server_says(machine.true)
        assert judged(alice).waits
        assert sealing_waits()
        WorkerStatus.objects.filter(name="work").update(pid=2**22 + 1)  # above every process id of Linux
        assert not sealing_waits()

    def test_the_alarm_says_so_on_the_overview(self, alice: Opened, machine: SetClock) -> None:
        machine.set(hours=1)
        server_says(machine.true)
        judged(alice)
        alice.add_user("otto", role="operator")
        machine.set(hours=0)  # else the session of the browser would be of another time
        page = alice.browser("otto").get("/console/").content.decode()
        assert "The clock of this machine is ahead" in page
        assert gather(alice.config, has_index=True).clock is not None
        judged(alice)
        assert "The clock of this machine" not in alice.browser("otto").get("/console/").content.decode()


class TestServers:
    """Where the sayings come from: real answers and certificates, whose servers know the true time."""

    def test_an_answer_over_http_to_a_question_of_ours(self, alice: Opened, machine: SetClock) -> None:
        machine.set(hours=1)
        with web_server() as received:
            url = safe_url(f"http://127.0.0.1:{received.port}/token")
            assert url is not None
            post_form(url, {"grant_type": "client_credentials"}, None)
        note_heard()
        found = judged(alice)
        assert (found.fault, found.who) == (ClockFault.AHEAD, "127.0.0.1")
        assert found.known is not None
        assert is_near(found.known, machine.true)

    def test_an_answer_to_a_webhook(self, alice: Opened, machine: SetClock) -> None:
        machine.set(hours=1)
        with web_server() as received:
            hook = Hook(
                url=f"http://127.0.0.1:{received.port}/", secret=Secret(b""), ca_pem="", is_internal=True
            )
            post(hook, {}, token="t", at=now())
        note_heard()
        assert judged(alice).fault is ClockFault.AHEAD

    @pytest.mark.parametrize("text", [None, "", "yesterday", "Sat, 99 Nov 2026 10:00:00 GMT", "\0"])
    def test_a_date_that_is_none_says_nothing(self, machine: SetClock, text: str | None) -> None:
        hear_date("odd.example", text)
        assert take_heard() == []

    def test_a_certificate_is_not_older_than_it_says(
        self, alice: Opened, machine: SetClock, tmp_path: Any
    ) -> None:
        made = make_certificates(tmp_path)
        der = load_pem_x509_certificate(made.chain.read_bytes()).public_bytes(Encoding.DER)
        machine.set(days=-2)
        note_shown_certificate(alice.mailbox, der)
        note_heard()
        ClockReading.objects.filter(name="worker").delete()
        assert judged(alice).fault is ClockFault.BEHIND


@pytest.mark.parametrize(("uid", "fault"), [(5, None), (6, ClockFault.AHEAD)])
def test_only_mail_under_new_numbers_came_since_the_last_look(
    alice: Opened, machine: SetClock, uid: int, fault: ClockFault | None
) -> None:
    """A server that cannot delete gives the same mail in each run."""
    source = Source.objects.get(pk=alice.mailbox)
    note_look(source, uptime())
    known = FolderCursor(folder="INBOX", uidvalidity=1, uids=UidSet(((1, 5),)))
    one = replace(alice.incoming(letter(9), remote=f"INBOX/1/{uid}"), arrived_at=machine.true - 40 * DAY)
    note_arrivals(source, Cursor(folders=(known,)), [one])
    assert judged(alice).fault is fault


@pytest.fixture
def server() -> Iterator[ImapServer]:
    made = ImapServer(user="journal", password=Secret(b"word"))
    made.start()
    yield made
    made.stop()
    made.server_close()


class TestMail:
    """INTERNALDATE of a real conversation over IMAP."""

    @pytest.fixture(params=[True])
    def source(self, alice: Opened, server: ImapServer, request: pytest.FixtureRequest) -> Source:
        source = Source(
            name="Journal",
            server=f"127.0.0.1:{server.port}",
            user="journal",
            security="none",
            keep_mails=request.param,
        )
        keys = open_keys_of(alice.config)
        save_source(source, NewSecrets(password="word"), keys.seal_setting)
        keys.close()
        return source

    def fetch(self, opened: Opened) -> dict[str, Any]:
        result = command(opened, fetch_command, "fetch", "--source", "Journal", "--once")
        (account,) = result.data["sources"]
        assert result.exit_code == (8 if "waiting" in account else 0), result.text
        return dict(account)

    @pytest.mark.parametrize("source", [True, False], indirect=True)
    def test_mail_that_came_since_the_last_look_says_that_the_clock_is_ahead(
        self, alice: Opened, server: ImapServer, source: Source, machine: SetClock
    ) -> None:
        server.inbox.add(letter(2), machine.true - 40 * DAY)
        assert self.fetch(alice)["stored"] == 1
        assert judged(alice).fault is None  # its first mail may be of any age

        machine.set(minutes=30)
        server.inbox.add(letter(3), machine.true)
        account = self.fetch(alice)
        assert (account["seen"], account["stored"], account["waiting"]) == (1, 0, 1)
        found = judged(alice)
        assert (found.fault, found.who) == (ClockFault.AHEAD, source.server)
        server.inbox.add(letter(4), machine.true)
        assert self.fetch(alice)["waiting"] >= 1  # accepting goes on
        machine.set(minutes=0)
        assert judged(alice).is_vouched
        assert {row.subject for row in Message.objects.all()} == {f"Brief {n}" for n in (1, 2, 3, 4)}
        assert all(is_near(at, machine.true) for at in times(alice))
        assert alice.verify() == []

    def test_old_mail_moved_into_the_mailbox_stops_nothing_once_newer_mail_has_spoken(
        self, alice: Opened, server: ImapServer, source: Source, machine: SetClock
    ) -> None:
        for number in (2, 3):
            server.inbox.add(letter(number), machine.true)
            self.fetch(alice)
        assert judged(alice).is_vouched
        server.inbox.add(letter(4), machine.true - 700 * DAY)
        assert self.fetch(alice)["stored"] == 1
        assert judged(alice).is_vouched

    @pytest.mark.parametrize("source", [True, False], indirect=True)
    def test_one_collecting_process_fetches_what_waits_once(
        self, alice: Opened, server: ImapServer, source: Source, machine: SetClock
    ) -> None:
        machine.set(**YEARS)
        assert judged(alice).waits
        server.inbox.add(letter(2), machine.true)
        keys = open_keys_of(alice.config)
        fetcher = Fetcher(alice.config, keys)
        runs = [fetcher.collect(source) for _ in range(3)]
        assert [(run.seen, run.waiting) for run in runs] == [(1, 1), (0, 0), (0, 0)]
        fetcher.close()
        keys.close()
        machine.set(days=0)
        judged(alice)
        *mail, life = leaves(alice)
        assert [leaf["t"] for leaf in mail] == ["ARCHIVE", "ARCHIVE"]
        assert life["t"] == "HEARTBEAT"
        assert life["from"] <= life["to"] <= life["ts"]
