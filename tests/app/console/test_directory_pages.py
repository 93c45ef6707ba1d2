"""The operators' pages about the directory and the archives, with a real OpenLDAP where one is read."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from amberpost.accounts.models import Release, SeatLimit, User
from amberpost.accounts.people import get_user, set_active
from amberpost.accounts.permissions import scope_of
from amberpost.accounts.releases import release
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.directory.active import active_directory, get_directory, status_of
from amberpost.directory.archives.book import has_plus_addresses
from amberpost.directory.archives.local import create_archive
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin, DirectoryRun
from amberpost.governance.state import take_snapshot
from tests.app.pages import SECRET, Site, text
from tests.directory_sample import Company, make_company
from tests.servers import openldap
from tests.servers.openldap import AD_LIKE, OpenLdap

needs_server = [
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company()


@pytest.fixture(scope="module")
def ldap(company: Company) -> Iterator[OpenLdap]:
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
        yield server


def typed(server: OpenLdap, **changes: str) -> dict[str, str]:
    return {
        "kind": "ad",
        "fields_for": "ad",
        "hosts": f"localhost:{server.port}",
        "security": "starttls",
        "user": server.reader,
        "password": server.password,
        "ca_pem": server.ca_pem,
        "interval_minutes": "60",
        "guard_percent": "20",
        "guard_count": "5",
        "releases_to_delegates": "on",
        **changes,
    }


def get(site: Site, path: str) -> str:
    answer = site.client("otto").get(f"/console/{path}")
    assert answer.status_code == 200, path
    return text(answer)


def post(site: Site, path: str, **fields: object) -> str:
    return text(site.client("otto").post(f"/console/{path}", fields, follow=True))


def connect(site: Site, server: OpenLdap, **changes: str) -> None:
    assert "Saved. Please look" in post(site, "directory/settings/", **typed(server, **changes))


def plan_on(page: str) -> str:
    found = re.search(r'name="plan" value="([0-9a-f]{32})"', page)
    assert found, page
    return found[1]


def make_changes(site: Site) -> str:
    return post(site, "directory/changes/", plan=plan_on(get(site, "directory/changes/")))


# Directory


def test_the_fields_follow_the_kind(site: Site) -> None:
    for kind, there, absent in (
        ("local", "has_public_archives", "hosts"),
        ("ad", "netbios", "tenant_id"),
        ("ldap", "user_filter", "netbios"),
        ("entra", "client_secret", "hosts"),
    ):
        page = post(site, "directory/settings/", kind=kind, fields_for="local", show="fields")
        assert f'name="{there}"' in page
        assert f'name="{absent}"' not in page
        assert f'name="{there}"' in get(site, f"directory/settings/?kind={kind}")


def test_what_was_typed_stays_when_the_kind_changes_and_secrets_do_not(site: Site) -> None:
    page = post(
        site,
        "directory/settings/",
        kind="ldap",
        fields_for="ad",
        hosts="dc1.firma.example",
        password="hush-hush",
    )
    assert "dc1.firma.example" in page
    assert "hush-hush" not in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hosts": ""}, "required"),
        ({"hosts": "not a host"}, "The server is a host name"),
        ({"password": ""}, "required"),
        ({"interval_minutes": "1"}, "greater than or equal to 5"),
        ({"ca_pem": "no certificate"}, "not a certificate in PEM form"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_saved(site: Site, changes: dict[str, str], said: str) -> None:
    fields = {"kind": "ad", "fields_for": "ad", "hosts": "dc1", "user": "u", "password": "p",
              "security": "ssl", "interval_minutes": "60", **changes}  # fmt: skip
    assert said in post(site, "directory/settings/", **fields)
    assert active_directory().kind == "local"


@pytest.mark.usefixtures("ldap")
class TestWithAServer:
    pytestmark = needs_server

    def test_typed_settings_are_tested_in_steps_and_not_saved(self, site: Site, ldap: OpenLdap) -> None:
        page = post(site, "directory/settings/", **typed(ldap), test="typed")
        assert "This directory can be read." in page
        assert "people: 25" in page
        assert ldap.password not in page
        assert get_directory("ad").pk is None
        page = post(site, "directory/settings/", **typed(ldap, password="falsch"), test="typed")
        assert "cannot be read yet" in page
        assert "does not accept the user name or password" in page

    def test_nothing_changes_before_an_operator_has_seen_it_and_then_exactly_that(
        self, site: Site, ldap: OpenLdap
    ) -> None:
        connect(site, ldap)
        before = take_snapshot()
        page = get(site, "directory/changes/")
        assert "Nothing has been changed" in page
        assert "person.0@firma.example" in page
        refused = post(site, "directory/changes/", plan="0" * 32)
        assert "nothing has been changed yet" in refused
        assert take_snapshot() == before
        assert "Done:" in post(site, "directory/changes/", plan=plan_on(refused))
        assert User.objects.filter(is_managed=True).count() == 25
        page = get(site, "directory/")
        assert 'class="state well">in use' in page
        assert "waits for an operator" in page
        assert "Nothing: everything here is as the directory says." in get(site, "directory/changes/")

    def test_the_password_is_write_only(self, site: Site, ldap: OpenLdap) -> None:
        connect(site, ldap)
        connect(site, ldap, password="", interval_minutes="30")
        assert "This directory can be read." in post(site, "directory/test/")
        for path in ("directory/", "directory/settings/", "directory/changes/"):
            assert ldap.password not in get(site, path)
        assert not AuditEvent.objects.filter(detail__icontains=ldap.password).exists()

    def test_a_controller_that_fails_is_told_everywhere_and_changes_nothing(
        self, site: Site, ldap: OpenLdap
    ) -> None:
        connect(site, ldap, hosts="localhost:1")
        before = take_snapshot()
        assert "localhost:1" in post(site, "directory/changes/", plan="x")
        assert take_snapshot() == before
        assert "cannot be read" in get(site, "directory/")
        assert "The directory cannot be read" in get(site, "")

    def test_an_operator_releases_revokes_and_hands_over(self, site: Site, ldap: OpenLdap) -> None:
        connect(site, ldap)
        make_changes(site)
        box = Archive.objects.get(key__isnull=False, addresses__address="box0@firma.example")
        reader = get_user("p8@firma.example")
        assert box.pk not in scope_of(reader).archives
        said = post(site, f"archives/{box.pk}/release/", to="g-self@firma.example", reason="Vertretung")
        assert "g-self may read this archive" in said
        assert box.pk in scope_of(reader).archives
        given = Release.objects.get(archive=box, rule="manual")
        assert "The release has ended" in post(site, f"archives/{box.pk}/revoke/{given.pk}/")
        assert box.pk not in scope_of(reader).archives
        assert "Vertretung" in get(site, f"archives/{box.pk}/")

        left = get_user("leaver").private_archive
        assert left is not None
        assert "Please give a reason" in post(site, f"archives/{left.pk}/hand-over/", to="p8@firma.example")
        post(site, f"archives/{left.pk}/hand-over/", to="p8@firma.example", reason="Nachfolge")
        assert left.pk in scope_of(reader).archives

    def test_conflicts_are_listed(self, site: Site) -> None:
        company = make_company()
        company.account("twin", "Zwilling", details=1, mail="twin@firma.example",
                        proxyAddresses=["SMTP:twin@firma.example", "smtp:p0@alt.example"])  # fmt: skip
        with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
            connect(site, server)
            make_changes(site)
        assert "p0@alt.example" in get(site, "archives/").partition('id="conflicts"')[2]
        assert "1 address is claimed twice" in get(site, "")


def test_the_schedule_and_a_waiting_plan_are_shown(site: Site) -> None:
    directory = get_directory("ad")
    directory.is_active = True
    directory.save()
    status = status_of(directory)
    status.is_waiting = True
    status.save()
    DirectoryRun.objects.create(
        directory=directory, started_at=now(), finished_at=now(), asked_by="directory", outcome="waiting"
    )
    page = get(site, "directory/")
    assert "schedule" in page
    assert "Changes of the directory wait for an operator" in get(site, "")


# Archives


def test_with_the_local_list_there_are_private_archives_only_until_it_is_switched_on(site: Site) -> None:
    page = get(site, "archives/")
    assert "there are only private archives" in page
    fields = {"name": "Info", "origin": "shared", "addresses": "info@firma.example"}
    assert "unless" in post(site, "archives/add/", **fields)
    assert not Archive.objects.filter(kind="public").exists()
    post(site, "directory/settings/", kind="local", fields_for="local", has_public_archives="on")
    assert "Public archive" in post(site, "archives/add/", **fields)
    assert Archive.objects.get(kind="public").name == "Info"


def test_search_and_filters_find_the_right_archives(site: Site) -> None:
    def names(query: str) -> set[str]:
        return set(
            re.findall(r'<a href="/console/archives/\d+/">([^<]+)</a>', get(site, f"archives/?{query}"))
        )

    set_active(get_user("bob"), active=False, by="otto")
    assert {"alice", "bob", "charlie"} <= names("")
    assert names("q=A.Ahrens%40") == {"alice"}
    assert names("state=departed") == {"bob"}
    assert names("kind=public") == set()
    assert names("kind=nonsense&origin=person&q=char") == {"charlie"}


def test_a_private_archive_cannot_be_released_and_the_page_says_why(site: Site) -> None:
    archive = get_user("alice").private_archive
    assert archive is not None
    page = get(site, f"archives/{archive.pk}/")
    assert "belongs to one person and cannot be released" in page
    assert "/release/" not in page
    assert "A private archive cannot be released" in post(site, f"archives/{archive.pk}/release/", to="bob")
    assert not Release.objects.exists()


def test_manual_selection_warns_and_is_recorded(site: Site) -> None:
    post(site, "directory/settings/", kind="local", fields_for="local", is_manual="on")
    page = get(site, "archives/?q=alice")
    assert "can break the duty to keep its mail" in page
    archive = get_user("alice").private_archive
    assert archive is not None
    post(site, "archives/select/", shown=[archive.pk])
    archive.refresh_from_db()
    assert not archive.is_selected
    assert AuditEvent.objects.filter(action="archive:deselected", actor="otto").exists()
    post(site, "archives/select/", shown=[archive.pk], selected=[archive.pk])
    archive.refresh_from_db()
    assert archive.is_selected


def test_seats_are_shown_limited_and_an_excess_is_told_with_its_day(site: Site) -> None:
    assert "seats in use" in get(site, "archives/")
    post(site, "archives/seats/", limit="2")
    assert "Collecting stops on" in get(site, "archives/")
    assert "used of 2. Collecting stops on" in get(site, "")
    SeatLimit.objects.update(exceeded_at=now() - timedelta(days=8))
    assert "Collecting has stopped" in get(site, "")
    post(site, "archives/seats/", limit="")
    assert SeatLimit.objects.get().limit is None


def test_plus_addresses_are_switched_for_the_whole_archive(site: Site) -> None:
    assert "Treat name+anything@ as name@" in get(site, "archives/")
    assert not has_plus_addresses()
    post(site, "archives/plus-addresses/", is_on="on")
    assert has_plus_addresses()
    assert (
        "checked" in get(site, "archives/").partition("archives/plus-addresses/")[2].partition("</form>")[0]
    )
    post(site, "archives/plus-addresses/")
    assert not has_plus_addresses()
    said = AuditEvent.objects.filter(action="addresses:plus_changed", actor="otto").values_list(
        "detail", flat=True
    )
    assert [detail["on"] for detail in said] == [True, False]


def test_readers_are_suggested_by_name(site: Site) -> None:
    assert 'value="alice"' in get(site, "archives/readers/?to=ali")
    assert "option" not in get(site, "archives/readers/?to=otto")


def test_no_page_shows_mail(site: Site) -> None:
    alice = get_user("alice").private_archive
    assert alice is not None
    for path in ("archives/", f"archives/{alice.pk}/", "directory/", "directory/settings/"):
        assert SECRET not in get(site, path)


def test_an_archive_shows_its_addresses_with_their_time_its_owner_and_who_reads_it_and_why(
    site: Site,
) -> None:
    shared = create_archive(
        "Info", ["info@firma.example"], kind=ArchiveKind.PUBLIC, origin=ArchiveOrigin.SHARED
    )
    released = release(shared, to=get_user("bob"), by="otto", reason="Vertretung")
    year = str(released.released_at.year)
    page = get(site, f"archives/{shared.pk}/")
    assert all(words in page for words in ("info@firma.example", "bob", "Vertretung", "otto", year))
    alices = get_user("alice").private_archive
    assert alices is not None
    page = get(site, f"archives/{alices.pk}/")
    assert all(words in page for words in ("alice@firma.example", "the beginning", "alice"))
