"""`amberpost directory`, `archive` and `seats` against a real OpenLDAP: set, test, plan, sync, and the mail that follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.directory.models import DirectoryRun
from amberpost.vault.quarantine import quarantined
from amberpost.vault.state import take_snapshot
from tests.archive import Json
from tests.directory_sample import Company, make_company
from tests.opened import Opened
from tests.people import letter, report
from tests.servers import openldap
from tests.servers.ldif import LdifEntry
from tests.servers.openldap import AD_LIKE, OpenLdap

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]

P0, P1 = "person.0@firma.example", "person.1@firma.example"
FORGOTTEN = {f"p{number}" for number in range(3, 12)}


def few(company: Company) -> list[LdifEntry]:
    """A directory that has lost many of its people."""
    return [entry for entry in company.entries if company.labels[entry.values["cn"][0]] not in FORGOTTEN]


@pytest.fixture(scope="module")
def whole() -> Iterator[OpenLdap]:
    company = make_company()
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
        yield server


def fields(server: OpenLdap, folder: Path) -> list[str]:
    """The options an operator gives for this server."""
    (folder / "password").write_text(f"{server.password}\n")
    (folder / "ca.pem").write_text(server.ca_pem)
    return [
        "--host", f"localhost:{server.port}", "--bind-user", server.reader,
        "--password-file", str(folder / "password"), "--ca", str(folder / "ca.pem"),
    ]  # fmt: skip


def directory(road: Opened, *words: str, code: int = 0) -> Json:
    return road.commands.json("directory", *words, code=code)


def write(road: Opened, subject: str, to: str) -> None:
    inner = letter(subject, subject=subject)
    road.take(report(inner, recipients=[f"To: {to}"], message_id=f"<{subject}@customer.example>"))


def subjects(road: Opened, login: str) -> set[str]:
    return {hit.subject for hit in road.find(login).hits}


def test_from_set_to_the_mail_that_was_there_before_its_user(
    road: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    write(road, "early", P0)
    write(road, "foreign", "nobody@elsewhere.example")
    assert quarantined()[0] == 2
    said = directory(road, "set", "--kind", "ad", "--domain", "firma.example", *fields(whole, tmp_path))
    assert (said["kind"], said["active"], said["secrets_set"]) == ("ad", True, ["password"])
    assert whole.password not in road.commands.run("directory", "show", "--json").out.decode()
    assert directory(road, "test")["ok"]

    before = take_snapshot()
    plan = directory(road, "plan")
    assert take_snapshot() == before
    assert (plan["quarantined"], plan["leaving"], plan["worries"]) == (1, [], [])
    assert P0 in {address for item in plan["coming"] for address in item["addresses"]}
    assert directory(road, "plan")["hash"] == plan["hash"]

    done = directory(road, "sync")
    assert (done["outcome"], done["quarantined"]) == ("applied", 1)
    assert done["came"] == len(plan["coming"])
    road.process()
    assert subjects(road, "p0@firma.example") == {"early"}
    assert quarantined()[0] == 1

    after = take_snapshot()
    again = directory(road, "sync")
    assert (again["outcome"], again["plan"]["empty"]) == ("unchanged", True)
    assert take_snapshot() == after
    assert [run.outcome for run in DirectoryRun.objects.all()] == ["unchanged", "applied"]


def test_a_plan_that_looks_wrong_stops_and_goes_on_with_its_hash_only(
    road: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    directory(road, "set", "--kind", "ad", "--guard-count", "3", *fields(whole, tmp_path))
    assert directory(road, "sync")["outcome"] == "applied"
    company = make_company()
    with OpenLdap(company.suffix, few(company), schema=AD_LIKE) as smaller:
        directory(road, "set", *fields(smaller, tmp_path))
        before = take_snapshot()
        asked = directory(road, "sync", code=2)
        assert (asked["outcome"], asked["plan"]["worries"]) == ("waiting", ["people_leave"])
        assert directory(road, "sync", "--accept", "0" * 32, code=2)["outcome"] == "waiting"
        assert take_snapshot() == before
        assert directory(road, "show")["waiting"]
        done = directory(road, "sync", "--accept", asked["plan"]["hash"])
        assert (done["outcome"], done["left"]) == ("applied", len(FORGOTTEN))
        assert not directory(road, "show")["waiting"]


def test_a_controller_that_fails_is_told_and_changes_nothing(
    road: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    options = fields(whole, tmp_path)
    (tmp_path / "password").write_text("falsch")
    directory(road, "set", "--kind", "ad", *options)
    before = take_snapshot()
    for action in ("sync", "plan"):
        said = directory(road, action, code=4)
        assert "does not accept the user name or password" in said["error"]
    assert not directory(road, "test", code=4)["ok"]
    assert take_snapshot() == before
    (run,) = DirectoryRun.objects.all()
    assert (run.outcome, whole.password in run.error) == ("failed", False)
    shown = directory(road, "show")
    assert (shown["failures"], shown["error"]) == (1, run.error)


def test_what_makes_no_sense_is_refused(road: Opened, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    for words in (
        ("--kind", "ad", "--bind-user", "u"),  # no server, no password
        ("--kind", "ad", "--host", "a b", "--bind-user", "u"),
        ("--kind", "ad", "--host", "dc1:99999", "--bind-user", "u"),
        ("--kind", "ad", "--tenant-id", "x"),
        ("--kind", "ldap", "--user-filter", "(uid=*"),
        ("--kind", "local", "--password-file", str(tmp_path / "password")),
    ):
        directory(road, "set", *words, code=2)
    assert directory(road, "show")["kind"] == "local"
    for action in ("plan", "sync", "test"):
        assert "error" in directory(road, action, code=2)


def test_release_revoke_hand_over_and_select(road: Opened, whole: OpenLdap, tmp_path: Path) -> None:
    directory(road, "set", "--kind", "ad", *fields(whole, tmp_path))
    directory(road, "sync")
    write(road, "shared", "box0@firma.example")
    archives = road.commands.json("archive", "list", "--kind", "public", "--search", "box0@")["archives"]
    assert [(a["origin"], a["owner"]) for a in archives] == [("shared", None)]
    assert subjects(road, "p8@firma.example") == set()
    given = road.commands.json(
        "archive", "release", "--archive", "box0@firma.example", "--to", "g-self@firma.example"
    )
    assert given["group"] == "g-self"
    assert subjects(road, "p8@firma.example") == {"shared"}
    road.commands.json("archive", "revoke", "--archive", "box0@firma.example", "--from", "g-self@firma.example")
    assert subjects(road, "p8@firma.example") == set()
    road.commands.json("archive", "release", "--archive", P0, "--to", P1, code=2)  # private
    leaver = ("--archive", "leaver@firma.example", "--to", "p1@firma.example", "--reason", "Nachfolge")
    assert road.commands.json("archive", "handover", *leaver)["rule"] == "successor"
    assert not road.commands.json("archive", "select", "--archive", P0, "--off")["selected"]


def test_seats_are_shown_and_limited(road: Opened) -> None:
    road.add_user("anna", "anna@firma.example")
    assert road.commands.json("seats") == {"used": 1, "limit": None, "over": False, "grace_until": None}
    assert road.commands.json("seats", "--limit", "0")["grace_until"]
    assert road.commands.json("seats", "--no-limit")["limit"] is None
    road.commands.json("seats", "--limit", "-1", code=2)
