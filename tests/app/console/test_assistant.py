"""The set-up assistant: each page does what it says, can be left, skipped and resumed."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from amberpost.accounts.installation import current_installation, is_set_up
from amberpost.accounts.models import Installation, User
from amberpost.audit.models import AuditEvent
from amberpost.daemon.schedule import due_sources
from amberpost.directory.archives.local import current_addresses
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.governance.configuration import export_configuration
from amberpost.notice.models import NoticeSettings
from amberpost.road.open import open_keys_of
from amberpost.signin.first_operator import make_setup_link
from amberpost.sources.models import OwnDomain, Source, SourceStatus
from tests.app.pages import PASSWORD, sign_in, text
from tests.opened import Opened
from tests.people import ALICE

OTTO = {"login": "otto", "name": "Otto", "password": PASSWORD, "again": PASSWORD}
ACCOUNT = {
    "name": "Journal",
    "protocol": "imap",
    "fields_for": "imap",
    "server": "imap.firma.example",
    "user": "journal",
    "password": "imap pass word",
    "security": "starttls",
    "interval_minutes": "1",
    "silence_hours": "72",
    "evaluation_mode": "journal",
    "enabled": "on",
}


@dataclass
class Setting:
    """An operator in front of an empty archive."""

    opened: Opened
    client: Client

    def post(self, step: int, **values: object) -> HttpResponse:
        return self.client.post(f"/console/assistant/{step}/", values)

    def page(self, step: int | str = "") -> str:
        where = f"/console/assistant/{step}/" if step != "" else "/console/assistant/"
        return html.unescape(text(self.client.get(where, follow=True)))

    def to(self, step: int) -> None:
        """As if everything before was done."""
        Installation.objects.update_or_create(pk=1, defaults={"setup_step": step})


@pytest.fixture
def setting(opened: Opened) -> Setting:
    client = Client()
    answer = client.post(f"/setup/{make_setup_link()}/", OTTO)
    assert answer.headers["Location"] == "/console/assistant/"
    return Setting(opened, client)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


# Going, leaving, coming back


def test_the_one_time_link_leads_to_the_assistant_and_nothing_waits_before_it_is_begun(
    setting: Setting,
) -> None:
    assert "Set up the archive" in setting.page()
    assert is_set_up()
    assert "Continue the set-up" not in text(setting.client.get("/console/"))


def test_what_was_begun_goes_on_where_it_was_and_the_overview_says_so(setting: Setting) -> None:
    assert setting.post(0, begin="yes").headers["Location"] == "/console/assistant/1/"
    setting.post(1, name="Firma GmbH", language="de", time_zone="Europe/Berlin")
    other = Client()
    sign_in(other, "otto")
    overview = text(other.get("/console/", headers={"Accept-Language": "en"}))
    assert "/console/assistant/" in overview
    assert other.get("/console/assistant/").headers["Location"] == "/console/assistant/2/"


def test_going_back_to_a_page_loses_nothing(setting: Setting) -> None:
    setting.to(5)
    assert setting.post(4, domains="firma.example").headers["Location"] == "/console/assistant/5/"
    setting.post(1, name="Firma", language="en", time_zone="UTC")
    assert current_installation().setup_step == 5
    assert "firma.example" in setting.page(4)


@pytest.mark.parametrize("step", [3, 4, 6])
def test_what_is_harmless_can_be_skipped(setting: Setting, step: int) -> None:
    setting.to(step)
    assert setting.post(step, skip="yes").headers["Location"] == f"/console/assistant/{step + 1}/"


def test_a_directory_is_a_way_to_users_and_leads_back(setting: Setting) -> None:
    setting.to(3)
    assert 'href="/console/directory/settings/"' in setting.page(3)
    assert 'href="/console/assistant/3/"' in text(setting.client.get("/console/directory/"))
    Directory.objects.create(kind=DirectoryKind.AD, is_active=True)
    page = setting.page(3)
    assert "Users come from: Active Directory." in page
    assert 'href="/console/directory/"' in page


def test_the_directory_page_leads_back_only_while_the_assistant_waits(setting: Setting) -> None:
    setting.to(7)
    setting.post(7)
    assert "/console/assistant/3/" not in text(setting.client.get("/console/directory/"))


def test_there_is_no_page_behind_the_last(setting: Setting) -> None:
    assert setting.client.get("/console/assistant/8/").status_code == 404


def test_it_is_also_under_system(setting: Setting) -> None:
    assert 'href="/console/assistant/"' in text(setting.client.get("/console/system/"))


def test_a_csv_that_is_too_large_names_the_command(setting: Setting) -> None:
    setting.to(3)
    csv = SimpleUploadedFile("users.csv", b"x" * (2**20 + 1))
    assert "amberpost user import" in text(setting.post(3, csv=csv))


def test_the_command_fetches_before_the_start_too(setting: Setting) -> None:
    setting.to(5)
    setting.client.post("/console/sources/add/", ACCOUNT | {"server": "localhost:1"})
    assert list(due_sources()) == []
    done = setting.opened.commands.run("fetch", "--once")
    assert (done.code, "Journal" in done.out.decode() + done.words) == (4, True)


# Each page


def test_name_language_and_time_zone_take_effect_at_once(setting: Setting) -> None:
    setting.post(1, name="Firma <GmbH>", language="de", time_zone="Europe/Berlin")
    page = text(setting.client.get("/console/assistant/2/"))
    assert "Firma &lt;GmbH&gt;</title>" in page
    assert '<html lang="de"' in page
    stranger = Client(headers={"accept": "text/html"})
    assert '<html lang="de"' in text(stranger.get("/sign-in/"))
    assert '<html lang="fr"' in text(stranger.get("/sign-in/", headers={"accept-language": "fr-CA,fr"}))
    assert '<html lang="de"' in text(stranger.get("/sign-in/", headers={"accept-language": "tlh"}))
    assert actions().count("installation:changed") == 1


def test_who_chose_for_himself_keeps_his_language(setting: Setting) -> None:
    setting.post(1, name="", language="de", time_zone="Europe/Berlin")
    User.objects.update(language="fr")
    assert '<html lang="fr"' in text(setting.client.get("/console/"))


def test_times_are_those_of_the_archive_unless_one_chose(setting: Setting) -> None:
    setting.post(1, name="", language="en", time_zone="Pacific/Auckland")
    AuditEvent.objects.update(at="2026-01-31T12:00:00Z")
    assert "UTC+13" in text(setting.client.get("/console/audit/"))
    User.objects.update(time_zone="Europe/Berlin")
    assert "UTC+13" not in text(setting.client.get("/console/audit/"))


def test_the_own_settings_say_what_nothing_chosen_means(setting: Setting) -> None:
    assert "as the browser" in text(setting.client.get("/account/"))
    setting.post(1, name="", language="de", time_zone="Europe/Berlin")
    User.objects.update(language="en")
    page = text(setting.client.get("/account/"))
    assert "as the archive (Deutsch)" in page
    assert "as the archive (Europe/Berlin)" in page


def test_a_copy_of_the_key_is_insisted_on_and_recorded_once(setting: Setting) -> None:
    setting.to(2)
    page = setting.page(2)
    assert str(setting.opened.config.key_file) in page
    assert str(setting.opened.config.data) in page
    assert "Please make a copy first" in text(setting.post(2))
    assert current_installation().setup_step == 2
    assert setting.post(2, has_copy="on").status_code == 302
    assert "A copy was confirmed by otto" in setting.page(2)
    assert setting.post(2).status_code == 302
    event = AuditEvent.objects.get(action="key:copy_confirmed")
    assert (event.actor, event.target) == ("otto", str(setting.opened.config.key_file))


def test_users_are_added_a_line_each_with_passwords_shown_once(setting: Setting) -> None:
    setting.to(3)
    lines = "Alice Ahrens <alice@firma.example>, a.ahrens@firma.example\r\n\r\nbob@firma.example\r\n"
    page = text(setting.post(3, people=lines))
    passwords = re.findall(r"(?:[A-Za-z2-9]{4}-){3}[A-Za-z2-9]{4}", page)
    assert len(passwords) == 2
    alice = User.objects.get(login="alice")
    assert alice.name == "Alice Ahrens"
    assert alice.must_change_password
    assert alice.check_password(passwords[0])
    assert alice.private_archive is not None
    assert set(current_addresses(alice.private_archive)) == {"alice@firma.example", "a.ahrens@firma.example"}
    assert User.objects.get(login="bob").role == "reader"
    assert not any(password in setting.page(3) for password in passwords)


def test_users_come_from_csv_too(setting: Setting) -> None:
    setting.to(3)
    csv = SimpleUploadedFile("users.csv", b"eva,a long enough word,Eva,Ernst,eva@firma.example\n")
    assert "1 user is added" in text(setting.post(3, csv=csv))
    assert User.objects.get(login="eva").check_password("a long enough word")


def test_a_list_of_a_german_excel_is_taken_and_how_it_was_read_is_said(setting: Setting) -> None:
    setting.to(3)
    lines = "Benutzername;Vorname;Nachname;E-Mail\r\njwolf;Jörg;Wölfle;j@firma.example\r\n;;;\r\n"
    made = setting.post(3, csv=SimpleUploadedFile("Liste.csv", lines.encode("cp1252")))
    assert "Read as semicolon, Windows-1252, with a heading: 1 person." in text(made)
    assert User.objects.get(login="jwolf").name == "Jörg Wölfle"
    assert "none yet" in text(made), "a list without passwords gives nobody one"
    refused = setting.post(3, csv=SimpleUploadedFile("Liste.csv", lines.replace("j@", "").encode("cp1252")))
    assert "line 2, column 4 (E-Mail): This is not an e-mail address" in html.unescape(text(refused))
    assert "/tmp" not in text(refused)


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("no address", "Expected: Name"),
        ("a@firma.example\nJust A Name", "line 2"),
        ("a@firma.example, nonsense", "line 1"),
        ("a@firma.example\na@other.example", "This login is taken"),
        ("a@firma.example\nb@firma.example, a@firma.example", "belongs to another archive"),
        ("\n".join(f"u{n}@firma.example" for n in range(101)), "At most 100"),
        ("", "at least one user"),
    ],
)
def test_a_wrong_list_adds_nobody_and_keeps_what_was_typed(setting: Setting, people: str, said: str) -> None:
    page = html.unescape(text(setting.post(3, people=people)))
    assert said in page
    assert people in page.replace("\r\n", "\n")
    assert User.objects.count() == 1


def test_domains_are_proposed_from_the_addresses_of_the_users(setting: Setting) -> None:
    setting.to(4)
    setting.opened.add_user("alice", *ALICE.addresses)
    page = setting.page(4)
    assert "Proposed from the addresses" in page
    assert "firma.example</textarea>" in page
    setting.post(4, domains="Firma.example\nmüller.example, @filiale.example")
    assert set(OwnDomain.objects.values_list("name", flat=True)) == {
        "firma.example",
        "xn--mller-kva.example",
        "filiale.example",
    }
    assert "müller.example" in setting.page(4)
    setting.post(4, domains="firma.example")
    assert OwnDomain.objects.count() == 1
    assert actions().count("domain:added") == 3
    assert actions().count("domain:removed") == 2
    assert "not a mail domain" in text(setting.post(4, domains="firma"))


@pytest.mark.parametrize(
    ("kind", "protocol", "server", "mode"),
    [
        ("microsoft-365&protocol=imap", "imap", "", "journal"),
        ("microsoft-365&protocol=oauth-imap", "oauth-imap", "outlook.office365.com", "journal"),
        ("exchange", "imap", "", "journal"),
        ("postfix", "imap", "", "x-envelope-to"),
        ("google", "imap", "", "journal"),
        ("other", "imap", "", "journal"),
    ],
)
def test_the_mail_system_decides_what_the_account_begins_with(
    setting: Setting, kind: str, protocol: str, server: str, mode: str
) -> None:
    assert f"from=assistant&kind={kind}" in setting.page(5)
    page = text(setting.client.get(f"/console/sources/add/?from=assistant&kind={kind}"))
    assert f'<option value="{protocol}" selected' in page
    assert f'<option value="{mode}" selected' in page
    assert ("outlook.office365.com" in re.findall(r'name="server" value="([^"]*)"', page)) == bool(server)
    system = kind.partition("&")[0]
    assert (f"/console/guides/{system}/" in page) == (kind != "other")
    assert f'<option value="{system}" selected' in page


def test_a_saved_account_leads_back_to_the_assistant_and_waits_for_the_start(setting: Setting) -> None:
    setting.to(5)
    answer = setting.client.post("/console/sources/add/?from=assistant&kind=other", ACCOUNT)
    assert answer.status_code == 302, text(answer)
    assert answer.headers["Location"] == "/console/assistant/5/"
    assert "Journal" in setting.page(5)
    assert Source.objects.get(name="Journal").enabled
    assert due_sources() == []
    overview = text(setting.client.get("/console/"))
    assert "Nothing is collected before it is." in overview
    answer = setting.post(7)
    assert answer.headers["Location"] == "/console/"
    assert [source.name for source in due_sources()] == ["Journal"]
    assert SourceStatus.objects.get().fetch_now
    overview = text(setting.client.get("/console/"))
    assert "Collecting has begun" in overview
    assert '<span class="state busy">Collecting</span> Journal' in overview
    assert "Continue the set-up" not in overview
    assert actions()[-1] == "setup:finished"


def test_notifications_ask_for_the_mail_relay_only(setting: Setting) -> None:
    setting.to(6)
    answer = setting.post(
        6, addresses="it@firma.example", relay="smtp.firma.example", security="starttls", language="de"
    )
    assert answer.headers["Location"] == "/console/assistant/7/"
    settings = NoticeSettings.objects.get()
    assert (settings.addresses, settings.relay) == (["it@firma.example"], "smtp.firma.example")
    assert settings.failing_polls == 5
    assert "id_webhook_url" not in setting.page(6)


def test_the_summary_names_every_decision_and_what_is_missing(setting: Setting) -> None:
    setting.to(7)
    page = setting.page(7)
    for missing in (
        "No copy of the key file is confirmed.",
        "all mail waits in quarantine",
        "The direction of mail cannot be told.",
        "Without an account nothing is collected.",
        "Nobody is notified when something is wrong.",
    ):
        assert missing in page
    setting.post(1, name="Firma GmbH", language="en", time_zone="Europe/Berlin")
    setting.post(2, has_copy="on")
    setting.post(3, people="alice@firma.example")
    setting.post(4, domains="firma.example")
    setting.client.post("/console/sources/add/?from=assistant", ACCOUNT)
    setting.post(
        6, addresses="it@firma.example", relay="smtp.firma.example", security="starttls", language="en"
    )
    page = setting.page(7)
    for decided in (
        "Firma GmbH", "English", "Europe/Berlin", str(setting.opened.config.key_file), "1 user with an archive",
        "firma.example", "Journal (IMAP, imap.firma.example)", "it@firma.example", "smtp.firma.example",
    ):  # fmt: skip
        assert decided in page
    assert 'class="warning"' not in page


# Import and export


@pytest.fixture
def configuration(new_opened: Callable[..., Opened]) -> bytes:
    """Of another archive, with otto as its operator and alice as a reader."""
    opened = new_opened("other")
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("oda", role="operator")
    Installation(
        pk=1, name="Firma GmbH", language="en", setup_step=7, setup_finished_at="2026-01-01T00:00Z"
    ).save()
    keys = open_keys_of(opened.config)
    try:
        return export_configuration(keys.open_setting, "four words of amber")
    finally:
        keys.close()


def fresh(new_opened: Callable[..., Opened]) -> Setting:
    opened, client = new_opened("fresh"), Client()
    client.post(f"/setup/{make_setup_link()}/", OTTO)
    return Setting(opened, client)


def test_a_configuration_is_imported_and_the_operator_stays_signed_in(
    configuration: bytes, new_opened: Callable[..., Opened]
) -> None:
    setting = fresh(new_opened)
    upload = SimpleUploadedFile("configuration.json", configuration)
    answer = setting.post(0, file=upload, passphrase="four words of amber")
    assert "The configuration is imported" in text(answer)
    assert "must be set again" not in text(answer)
    assert set(User.objects.values_list("login", flat=True)) == {"alice", "oda", "otto"}
    assert setting.client.get("/console/").status_code == 200
    assert not is_set_up()
    assert "Storage and keys" in setting.page()
    assert "otto" in text(setting.client.get("/account/"))
    assert "config:imported" in actions()
    assert "Or import a configuration" not in setting.page(0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"passphrase": "wrong words of amber"}, "The passphrase is wrong"),
        ({}, "carries secrets"),
    ],
)
def test_a_refused_import_leaves_everything_as_it_was(
    configuration: bytes, new_opened: Callable[..., Opened], values: dict[str, str], said: str
) -> None:
    setting = fresh(new_opened)
    answer = setting.post(0, file=SimpleUploadedFile("c.json", configuration), **values)
    assert said in html.unescape(text(answer))
    assert User.objects.get().login == "otto"
    assert setting.client.get("/console/").status_code == 200


def test_what_did_not_travel_is_named_on_the_page(
    configuration: bytes, new_opened: Callable[..., Opened]
) -> None:
    setting = fresh(new_opened)
    answer = setting.post(0, file=SimpleUploadedFile("c.json", configuration), without_secrets="on")
    assert "user alice: password" in text(answer)


def test_garbage_is_told(setting: Setting) -> None:
    answer = setting.post(0, file=SimpleUploadedFile("c.json", b"\x00\xff"))
    assert "This is not an exported configuration" in text(answer)


def test_nothing_is_imported_over_what_is_there(
    configuration: bytes, new_opened: Callable[..., Opened]
) -> None:
    setting = fresh(new_opened)
    setting.opened.add_user("bob")
    assert "Or import a configuration" not in setting.page(0)
    answer = setting.post(
        0, file=SimpleUploadedFile("c.json", configuration), passphrase="four words of amber"
    )
    assert answer.status_code == 200
    assert set(User.objects.values_list("login", flat=True)) == {"bob", "otto"}


def test_the_export_is_a_recorded_download(setting: Setting, tmp_path: Path) -> None:
    page = setting.client.get("/console/system/configuration/")
    assert "Download" in text(page)
    words = {"passphrase": "four words of amber", "again": "four words of amber"}
    answer = setting.client.post("/console/system/configuration/", words)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="amberpost-configuration-')
    assert b'"secrets": {' in answer.content
    plain = setting.client.post("/console/system/configuration/", {"passphrase": "", "again": ""})
    assert b'"secrets": null' in plain.content
    details = AuditEvent.objects.filter(action="config:exported").values_list("detail", flat=True)
    assert list(details) == [{"secrets": True}, {"secrets": False}]


@pytest.mark.parametrize(
    ("passphrase", "again", "said"),
    [
        ("four words of amber", "other", "The two entries differ."),
        ("short", "short", "At least 12 characters."),
    ],
)
def test_a_passphrase_is_typed_twice_and_long_enough(
    setting: Setting, passphrase: str, again: str, said: str
) -> None:
    answer = setting.client.post("/console/system/configuration/", {"passphrase": passphrase, "again": again})
    assert said in text(answer)
    assert "config:exported" not in actions()
