"""PostgreSQL from an empty database: migrations, commands and the whole road by subprocess."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from tests.archive import Archive
from tests.people import ALICE, letter
from tests.servers.postgres import INITDB, PROGRAM, Postgres

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None or INITDB is None, reason="PostgreSQL is not installed"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {str(row[0]) for row in rows}


def test_the_whole_road_runs_on_postgresql(server: Postgres, tmp_path: Path) -> None:
    url = server.create_database()
    archive = Archive(data=tmp_path / "archive", settings={"AMBERPOST_DATABASE": url}).init()
    assert {"road_message", "directory_address", "sources_source", "audit_auditevent"} <= tables(url)
    assert not (archive.data / "catalogue.db").exists()
    archive.add_user("alice", *ALICE.addresses)
    (tmp_path / "one.eml").write_bytes(letter(1))
    assert archive.json("import", tmp_path / "one.eml")["stored"] == 1
    assert archive.json("import", tmp_path / "one.eml")["duplicate"] == 1
    assert [hit["subject"] for hit in archive.found("alice", "Brief")] == ["Brief 1"]
    assert archive.exported(tmp_path / "out") == {0: letter(1)}
    assert archive.json("verify", "--deep")["findings"] == []


def test_no_model_waits_for_a_migration(opened: object) -> None:

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_runs_on_an_empty_database_and_changes_nothing_when_run_again(
    server: Postgres, tmp_path: Path
) -> None:
    url = server.create_database()
    archive = Archive(data=tmp_path / "archive", settings={"AMBERPOST_DATABASE": url}).init()
    before = tables(url)
    archive.json("user", "list")
    assert tables(url) == before


def test_a_lost_postgresql_database_is_refused_until_it_is_rebuilt(server: Postgres, tmp_path: Path) -> None:
    url = server.create_database()
    archive = Archive(data=tmp_path / "archive", settings={"AMBERPOST_DATABASE": url}).init()
    archive.add_user("alice", *ALICE.addresses)
    (tmp_path / "one.eml").write_bytes(letter(1))
    archive.json("import", tmp_path / "one.eml")
    other = Archive(data=archive.data, settings={"AMBERPOST_DATABASE": server.create_database()})
    refused = other.run("search", "", "--as", "alice", "--json")
    assert refused.code == 2
    assert "rebuild" in refused.json["error"]
    other.json("rebuild")
    assert len(other.found("alice")) == 1


def test_a_database_that_is_away_is_one_json_error(archive: Archive) -> None:
    away = Archive(data=archive.data, settings={"AMBERPOST_DATABASE": "postgresql://u:p@127.0.0.1:1/x"})
    done = away.run("user", "list", "--json")
    assert done.code in {1, 5}
    assert set(done.json) == {"error", "exit"}
    assert "Traceback" not in done.words
