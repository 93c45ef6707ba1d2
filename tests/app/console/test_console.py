"""The operators' pages: what they do, and that they show no mail."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from amberpost.accounts.models import User
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.directory.archives.local import current_addresses
from amberpost.directory.models import Directory
from amberpost.errors import Finding, FindingKind
from amberpost.health.verified import note_verified
from amberpost.health.verify import Verification
from amberpost.notice.models import NoticeSettings
from amberpost.remark import Remark
from amberpost.road.models import Capture, Work, WorkerStatus
from amberpost.road.open import open_keys_of
from amberpost.sources.models import OwnDomain, Source, SourceStatus
from amberpost.store.check import Depth
from amberpost.store.disk import LocalDisk
from tests.app.pages import SECRET, Site, sign_in, text
from tests.people import BOB, letter, report
from tests.unit.message.mail import multipart, nested

PASSWORD = "imap pass word"
FIELDS = {
    "name": "Journal",
    "protocol": "imap",
    "server": "imap.firma.example:993",
    "user": "journal",
    "password": PASSWORD,
    "security": "ssl",
    "interval_minutes": "1",
    "silence_hours": "72",
    "evaluation_mode": "journal",
    "enabled": "on",
}


POSTED = ("edit", "test", "trust", "switch", "fetch", "remove")
EXPIRED = {"code": "certificate_untrusted", "cause": {"code": "certificate_expired"}}


FINDING = Finding(
    kind=FindingKind.COMMITMENT_MISMATCH,
    where="mail/5",
    remark=Remark("record_damaged", subject="<b>differs</b>"),
)


def verified(site: Site, depth: Depth, *findings: Finding) -> None:
    report = Verification(checked=7, findings=list(findings))
    note_verified(LocalDisk(site.opened.config.data), depth, by="test", report=report)


def overview(site: Site) -> str:
    return text(site.client("otto").get("/console/"))


def alive() -> None:
    for name in ("work", "fetch"):
        WorkerStatus.objects.update_or_create(
            name=name, defaults={"pid": 1, "started_at": now(), "seen_at": now()}
        )


def add_source(site: Site, **changes: str) -> Source:
    answer = site.client("otto").post("/console/sources/add/", {**FIELDS, **changes})
    assert answer.status_code == 302, text(answer)
    return Source.objects.get(name=changes.get("name", "Journal"))


# Overview


def test_all_is_well_only_when_it_is(site: Site) -> None:
    NoticeSettings.objects.create(
        disk_percent=100, disk_full_percent=100
    )  # whatever this machine's disk is like
    alive()
    assert "All is well" in overview(site)
    WorkerStatus.objects.filter(name="work").update(seen_at=now() - timedelta(minutes=3))
    page = overview(site)
    assert "All is well" not in page
    assert "The worker is not running" in page


def well(site: Site) -> None:
    """Everything in which an archive can be wanting is as it should be."""
    alive()
    Source.objects.exclude(protocol="file").update(enabled=True)
    SourceStatus.objects.update_or_create(
        source=Source.objects.exclude(protocol="file").get(), defaults={"last_success_at": now()}
    )
    NoticeSettings.objects.create(
        disk_percent=100, disk_full_percent=100, relay="relay.firma.example", addresses=["it@firma.example"]
    )
    record("otto", Action.KEY_COPY_CONFIRMED)
    verified(site, "quick")


def reasons(site: Site) -> list[tuple[str, str]]:
    """What the overview says behind "All is well, but": where each leads, and its words."""
    page = overview(site)
    assert '<section class="verdict but"' in page, page
    verdict = page[page.index('<section class="verdict but"') :].partition("</section>")[0]
    return re.findall(r'<a href="([^"]+)">([^<]+)</a>', verdict)


def test_an_archive_that_lacks_nothing_is_well_without_a_but(site: Site) -> None:
    well(site)
    assert '<section class="verdict well"' in overview(site)


def _forget_verified(site: Site) -> None:
    for file in (site.opened.config.data / "verified").iterdir():
        file.unlink()


def _verify_long_ago(site: Site) -> None:
    file = site.opened.config.data / "verified" / "quick.json"
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({**fields, "at": (now() - timedelta(days=9)).isoformat()}))


def _read_a_directory_in_the_clear(site: Site) -> None:
    Directory.objects.update(is_active=False)
    settings = {"hosts": ["dc.firma.example"], "security": "none"}
    Directory.objects.create(kind="ldap", is_active=True, settings=settings)


def _get_mail_for_somebody_missing(site: Site) -> None:
    OwnDomain.objects.create(name="firma.example")
    site.opened.take(letter(7, to="missing@firma.example", sender="x@nowhere.example"))


@pytest.mark.parametrize(
    ("spoil", "url", "words"),
    [
        (_forget_verified, "/console/integrity/", "This archive has never been verified."),
        (_verify_long_ago, "/console/integrity/", "The last verification was 9 days ago."),
        (
            lambda _: Capture.objects.update(captured_at=now() - timedelta(days=400)),
            "/console/integrity/",
            "amberpost verify --deep",
        ),
        (
            lambda _: NoticeSettings.objects.update(relay=""),
            "/console/notices/",
            "Nobody is notified when something is wrong.",
        ),
        (
            lambda _: AuditEvent.objects.filter(action="key:copy_confirmed").delete(),
            "/console/assistant/2/",
            "No copy of the key file is confirmed.",
        ),
        (
            lambda _: Source.objects.update(security="none"),
            "/console/sources/{source}/edit/",
            "The connection to mailbox is not encrypted",
        ),
        (
            _read_a_directory_in_the_clear,
            "/console/directory/settings/",
            "The connection to the directory is not",
        ),
        (
            lambda _: NoticeSettings.objects.update(security="none"),
            "/console/notices/",
            "The connection to the mail relay is not encrypted",
        ),
        (
            lambda _: NoticeSettings.objects.update(webhook_url="http://hook.firma.example/x"),
            "/console/notices/",
            "The connection to the webhook is not encrypted",
        ),
        (_get_mail_for_somebody_missing, "/console/quarantine/", "Mail of 1 address of your own domains"),
        (
            lambda _: Source.objects.exclude(protocol="file").update(enabled=False),
            "/console/sources/",
            "Every account is paused",
        ),
        (
            lambda _: Source.objects.exclude(protocol="file").update(removed_at=now()),
            "/console/sources/add/",
            "nothing is collected",
        ),
    ],
)
def test_each_reservation_is_named_with_its_place(
    site: Site, spoil: Callable[[Site], object], url: str, words: str
) -> None:
    well(site)
    source = Source.objects.exclude(protocol="file").get()
    spoil(site)
    ((where, said),) = reasons(site)
    assert where == url.format(source=source.pk)
    assert words in said


def test_an_account_that_is_paused_exposes_nothing(site: Site) -> None:
    well(site)
    Source.objects.exclude(protocol="file").update(security="none", enabled=False)
    assert [url for url, _ in reasons(site)] == [
        "/console/sources/"
    ]  # that nothing is collected, and no more


def test_an_unencrypted_account_is_marked_in_the_list(site: Site) -> None:
    assert "no TLS" not in text(site.client("otto").get("/console/sources/"))
    Source.objects.exclude(protocol="file").update(security="none")
    assert "no TLS" in text(site.client("otto").get("/console/sources/"))


@pytest.mark.parametrize("page", ["/console/", "/console/system/", "/console/integrity/"])
def test_the_last_verification_of_each_depth_is_shown(site: Site, page: str) -> None:
    assert "deep: every byte" not in text(site.client("otto").get(page))
    verified(site, "quick")
    verified(site, "deep")
    said = text(site.client("otto").get(page))
    assert re.search(r"deep: every byte · test.+quick · test", said, re.DOTALL)


@pytest.mark.parametrize("page", ["/console/", "/console/system/"])
def test_the_room_on_the_disk_is_told_and_when_collecting_stops(site: Site, page: str) -> None:
    said = text(site.client("otto").get(page))
    assert re.search(
        r"[0-9.,]+ [kMGT]B (free )?of [0-9.,]+ [kMGT]B\b.{0,300}?collecting stops at 256 MiB", said, re.DOTALL
    )


def test_each_trouble_is_named_with_its_place(site: Site) -> None:
    alive()
    source = Source.objects.exclude(protocol="file").get()
    Source.objects.update(enabled=True)
    SourceStatus.objects.create(source=source, failures=3, last_error=EXPIRED)
    verified(site, "quick", FINDING)
    Work.objects.create(kind="assign", finished_at=now(), error={"code": "cannot_write"})
    page = overview(site)
    assert "3 things need your attention" in page
    for words in (
        "cannot be trusted: it has expired",
        "The last verification has 1 finding",
        "1 job failed",
    ):
        assert words in page


def test_numbers_add_up(site: Site) -> None:
    page = overview(site)
    assert "3 = 2 stored + 0 repeated + 1 to quarantine" in page
    assert "3 = 2 in archives + 1 in quarantine" in page


def test_numbers_that_do_not_meet_say_why(site: Site) -> None:
    again = letter(1, to=BOB.address, subject="Brief an Bob")
    site.opened.take(again, source=site.opened.files)  # it came from the mailbox before
    site.opened.give_addresses("dora", "nobody@nowhere.example")
    site.opened.process()
    page = overview(site)
    assert "4 = 3 stored + 0 repeated + 1 to quarantine" in page
    assert "1 of them brought a message that was here already" in page
    assert "3 = 3 in archives + 0 in quarantine" in page
    assert "1 came to quarantine and is in an archive now" in page


# Users


def test_a_user_is_added_with_a_password_shown_once(site: Site) -> None:
    form = {
        "login": "eva",
        "name": "Eva",
        "role": "reader",
        "addresses": "eva@firma.example\nE.va@Firma.example",
    }
    page = text(site.client("otto").post("/console/accounts/add/", form))
    found = re.search(r'<output id="once">([^<]+)</output>', page)
    assert found
    eva = User.objects.get(login="eva")
    assert eva.private_archive is not None
    assert current_addresses(eva.private_archive) == ["e.va@firma.example", "eva@firma.example"]
    assert Work.objects.filter(kind="assign").latest("id").detail["addresses"]
    assert sign_in(site.fresh(), "eva", found[1]).status_code == 302
    for page in ("accounts/", f"accounts/{eva.pk}/", "audit/"):
        assert found[1] not in text(site.client("otto").get(f"/console/{page}"))


@pytest.mark.parametrize(
    "changes",
    [{"login": "ALICE"}, {"login": "no spaces"}, {"addresses": "alice@firma.example"}, {"addresses": "x"}],
)
def test_a_user_with_a_mistake_is_not_added(site: Site, changes: dict[str, str]) -> None:
    before = User.objects.count()
    form = {"login": "eva", "role": "reader", "addresses": "", **changes}
    page = text(site.client("otto").post("/console/accounts/add/", form))
    assert 'role="alert"' in page
    assert User.objects.count() == before


def test_an_address_taken_away_and_one_given_are_recorded(site: Site) -> None:
    bob = User.objects.get(login="bob")
    form = {"name": "Robert", "role": "auditor", "addresses": "robert@firma.example"}
    assert site.client("otto").post(f"/console/accounts/{bob.pk}/", form).status_code == 302
    bob.refresh_from_db()
    assert (bob.name, bob.role) == ("Robert", "auditor")
    assert bob.private_archive is not None
    assert current_addresses(bob.private_archive) == ["robert@firma.example"]
    assert AuditEvent.objects.filter(actor="otto", action="user:changed", target="bob").exists()


def test_nobody_becomes_operator_of_an_account_with_mail_or_the_other_way(site: Site) -> None:
    bob, otto = User.objects.get(login="bob"), User.objects.get(login="otto")
    site.client("otto").post(
        f"/console/accounts/{bob.pk}/", {"name": "", "role": "operator", "addresses": ""}
    )
    site.client("otto").post(f"/console/accounts/{otto.pk}/", {"name": "", "role": "reader", "addresses": ""})
    assert User.objects.get(login="bob").role == "reader"
    assert User.objects.get(login="otto").role == "operator"


def test_fields_that_are_not_in_the_form_cannot_be_set(site: Site) -> None:
    bob = User.objects.get(login="bob")
    form = {"name": "B", "role": "reader", "addresses": "bob@firma.example", "login": "root", "is_active": ""}
    site.client("otto").post(f"/console/accounts/{bob.pk}/", form)
    bob.refresh_from_db()
    assert (bob.login, bob.is_active) == ("bob", True)


def test_disabling_ends_the_session_and_enabling_lets_in_again(site: Site) -> None:
    bob, client = User.objects.get(login="bob"), site.fresh("bob")
    site.client("otto").post(f"/console/accounts/{bob.pk}/switch/")
    assert client.get("/search/").status_code == 302
    site.client("otto").post(f"/console/accounts/{bob.pk}/switch/")
    assert sign_in(site.fresh(), "bob").status_code == 302


def test_an_operator_cannot_shut_himself_out(site: Site) -> None:
    otto = User.objects.get(login="otto")
    site.client("otto").post(f"/console/accounts/{otto.pk}/switch/")
    assert User.objects.get(login="otto").is_active


def test_whoever_could_read_mail_by_a_new_password_or_a_hand_over_is_in_the_audit_log(site: Site) -> None:
    bob, dora = (User.objects.get(login=login) for login in ("bob", "dora"))
    otto = site.client("otto")
    otto.post(f"/console/accounts/{dora.pk}/password/")
    otto.post(f"/console/accounts/{bob.pk}/switch/")
    assert bob.private_archive is not None
    where = f"/console/archives/{bob.private_archive.pk}/hand-over/"
    otto.post(where, {"to": "dora", "reason": "takes over"})
    done = AuditEvent.objects.filter(actor="otto").values_list("action", flat=True)
    assert {"user:password_reset", "archive:handed_over"} <= set(done)


def test_the_last_address_may_go_and_the_mail_that_came_by_it_stays(site: Site) -> None:
    alice = User.objects.get(login="alice")
    form = {"name": "Alice", "role": "reader", "addresses": ""}
    assert site.client("otto").post(f"/console/accounts/{alice.pk}/", form).status_code == 302
    assert alice.private_archive is not None
    assert current_addresses(alice.private_archive) == []
    site.opened.process()
    assert site.client("alice").get(f"/m/{site.secret}/").status_code == 200


# Sources


def test_a_source_keeps_its_password_sealed_and_never_shows_it(site: Site) -> None:
    source = add_source(site)
    assert PASSWORD.encode() not in bytes(source.sealed_password)
    for page in ("sources/", f"sources/{source.pk}/", f"sources/{source.pk}/edit/", "audit/"):
        assert PASSWORD not in text(site.client("otto").get(f"/console/{page}"))
    assert "Set on" in text(site.client("otto").get(f"/console/sources/{source.pk}/edit/"))


def test_an_empty_password_leaves_the_one_that_is_set(site: Site) -> None:
    source = add_source(site)
    changed = {**FIELDS, "password": "", "keep_mails": "on", "folders_text": "INBOX\nJournal/2026\n"}
    assert site.client("otto").post(f"/console/sources/{source.pk}/edit/", changed).status_code == 302
    source.refresh_from_db()
    assert (source.keep_mails, source.folders) == (True, ["INBOX", "Journal/2026"])
    keys = open_keys_of(site.opened.config)
    opened = keys.open_setting(f"source/{source.pk}", "password", bytes(source.sealed_password))
    keys.close()
    assert opened == PASSWORD.encode()
    assert AuditEvent.objects.filter(action="source:credentials_changed").count() == 1


@pytest.mark.parametrize(
    ("mode", "name", "kept"),
    [
        ("header", "", "header"),
        ("custom", "X-Recipient:", "custom:x-recipient"),
        ("custom", "", None),
        ("custom", "a b", None),
    ],
)
def test_a_header_evaluation_is_kept_or_explained(site: Site, mode: str, name: str, kept: str | None) -> None:
    form = {**FIELDS, "evaluation_mode": mode, "custom_header": name}
    site.client("otto").post("/console/sources/add/", form)
    found = Source.objects.filter(name="Journal").first()
    assert (found.evaluation if found else None) == kept
    if found and kept and kept.startswith("custom:"):
        assert 'value="x-recipient"' in text(site.client("otto").get(f"/console/sources/{found.pk}/edit/"))


@pytest.mark.parametrize("missing", ["name", "server", "user", "password", "security"])
def test_a_source_without_what_it_needs_is_not_added(site: Site, missing: str) -> None:
    form = {name: value for name, value in FIELDS.items() if name != missing}
    assert site.client("otto").post("/console/sources/add/", form).status_code == 200
    assert not Source.objects.filter(name="Journal").exists()


def test_a_source_is_paused_and_fetched_on_request(site: Site) -> None:
    source = add_source(site)
    site.client("otto").post(f"/console/sources/{source.pk}/fetch/")
    assert SourceStatus.objects.get(source=source).fetch_now
    site.client("otto").post(f"/console/sources/{source.pk}/switch/")
    source.refresh_from_db()
    assert not source.enabled
    assert "paused" in text(site.client("otto").get("/console/sources/"))


def test_the_source_of_imports_is_no_account(site: Site) -> None:
    pk = site.opened.files
    paths = ["", "edit/", "remove/"]
    for method, path in [*(("get", path) for path in paths), *(("post", f"{p}/") for p in POSTED)]:
        assert getattr(site.client("otto"), method)(f"/console/sources/{pk}/{path}").status_code == 404


# Records


def test_the_quarantine_shows_numbers_and_no_mail(site: Site) -> None:
    page = text(site.client("otto").get("/console/quarantine/"))
    assert "1</b> message" in page
    assert "no archive has one of its addresses" in page
    for part in (SECRET, "nobody@nowhere.example", "else@nowhere.example"):
        assert part not in page


def test_a_verification_is_asked_for_once_and_its_result_shown(site: Site) -> None:
    for _ in range(2):
        site.client("aron").post("/console/integrity/verify/")
    assert Work.objects.filter(kind="verify").count() == 1
    assert "Verification is running" in text(site.client("aron").get("/console/integrity/"))
    site.opened.process()
    page = text(site.client("aron").get("/console/integrity/"))
    assert "No findings" in page
    assert re.search(r'<div class="mono">[0-9a-f]{64}</div>', page)
    assert AuditEvent.objects.filter(actor="aron", action="archive:verified").count() == 1


def test_findings_are_listed(site: Site) -> None:
    verified(site, "deep", FINDING)
    page = text(site.client("otto").get("/console/integrity/"))
    assert "mail/5" in page
    assert "&lt;b&gt;differs" in page


def test_the_audit_is_filtered_by_who_and_what(site: Site) -> None:
    site.fresh("bob")
    page = text(site.client("olga").get("/console/audit/?actor=bob&action=user:signed_in"))
    assert page.count("user:signed_in</div>") >= 1
    assert "user:added</div>" not in page


def test_an_officer_sees_audit_and_integrity_in_his_menu_and_nothing_else(site: Site) -> None:
    page = text(site.client("olga").get("/console/audit/"))
    menu = page[page.index('<nav class="menu"') : page.index("</nav>", page.index('<nav class="menu"'))]
    assert re.findall(r'href="([^"]+)"', menu) == ["/console/integrity/", "/console/audit/"]


def test_the_system_page_says_what_runs(site: Site) -> None:
    alive()
    page = text(site.client("otto").get("/console/system/"))
    for words in ("Amberpost 0.1.0", "Worker", "running", "embedded (SQLite)"):
        assert words in page


# Header evaluation


def preview(site: Site, **fields: object) -> str:
    return text(site.client("otto").post("/console/sources/preview/", fields))


def rows(page: str) -> list[str]:
    return [
        " ".join(re.sub("<[^>]+>", " ", row).split()) for row in re.findall("<tr.*?</tr>", page, re.DOTALL)
    ][1:]


def test_the_preview_shows_each_evaluation_and_keeps_nothing(site: Site) -> None:
    lines = ["To: alice@firma.example", "Bcc: bob@firma.example"]
    before = Capture.objects.count()
    page = preview(site, text=report(letter(9, subject="Heimlich"), recipients=lines).decode())
    found = rows(page)
    assert len(found) == 6
    assert found[0].endswith("bob@firma.example recipient (Bcc) alice bob")
    assert found[1].endswith("journal@archive.example To none: quarantine")
    assert found[5] == "envelope-from no address none: quarantine"
    assert Capture.objects.count() == before
    event = AuditEvent.objects.latest("id")
    assert (event.actor, event.action, event.target, event.detail) == ("otto", "preview:made", "", {})


def test_the_preview_takes_a_file_to_the_byte_and_the_evaluation_of_an_account(site: Site) -> None:
    source = add_source(site, evaluation_mode="custom", custom_header="X-Team")
    file = SimpleUploadedFile(
        "a.eml", letter(9, to="müller@firma.example", fields=["X-Team: bob@firma.example"])
    )
    page = preview(site, file=file, account=source.pk, custom="X-Other")
    assert "An ordinary message" in page
    assert rows(page)[5] == "x-team used by Journal bob@firma.example bob"
    assert page.count('class="chosen"') == 1
    assert AuditEvent.objects.latest("id").target == "Journal"


def test_the_preview_tells_forged_and_returned_reports(site: Site) -> None:
    forged = report(letter(9), recipients=["To: alice@firma.example", "Pay at once."]).decode()
    page = preview(site, text="\n\n" + forged)
    assert "a line that no Exchange writes" in page
    assert rows(page)[0].endswith("no address none: quarantine")
    returned = multipart(nested(report(letter(9))), kind="report").decode()
    assert "came back as undeliverable" in preview(site, text=returned)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "choose a file or paste"),
        ({"text": " \n"}, "choose a file or paste"),
        ({"text": "To: a@b.example", "custom": "no field"}, "name of a header field"),
        ({"text": "x" * 300_000}, "too large for the preview"),
        ({"file": SimpleUploadedFile("a.eml", b"x" * (1024 * 1024 + 1))}, "too large for the preview"),
        ({"file": SimpleUploadedFile("a.eml", b"x" * (4 * 1024 * 1024))}, "too large for the preview"),
    ],
)
def test_the_preview_says_what_it_cannot_take(site: Site, fields: dict[str, object], said: str) -> None:
    page = preview(site, **fields)
    assert said in page
    assert "<table" not in page


def test_the_preview_is_guarded_against_foreign_forms(site: Site) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = site.client("otto").cookies
    answer = client.post("/console/sources/preview/", {"text": "To: alice@firma.example"})
    assert answer.status_code == 403
    assert "alice@firma.example" not in text(answer)


def test_many_addresses_are_counted_and_not_all_shown(site: Site) -> None:
    lines = [f"To: p{number}@firma.example" for number in range(100)]
    page = preview(site, text=report(letter(9), recipients=lines).decode())
    assert "and 71 others" in page
    assert "p99@firma.example" not in rows(page)[0]


def test_reports_that_an_evaluation_does_not_open_are_named_on_the_overview(site: Site) -> None:
    alive()
    Source.objects.filter(pk=site.opened.mailbox).update(evaluation="header")
    site.opened.take(report(letter(9)), evaluation="header")
    said = "mailbox delivers journal reports, but its header evaluation does not open them"
    assert said in overview(site)
    quarantine = text(site.client("otto").get("/console/quarantine/"))
    assert "journal report that the account&#x27;s header evaluation does not open" in quarantine
    Source.objects.filter(pk=site.opened.mailbox).update(evaluation="journal")
    assert said not in overview(site)
