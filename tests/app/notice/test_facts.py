"""From what happens in an archive to a message that arrives: facts, the round, processes, commands."""

import json
import os
import socket
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from amberpost.clock import now
from amberpost.daemon.notices import hold_round
from amberpost.daemon.work import report_status
from amberpost.errors import Finding, FindingKind
from amberpost.governance.state import restore_snapshot, take_snapshot
from amberpost.health import liveness as health
from amberpost.health.alarms import Facts, SourceFacts
from amberpost.health.facts import gather, index_is_there
from amberpost.health.numbers import kept_bytes
from amberpost.health.verified import note_verified
from amberpost.health.verify import Verification
from amberpost.notice.alarm import Level
from amberpost.notice.configure import ROW, current_settings, save_settings
from amberpost.notice.models import Notice, NoticeSettings, Round
from amberpost.remark import Remark
from amberpost.road.models import Message, Position, Quarantine, Work, WorkerStatus
from amberpost.road.open import open_keys_of
from amberpost.sources.models import FetchRun, Source, SourceStatus
from amberpost.store.disk import LocalDisk
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, letter
from tests.processes import kill_all
from tests.servers.certificates import make_certificates
from tests.servers.smtp import USER, WORD, relay, web_server

HOUR = timedelta(hours=1)


def facts(opened: Opened) -> Facts:
    return gather(opened.config, has_index=index_is_there(opened.config))


def the_source(opened: Opened) -> SourceFacts:
    (source,) = [one for one in facts(opened).sources if one.source_id == opened.mailbox]
    return source


def alive() -> None:
    for name in ("work", "fetch"):
        report_status(name, now())


def test_a_fresh_archive_has_nothing_wrong_but_its_processes(opened: Opened) -> None:
    found = facts(opened)
    assert (set(found.seen_at) - {"work"}, found.sources, found.has_index) == (set(), (), True)
    assert (found.findings, found.failed_jobs, found.unprocessable, found.quarantined_today) == (0, 0, 0, 0)
    assert (found.unfindable_since, found.unprocessed_since) == (None, None)
    assert 0 < found.disk_percent <= 100


def test_files_that_vanish_while_we_look_count_nothing(opened: Opened) -> None:
    """The worker removes intake logs and tiles at any moment; a link without its file looks the same to us."""
    report_status("work", now(), intake_pending=1)  # so the logs are looked at
    with opened.reading() as vault:
        before = kept_bytes(vault)
        (opened.config.data / "intake").mkdir(exist_ok=True)
        (opened.config.data / "intake" / "gone.log").symlink_to("nowhere")
        assert kept_bytes(vault) == before
    assert facts(opened).unprocessed_since is None


def test_a_missing_index_is_seen(opened: Opened) -> None:
    (opened.config.data / "index").rename(opened.config.data / "elsewhere")
    assert not facts(opened).has_index


def test_mail_that_cannot_be_found_yet_tells_since_when(opened: Opened) -> None:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1), letter(2))
    assert facts(opened).unfindable_since is None
    Position.objects.filter(name="index").update(next_index=1)
    assert (
        facts(opened).unfindable_since
        == Message.objects.order_by("-id").values_list("captured_at", flat=True)[0]
    )
    assert facts(opened).index_lag == 1


def test_collected_mail_waits_only_while_the_worker_is_busy_or_gone(opened: Opened) -> None:
    opened.accept([opened.incoming(letter(1))])
    WorkerStatus.objects.all().delete()
    long_ago = (now() - HOUR).timestamp()
    for path in (opened.config.data / "intake").glob("*.log"):
        os.utime(path, (long_ago, long_ago))
    since = facts(opened).unprocessed_since
    assert since is not None
    assert timedelta(minutes=59) < now() - since < timedelta(minutes=61)
    report_status("work", now())
    assert facts(opened).unprocessed_since is None  # an idle worker has drained what there is
    report_status("work", now(), intake_pending=3)
    assert facts(opened).unprocessed_since == since
    opened.process()
    WorkerStatus.objects.all().delete()
    assert facts(opened).unprocessed_since is None


def test_quarantine_counts_the_last_day_only(opened: Opened) -> None:
    opened.take(*(letter(n, to="nobody@nowhere.example", sender="x@nowhere.example") for n in range(3)))
    assert facts(opened).quarantined_today == 3
    Message.objects.filter(id=0).update(captured_at=now() - 25 * HOUR)
    Message.objects.filter(id=1).update(quarantine=Quarantine.UNPROCESSABLE)
    assert (facts(opened).quarantined_today, facts(opened).unprocessable) == (2, 1)


def test_the_last_verification_decides(opened: Opened) -> None:
    finding = Finding(kind=FindingKind.COMMITMENT_MISMATCH, where="y", remark=Remark("record_damaged"))
    note_verified(
        LocalDisk(opened.config.data), "quick", by="test", report=Verification(findings=[finding, finding])
    )
    assert facts(opened).findings == 2
    note_verified(
        LocalDisk(opened.config.data), "quick", by="test", report=Verification(), error=Remark("cannot_write")
    )
    assert (facts(opened).findings, facts(opened).has_failed_verify) == (0, True)
    Work.objects.create(kind="assign", finished_at=now(), error={"code": "cannot_write"})
    Work.objects.create(
        kind="assign",
        finished_at=now() - timedelta(days=8),
        error={"code": "cannot_write"},
    )
    assert facts(opened).failed_jobs == 1


def test_a_worker_with_a_job_is_busy_but_not_for_ever(opened: Opened) -> None:
    job = Work.objects.create(kind="verify", claimed_at=now())
    assert facts(opened).is_worker_busy
    Work.objects.filter(pk=job.pk).update(claimed_at=now() - HOUR)
    assert not facts(opened).is_worker_busy


def test_a_failing_source_tells_how_often_and_why(opened: Opened) -> None:
    SourceStatus.objects.create(
        source_id=opened.mailbox, failures=6, last_error={"code": "system_ehostunreach"}
    )
    found = the_source(opened)
    assert (found.name, found.failures, found.last_error) == ("mailbox", 6, {"code": "system_ehostunreach"})


def test_a_source_tells_what_expires_what_is_left_and_how_long_it_is_quiet(opened: Opened) -> None:
    source, at = Source.objects.get(pk=opened.mailbox), now()
    assert the_source(opened).quiet_since == source.created_at
    FetchRun.objects.create(source=source, started_at=at - 2 * HOUR, finished_at=at)
    assert the_source(opened).quiet_since == at - 2 * HOUR
    Source.objects.filter(pk=source.pk).update(silence_hours=24, secret_expires_on="2026-12-01")
    SourceStatus.objects.create(
        source=source, last_message_at=at - HOUR, left_count=2, certificate_expires_at=at
    )
    found = the_source(opened)
    assert (found.silence_hours, found.quiet_since) == (24, at - HOUR)
    assert (found.secret_expires_on, found.certificate_expires_at) == (date(2026, 12, 1), at)
    assert found.left == 2


def test_a_day_survives_the_snapshot(opened: Opened) -> None:
    Source.objects.filter(pk=opened.mailbox).update(secret_expires_on="2026-12-01")
    snapshot = json.loads(json.dumps(take_snapshot()))
    Source.objects.all().delete()
    restore_snapshot({"sources.Source": snapshot["sources.Source"]})
    assert Source.objects.get(pk=opened.mailbox).secret_expires_on == date(2026, 12, 1)


# The round


def mail_to(opened: Opened, port: int, ca_pem: str) -> None:
    settings = current_settings()
    settings.relay, settings.addresses, settings.ca_pem = f"localhost:{port}", ["otto@firma.example"], ca_pem
    settings.user, settings.language = USER, "en"
    keys = open_keys_of(opened.config)
    save_settings(settings, {"password": WORD}, keys.seal_setting)
    keys.close()


def test_a_round_looks_notes_and_tells_with_the_sealed_password(
    opened: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    alive()
    Source.objects.filter(pk=opened.mailbox).update(enabled=True)
    SourceStatus.objects.create(
        source_id=opened.mailbox, failures=5, last_error={"code": "system_ehostunreach"}
    )
    certificates = make_certificates(tmp_path)
    with relay(certificates, auth=True) as (mailbox, port):
        mail_to(opened, port, certificates.ca_pem)
        assert hold_round(opened.config, now())
        assert not hold_round(opened.config, now())
        Round.objects.update(next_at=now())
        assert hold_round(opened.config, now())
        assert len(mailbox.messages) == 1
        assert "mailbox cannot be collected: No route to host" in mailbox.texts[0]
        SourceStatus.objects.update(failures=0)
        Notice.objects.update(last_at=now() - HOUR)
        Round.objects.update(next_at=now())
        alive()
        assert hold_round(opened.config, now())
    assert [m["Subject"] for m in mailbox.messages] == [
        "Amberpost: 1 thing needs your attention",
        "Amberpost: resolved",
    ]
    assert WORD not in caplog.text


def test_a_monitor_is_told_how_many_grave_alarms_stand_and_not_which(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> int:
        raise OperationalError("database is locked")

    anybody = Client()
    assert anybody.get("/health").json()["grave_alarms"] == 0
    Notice.objects.create(
        kind="source_failing", subject="7", level=Level.GRAVE, first_at=now(), last_at=now(),
        arguments={"source": "Journal der Firma", "error": "no route"},
    )  # fmt: skip
    answer = anybody.get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["grave_alarms"]) == (200, "ok", 1)
    assert "Journal" not in answer.content.decode()
    assert "source" not in answer.content.decode()
    monkeypatch.setattr(health, "count_grave", fail)
    assert anybody.get("/health").json()["grave_alarms"] is None


def test_the_settings_travel_with_the_state_and_their_secrets_stay_sealed(opened: Opened) -> None:
    mail_to(opened, 25, "")
    snapshot = take_snapshot()
    assert WORD not in str(snapshot)
    (row,) = snapshot["notice.NoticeSettings"]
    assert row["addresses"] == ["otto@firma.example"]
    Source.objects.all().delete()
    current_settings().delete()
    restore_snapshot({"notice.NoticeSettings": [row]})
    keys = open_keys_of(opened.config)
    sealed = bytes(current_settings().sealed_password)
    assert keys.open_setting(ROW, "password", sealed) == WORD.encode()
    keys.close()


def test_a_message_holds_no_mail_and_nobodys_address(opened: Opened) -> None:
    alive()
    sent = [
        letter(n, to="lost@nowhere.example", sender="who@nowhere.example", subject="Geheim") for n in range(3)
    ]
    opened.take(*sent)
    with relay() as (mailbox, port), web_server() as received:
        settings = current_settings()
        settings.relay, settings.addresses, settings.security = (
            f"localhost:{port}",
            ["o@firma.example"],
            "none",
        )
        settings.webhook_url, settings.is_webhook_internal = f"http://localhost:{received.port}/", True
        settings.quarantine_per_day = 1
        save_settings(settings, {}, lambda _r, _f, plain: plain)
        assert hold_round(opened.config, now())
    told = mailbox.texts[0] + received.bodies[0].decode()
    assert "quarantine" in told
    assert not any(word in told for word in ("Geheim", "nowhere.example", "lost@", "who@"))
    assert mailbox.envelopes[0].mail_from == "o@firma.example", "without a sender, the first recipient"


def test_without_recipients_or_without_a_relay_no_mail_is_sent() -> None:
    settings = NoticeSettings(relay="smtp.firma.example", addresses=["o@firma.example"])
    assert settings.has_mail
    assert not NoticeSettings(relay="smtp.firma.example", addresses=[]).has_mail
    assert not NoticeSettings(relay="", addresses=["o@firma.example"]).has_mail


def rounds_in_a_child(opened: Opened, times: str) -> None:
    """Called by test_two_processes_send_once, in processes of their own."""
    for _ in range(int(times)):
        hold_round(opened.config, now())


def test_two_processes_send_once(opened: Opened) -> None:
    alive()
    Work.objects.create(kind="assign", finished_at=now(), error={"code": "cannot_write"})
    with relay() as (mailbox, port):
        settings = current_settings()
        settings.relay, settings.addresses, settings.security = (
            f"localhost:{port}",
            ["o@firma.example"],
            "none",
        )
        save_settings(settings, {}, lambda _r, _f, plain: plain)
        codes: list[int] = []
        name = "tests.app.notice.test_facts:rounds_in_a_child"
        threads = [threading.Thread(target=lambda: codes.append(opened.in_child(name, 30))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert codes == [0, 0]
    assert len(mailbox.messages) == 1


# Commands and the running archive


def test_commands_set_show_test_and_list(archive: Archive, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    for name, text in (("word", WORD), ("hook", "hook geheim"), ("ca", certificates.ca_pem)):
        (tmp_path / name).write_text(text + "\n")
    assert archive.run("notice", "test", "--json").code == 2
    with relay(certificates, auth=True) as (mailbox, port), web_server() as received:
        done = archive.json(
            "notice", "set", "--to", "Otto@Firma.example", "--to", "oda@firma.example", "--relay", f"localhost:{port}",
            "--user", USER, "--password-file", tmp_path / "word", "--ca", tmp_path / "ca", "--failing-polls", "3",
            "--webhook", f"http://localhost:{received.port}/", "--webhook-internal", "yes",
            "--webhook-secret-file", tmp_path / "hook", "--language", "fr", "--from", "archive@firma.example",
        )  # fmt: skip
        assert done["to"] == ["otto@firma.example", "oda@firma.example"]
        assert (done["password_set"], done["webhook_secret_set"], done["failing_polls"]) == (True, True, 3)
        shown = archive.run("notice", "show")
        assert WORD not in shown.out.decode()
        assert archive.json("notice", "show") == done
        tests = archive.json("notice", "test")["tests"]
        assert [(test["channel"], test["step"]) for test in tests] == [("mail", None), ("webhook", None)]
        assert "Ceci est un test" in mailbox.texts[0]
        assert "x-amberpost-signature" in received.got[0]
    failed = archive.json("notice", "test", code=4)["tests"]
    assert [test["step"] for test in failed] == ["connect", "connect"]
    assert archive.json("notice", "set", "--relay", "", "--webhook", "")["relay"] == ""
    assert archive.run("notice", "test", "--json").code == 2
    assert archive.json("notice", "list") == {"notices": []}
    assert archive.run("notice", "set", "--user", "x", "--security", "none", "--json").code == 2


@pytest.mark.slow
def test_a_running_archive_tells_that_another_of_its_processes_is_gone(opened: Opened) -> None:
    old = now() - HOUR
    WorkerStatus.objects.update_or_create(name="work", defaults={"pid": 1, "started_at": old, "seen_at": old})
    WorkerStatus.objects.update_or_create(
        name="fetch", defaults={"pid": 1, "started_at": old, "seen_at": now()}
    )
    Notice.objects.create(
        kind="process_silent",
        subject="work",
        level=2,
        first_at=old,
        last_at=now(),
        arguments={"process": "work"},
    )
    with web_server() as received:
        settings = current_settings()
        settings.webhook_url, settings.is_webhook_internal = f"http://localhost:{received.port}/", True
        save_settings(settings, {}, lambda _r, _f, plain: plain)
        running = opened.commands.start("serve", "--fetch-only")
        try:
            received.came.wait(120)
        finally:
            kill_all(running)
        assert [(e["kind"], e["subject"], e["what"]) for e in received.events] == [
            ("process_silent", "work", "began")
        ]


@pytest.mark.slow
def test_pages_alone_look_as_well(opened: Opened) -> None:
    with web_server() as received, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        settings = current_settings()
        settings.webhook_url, settings.is_webhook_internal = f"http://localhost:{received.port}/", True
        save_settings(settings, {}, lambda _r, _f, plain: plain)
        Work.objects.create(
            kind="assign",
            finished_at=now(),
            error={"code": "cannot_write"},
        )
        running = opened.commands.start("serve", "--web-only", "--listen", f"127.0.0.1:{port}")
        try:
            assert received.came.wait(120)
        finally:
            kill_all(running)
