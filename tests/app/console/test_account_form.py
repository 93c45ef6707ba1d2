"""The pages of the remote accounts: what the form keeps, refuses and warns of, and what nobody sees."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from amberpost.accounts.models import User
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.console.sources.form import AccountForm
from amberpost.governance.state import restore_snapshot, take_snapshot
from amberpost.sources.models import LeftMessage, OwnDomain, SignalKind, Source, SourceSignal, SourceStatus
from tests.app.pages import Site, text
from tests.servers.certificates import make_certificates

SECRET = "aB8Q~geheimer.Wert"
SECRET_ID = "11111111-2222-3333-4444-555555555555"
IMAP = {
    "name": "Journal", "protocol": "imap", "fields_for": "imap", "server": "imap.firma.example", "user": "journal",
    "password": "geheimes Wort", "security": "starttls", "interval_minutes": "1", "silence_hours": "72",
    "evaluation_mode": "journal", "enabled": "on",
}  # fmt: skip
OAUTH = {
    **{name: value for name, value in IMAP.items() if name != "password"},
    "protocol": "oauth-imap", "fields_for": "oauth-imap", "server": "outlook.office365.com", "security": "ssl",
    "user": "journal@archive.example", "tenant_id": "firma.example", "client_id": SECRET_ID, "client_secret": SECRET,
}  # fmt: skip
ADD = "/console/sources/add/"


def saved(site: Site, fields: dict[str, object]) -> Source:
    answer = site.client("otto").post(ADD, fields)
    assert answer.status_code == 302, text(answer)
    return Source.objects.get(name=fields["name"])


def post(site: Site, path: str, fields: dict[str, str]) -> str:
    return text(site.client("otto").post(path, fields, follow=True))


def test_the_day_a_secret_expires_is_shown_and_kept(site: Site) -> None:
    source = saved(site, {**OAUTH, "secret_expires_on": "2031-05-03"})
    assert source.secret_expires_on == date(2031, 5, 3)
    assert 'value="2031-05-03"' in text(site.client("otto").get(f"/console/sources/{source.pk}/edit/"))
    snapshot = take_snapshot()  # what is sealed, exported and rebuilt
    Source.every.all().delete()
    User.objects.all().delete()
    restore_snapshot({"amberpost": 1, "sources.Source": snapshot["sources.Source"]})
    assert Source.objects.get(name="Journal").secret_expires_on == date(2031, 5, 3)


def test_the_hours_until_an_alarm_are_kept(site: Site) -> None:
    assert saved(site, {**IMAP, "silence_hours": "0"}).silence_hours == 0
    assert "no alarm" in text(
        site.client("otto").get(f"/console/sources/{Source.objects.get(name='Journal').pk}/")
    )


def test_a_root_certificate_can_be_uploaded(site: Site, tmp_path: object) -> None:
    pem = make_certificates(tmp_path).ca_pem  # type: ignore[arg-type]
    file = SimpleUploadedFile("root.pem", f"comment\n{pem}".encode())
    assert saved(site, {**IMAP, "ca_file": file}).ca_pem == pem


@pytest.mark.parametrize(
    "pem", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(site: Site, pem: str) -> None:
    assert "not a certificate in PEM form" in post(site, ADD, {**IMAP, "ca_pem": pem})
    key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    assert "This is a private key" in post(site, ADD, {**IMAP, "ca_pem": key})
    assert not Source.objects.filter(name="Journal").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tenant_id": ""}, "required"),
        ({"client_id": ""}, "required"),
        ({"client_secret": ""}, "required"),
        ({"tenant_id": "a b"}, "GUID or a domain name"),
        ({"security": "none"}, "Tick this if it must be"),
        ({"interval_minutes": "61"}, "60"),
        ({"interval_minutes": "0"}, "1"),
        ({"interval_minutes": "-1"}, "1"),
        ({"max_size_mb": "0"}, "The smallest limit is 1 MB"),
        ({"max_size_mb": "-1"}, "greater than or equal to 0"),
        ({"server": "mail.example:0"}, "host name"),
        ({"certificate_sha256": "abc"}, "64 hexadecimal digits"),
        ({"server": "https://x/"}, "host name"),
        ({"name": "mailbox"}, "There is an account of this name already"),
    ],
)
def test_a_mistake_is_said_beside_its_field(site: Site, change: dict[str, str], words: str) -> None:
    before = Source.objects.count()
    page = post(site, ADD, {**OAUTH, **change})
    assert words in page
    assert SECRET not in page
    assert Source.objects.count() == before


def test_oauth_without_encryption_needs_the_tick_which_ends_with_it(site: Site) -> None:
    source = saved(site, {**OAUTH, "security": "none", "allow_insecure_oauth": "on"})
    assert source.allow_insecure_oauth
    edit = f"/console/sources/{source.pk}/edit/"
    post(site, edit, {**OAUTH, "client_secret": "", "allow_insecure_oauth": "on"})
    source.refresh_from_db()
    assert (source.security, source.allow_insecure_oauth) == ("ssl", False)


def test_a_secret_id_is_warned_of_and_kept_all_the_same(site: Site) -> None:
    page = post(site, ADD, {**OAUTH, "client_secret": SECRET_ID})
    assert "This looks like the Secret ID" in page
    assert Source.objects.get(name="Journal").client_secret_set_at


def test_a_user_in_an_own_domain_is_warned_of(site: Site) -> None:
    OwnDomain.objects.create(name="xn--bcher-kva.example")
    page = post(site, ADD, {**IMAP, "user": "journal@bücher.example"})
    assert "in one of your own mail domains" in page
    assert Source.objects.filter(name="Journal").exists()


def test_switching_keep_mails_off_says_what_it_deletes_before_it_is_saved(site: Site) -> None:
    words = "all mail of this account that is archived already"
    assert words not in text(site.client("otto").get(ADD))
    source = saved(site, {**IMAP, "keep_mails": "on"})
    assert words in text(site.client("otto").get(f"/console/sources/{source.pk}/edit/"))


def test_a_changed_protocol_shows_its_fields_and_saves_nothing_yet(site: Site) -> None:
    page = post(site, ADD, {**IMAP, "protocol": "oauth-imap"})
    assert 'name="tenant_id"' in page
    assert "geheimes Wort" not in page
    assert not Source.objects.filter(name="Journal").exists()


@pytest.mark.parametrize(
    ("before", "security", "after", "kept"),
    [
        ("imap", "starttls", "oauth-imap", "ssl"),
        ("imap", "none", "oauth-imap", "none"),
        ("oauth-imap", "ssl", "pop3", "starttls"),
        ("imap", "starttls", "pop3", "starttls"),
    ],
)
def test_the_default_security_follows_the_protocol_and_a_choice_stays(
    site: Site, before: str, security: str, after: str, kept: str
) -> None:
    form = AccountForm.retyped({"protocol": after, "fields_for": before, "security": security}, Source())
    assert form["security"].value() == kept


def test_an_account_changes_its_protocol_and_leaves_nothing_of_the_old_one(site: Site) -> None:
    source = saved(site, OAUTH)
    post(site, f"/console/sources/{source.pk}/edit/", {**IMAP, "protocol": "pop3", "fields_for": "pop3"})
    source.refresh_from_db()
    assert (source.protocol, source.tenant_id, bytes(source.sealed_client_secret)) == ("pop3", "", b"")
    assert source.password_set_at


def test_the_test_of_typed_settings_is_recorded_and_saves_nothing(site: Site) -> None:
    page = post(site, ADD, {**IMAP, "server": "no-such-host.invalid", "test": "typed", "name": ""})
    assert "The server name is not known" in page
    assert "geheimes Wort" not in page
    assert not Source.objects.filter(user="journal", server__contains="invalid").exists()
    event = AuditEvent.objects.get(action="source:tested")
    assert "no-such-host.invalid" in str(event.detail)
    assert "geheimes" not in str(event.detail)


def test_a_certificate_is_trusted_only_when_it_is_saved_and_that_is_recorded(site: Site) -> None:
    page = post(site, ADD, {**IMAP, "trust": "ab" * 32})
    assert f'value="{"ab" * 32}"' in page
    assert not AuditEvent.objects.filter(action="source:certificate_trusted").exists()
    assert AuditEvent.objects.filter(action="source:tested").count() == 1, "tested again at once"
    assert "It counts when you save" in page
    source = saved(site, {**IMAP, "certificate_sha256": ":".join(["AB"] * 32)})
    assert source.certificate_sha256 == "ab" * 32
    assert AuditEvent.objects.filter(action="source:certificate_trusted", target="Journal").count() == 1
    page = post(site, f"/console/sources/{source.pk}/trust/", {"trust": "cd" * 32})
    assert "The connection was tested again" in page
    assert AuditEvent.objects.filter(action="source:tested").count() == 2
    source.refresh_from_db()
    assert source.certificate_sha256 == "cd" * 32
    assert AuditEvent.objects.filter(action="source:certificate_trusted").count() == 2
    post(site, f"/console/sources/{source.pk}/trust/", {"trust": "nonsense"})
    source.refresh_from_db()
    assert source.certificate_sha256 == "cd" * 32


def test_the_page_of_an_account_shows_what_stays_what_is_missing_and_when(site: Site) -> None:
    source = saved(site, IMAP)
    SourceStatus.objects.create(
        source=source, failures=2, last_error={"code": "system_ehostunreach"}, next_attempt_at=now()
    )
    LeftMessage.objects.create(
        source=source, remote_id="INBOX/1/7", size_bytes=30_000_000, reason={"code": "left_above_limit"},
        first_seen_at=now(), last_seen_at=now(),
    )  # fmt: skip
    SourceSignal.objects.create(
        kind=SignalKind.GAP,
        source_id=source.pk,
        at=now(),
        folder="INBOX",
        uidvalidity=1,
        first_uid=4,
        last_uid=6,
    )
    page = text(site.client("otto").get(f"/console/sources/{source.pk}/"))
    for words in (
        "failed 2 times",
        "No route to host",
        "INBOX/1/7",
        "30.0 MB",
        "larger than the limit",
        "4–6",
        "being sealed",
    ):
        assert words in page


def test_a_removed_account_is_gone_and_its_name_is_free(site: Site) -> None:
    source = saved(site, IMAP)
    page = text(site.client("otto").get(f"/console/sources/{source.pk}/remove/"))
    assert "stay archived" in page
    assert Source.objects.filter(pk=source.pk).exists()
    post(site, f"/console/sources/{source.pk}/remove/", {})
    assert not Source.objects.filter(pk=source.pk).exists()
    kept = Source.every.get(pk=source.pk)
    assert (bytes(kept.sealed_password), kept.enabled) == (b"", False)
    assert site.client("otto").get(f"/console/sources/{source.pk}/").status_code == 404
    assert AuditEvent.objects.filter(action="source:removed", target="Journal").exists()
    assert saved(site, IMAP).pk > source.pk


def test_the_condition_for_archiving_is_said_where_users_are(site: Site) -> None:
    page = text(site.client("otto").get("/console/accounts/"))
    assert "goes into every archive whose addresses it names" in page
    assert "one that names none waits in quarantine" in page


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Firma.Example", "firma.example"),
        ("@bücher.example.", "xn--bcher-kva.example"),
        ("sub.a.example", "sub.a.example"),
    ],
)
def test_an_own_domain_is_kept_in_one_form(site: Site, typed: str, kept: str) -> None:
    post(site, "/console/sources/domains/", {"domain": typed})
    assert list(OwnDomain.objects.values_list("name", flat=True)) == [kept]
    assert AuditEvent.objects.filter(action="domain:added", target=kept).count() == 1


@pytest.mark.parametrize(
    "typed", ["", "localhost", "a b.example", "x@firma.example", "127.0.0.1", "-a.example", "a..b"]
)
def test_what_is_no_domain_is_refused(site: Site, typed: str) -> None:
    assert "This is not a mail domain" in post(site, "/console/sources/domains/", {"domain": typed})
    assert not OwnDomain.objects.exists()
