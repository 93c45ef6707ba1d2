"""`amberpost directory`, `archive` and `seats` with a real OpenLDAP: set, test, plan, sync, and whose mail it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.cli.call import Call, Result
from amberpost.cli.main import build_parser, load_command
from amberpost.directory.models import DirectoryRun
from amberpost.errors import ArchiveError
from amberpost.governance.state import take_snapshot
from amberpost.road.quarantine import quarantined
from amberpost.spoken import in_words
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
    return [entry for entry in company.entries if company.labels[entry.text("cn")] not in FORGOTTEN]


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


def call(opened: Opened, *words: str, code: int = 0) -> Json:
    """A command in this process: what it says as JSON."""
    arguments = build_parser(words[0]).parse_args(words)
    try:
        result = load_command(words[0]).run(Call(arguments=arguments, config=opened.config, actor="cli:test"))
    except ArchiveError as error:
        result = Result(data={"error": str(error)}, exit_code=error.exit_code)
    assert result.exit_code == code, result
    return result.data


def directory(opened: Opened, *words: str, code: int = 0) -> Json:
    return call(opened, "directory", *words, code=code)


def write(opened: Opened, subject: str, to: str) -> None:
    inner = letter(subject, subject=subject)
    opened.take(report(inner, recipients=[f"To: {to}"], message_id=f"<{subject}@customer.example>"))


def subjects(opened: Opened, login: str) -> set[str]:
    return {hit.subject for hit in opened.find(login).hits}


def test_from_set_to_the_mail_that_was_there_before_its_user(
    opened: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    write(opened, "early", P0)
    write(opened, "foreign", "nobody@elsewhere.example")
    assert quarantined()[0] == 2
    said = opened.commands.json(
        "directory", "set", "--kind", "ad", "--domain", "firma.example", *fields(whole, tmp_path)
    )
    assert (said["kind"], said["active"], said["secrets_set"]) == ("ad", True, ["password"])
    assert whole.password not in opened.commands.run("directory", "show", "--json").out.decode()
    assert opened.commands.json("directory", "test")["ok"]

    before = take_snapshot()
    plan = opened.commands.json("directory", "plan")
    assert take_snapshot() == before
    assert (plan["quarantined"], plan["leaving"], plan["worries"]) == (1, [], [])
    assert P0 in {address for item in plan["coming"] for address in item["addresses"]}
    assert opened.commands.json("directory", "plan")["hash"] == plan["hash"]

    done = opened.commands.json("directory", "sync")
    assert (done["outcome"], done["quarantined"]) == ("applied", 1)
    assert done["came"] == len(plan["coming"])
    opened.process()
    assert subjects(opened, "p0@firma.example") == {"early"}
    assert quarantined()[0] == 1

    after = take_snapshot()
    again = opened.commands.json("directory", "sync")
    assert (again["outcome"], again["plan"]["empty"]) == ("unchanged", True)
    assert take_snapshot() == after
    assert [run.outcome for run in DirectoryRun.objects.all()] == ["unchanged", "applied"]


def test_a_plan_that_looks_wrong_stops_and_goes_on_with_its_hash_only(
    opened: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    directory(opened, "set", "--kind", "ad", "--guard-count", "3", *fields(whole, tmp_path))
    assert directory(opened, "sync")["outcome"] == "applied"
    company = make_company()
    with OpenLdap(company.suffix, few(company), schema=AD_LIKE) as smaller:
        directory(opened, "set", *fields(smaller, tmp_path))
        before = take_snapshot()
        asked = directory(opened, "sync", code=2)
        assert (asked["outcome"], asked["plan"]["worries"]) == ("waiting", ["people_leave"])
        assert directory(opened, "sync", "--accept", "0" * 32, code=2)["outcome"] == "waiting"
        assert take_snapshot() == before
        assert directory(opened, "show")["waiting"]
        done = directory(opened, "sync", "--accept", asked["plan"]["hash"])
        assert (done["outcome"], done["left"]) == ("applied", len(FORGOTTEN))
        assert not directory(opened, "show")["waiting"]


def test_a_controller_that_fails_is_told_and_changes_nothing(
    opened: Opened, whole: OpenLdap, tmp_path: Path
) -> None:
    options = fields(whole, tmp_path)
    (tmp_path / "password").write_text("falsch")
    directory(opened, "set", "--kind", "ad", *options)
    before = take_snapshot()
    for action in ("sync", "plan"):
        said = directory(opened, action, code=4)
        assert "does not accept the user name or password" in said["error"]
    assert not directory(opened, "test", code=4)["ok"]
    assert take_snapshot() == before
    (run,) = DirectoryRun.objects.all()
    assert (run.outcome, whole.password in str(run.error)) == ("failed", False)
    shown = directory(opened, "show")
    assert (shown["failures"], shown["error"]) == (1, in_words(run.error))


def test_what_makes_no_sense_is_refused(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    for words in (
        ("--kind", "ad", "--bind-user", "u"),  # no server, no password
        ("--kind", "ad", "--host", "a b", "--bind-user", "u"),
        ("--kind", "ad", "--host", "dc1:99999", "--bind-user", "u"),
        ("--kind", "ad", "--tenant-id", "x"),
        ("--kind", "ldap", "--user-filter", "(uid=*"),
        ("--kind", "local", "--password-file", str(tmp_path / "password")),
    ):
        directory(opened, "set", *words, code=2)
    assert directory(opened, "show")["kind"] == "local"
    for action in ("plan", "sync", "test"):
        assert "error" in directory(opened, action, code=2)


def test_release_revoke_hand_over_and_select(opened: Opened, whole: OpenLdap, tmp_path: Path) -> None:
    directory(opened, "set", "--kind", "ad", *fields(whole, tmp_path))
    directory(opened, "sync")
    write(opened, "shared", "box0@firma.example")
    archives = call(opened, "archive", "list", "--kind", "public", "--search", "box0@")["archives"]
    assert [(a["origin"], a["owner"]) for a in archives] == [("shared", None)]
    assert subjects(opened, "p8@firma.example") == set()
    given = call(
        opened, "archive", "release", "--archive", "box0@firma.example", "--to", "g-self@firma.example"
    )
    assert given["group"] == "g-self"
    assert subjects(opened, "p8@firma.example") == {"shared"}
    call(opened, "archive", "revoke", "--archive", "box0@firma.example", "--from", "g-self@firma.example")
    assert subjects(opened, "p8@firma.example") == set()
    call(opened, "archive", "release", "--archive", P0, "--to", P1, code=2)  # private
    leaver = ("--archive", "leaver@firma.example", "--to", "p1@firma.example", "--reason", "Nachfolge")
    assert call(opened, "archive", "handover", *leaver)["rule"] == "successor"
    assert not call(opened, "archive", "select", "--archive", P0, "--off")["selected"]


def test_seats_are_shown_and_limited(opened: Opened) -> None:
    opened.add_user("anna", "anna@firma.example")
    assert call(opened, "seats") == {"used": 1, "limit": None, "over": False, "grace_until": None}
    assert call(opened, "seats", "--limit", "0")["grace_until"]
    assert call(opened, "seats", "--no-limit")["limit"] is None
    call(opened, "seats", "--limit", "-1", code=2)
