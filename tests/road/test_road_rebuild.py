"""Database and index are lost: segments and keys give all of it back."""

import os
import shutil
from typing import Any

import pytest
from django.db import connections

from amberpost.cli.main import main
from amberpost.road import process as process_module
from amberpost.road.models import Capture, Message, Position
from amberpost.search.schema import SCHEMA_VERSION
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, BOB, CHARLIE, letter, report
from tests.road.conftest import NewRoad
from tests.road.dump import catalogue, dump, found
from tests.road.sample import generated
from tests.servers.postgres import Postgres


def fill(opened: Opened) -> None:
    """Something of everything: duplicates, forks, quarantine, late addresses, a hand-over, imports."""
    alice = opened.add_user("alice", *ALICE.addresses)
    opened.add_user("bob", BOB.address)
    opened.take(
        *generated(40), letter(1), letter(2, to="late@firma.example"), letter(3, to="nobody@x.example")
    )
    opened.take(letter(1))  # a duplicate
    inner = letter("fork")
    opened.take(report(inner, number=1), report(inner, number=2, recipients=["Bcc: bob@firma.example"]))
    other = letter("fork", fields=["X-Spam-Score: 0"])  # other bytes, the same mail
    opened.take(report(other, number=3, recipients=["Bcc: late@firma.example"]), *generated(66, "more"))
    opened.take(letter("file"), letter("own"), source=opened.files, remote="/a/b.eml")
    opened.take(letter("target"), source=opened.files, target=alice.private_archive_id)
    opened.take(letter("pop"), protocol="pop3", remote="uidl of a message")
    opened.add_user("charlie", *CHARLIE.addresses)
    opened.give_addresses("charlie", "late@firma.example")
    opened.add_user("otto", role="operator")
    opened.process()


def lose_database(opened: Opened) -> None:
    """Delete an embedded database; a served one is emptied by taking another."""
    connections.close_all()
    for name in ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm"):
        (opened.config.data / name).unlink(missing_ok=True)
    shutil.rmtree(opened.config.data / "index")


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


def test_a_lost_embedded_database_comes_back_whole(opened: Opened) -> None:
    fill(opened)
    before = dump(opened)
    assert len(before["messages"]) > 50
    assert before["cursors"]
    assert before["uidls"]
    lose_database(opened)
    assert opened.commands.run("search", "", "--as", "alice", "--json").code == 2  # refused, with a word
    said = opened.commands.json("rebuild")
    assert said["state_restored"]
    after = dump(opened)
    assert differences(before, _without_the_rebuild(before, after)) == []
    assert opened.verify() == []


@pytest.mark.server
def test_a_lost_postgresql_database_comes_back_whole(new_on_postgres: NewRoad, postgres: Postgres) -> None:
    opened = new_on_postgres()
    fill(opened)
    before = dump(opened)
    lose_database(opened)
    opened.leave()
    other = Opened.enter(opened.config.data, database=postgres.create_database())
    try:
        assert other.commands.json("rebuild")["state_restored"]
        after = dump(other)
        assert differences(before, _without_the_rebuild(before, after)) == []
        other.add_user("new", "new@firma.example")  # ids go on behind the restored ones
        assert other.verify() == []
    finally:
        other.leave()


def _without_the_rebuild(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The rebuild itself is an audit event, and nothing else is new."""
    new = [event for event in after["events"] if event not in before["events"]]
    assert {event[3] for event in new} <= {"archive:rebuilt"}, new
    return {**after, "events": [event for event in after["events"] if event not in new]}


def test_the_archive_can_move_from_sqlite_to_postgresql_by_rebuild(
    opened: Opened, postgres: Postgres
) -> None:
    fill(opened)
    before = dump(opened)
    opened.leave()
    other = Opened.enter(opened.config.data, database=postgres.create_database())
    try:
        other.commands.json("rebuild")
        assert differences(before, _without_the_rebuild(before, dump(other))) == []
    finally:
        other.leave()


@pytest.mark.parametrize("option", ["--catalogue", "--index"])
def test_each_derived_thing_can_be_made_anew_alone(option: str, road: Opened) -> None:
    fill(road)
    before = dump(road)
    if option == "--index":
        shutil.rmtree(road.config.data / "index")
    else:
        Capture.objects.filter(index__lt=20).delete()
        Message.objects.filter(id__gt=30).delete()
    connections.close_all()
    road.commands.json("rebuild", option)
    assert differences(before, _without_the_rebuild(before, dump(road))) == []
    assert road.verify() == []


def test_a_damaged_index_stops_no_archiving_and_is_made_anew(opened: Opened) -> None:
    fill(opened)
    for path in (opened.config.data / "index").rglob("*.term"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (opened.config.data / "index" / SCHEMA_VERSION / "meta.json").write_text("{")
    opened.take(letter("meanwhile"))
    assert "index_damaged" in {finding.kind for finding in opened.verify("quick")}
    opened.commands.json("rebuild", "--index")
    assert "letter-meanwhile@customer.example" in {hit.message_id for hit in opened.find("alice").hits}
    assert opened.verify() == []


def test_a_rebuild_that_is_killed_can_be_done_again(opened: Opened) -> None:
    fill(opened)
    before = {**catalogue(), "found": found(opened)}
    lose_database(opened)
    opened.dies_in("tests.road.test_road_rebuild:rebuild_and_die")
    opened.commands.json("rebuild")
    after = {**catalogue(), "found": found(opened)}
    assert differences(before, _without_the_rebuild(before, after)) == []
    assert Position.objects.get(name="catalogue").next_index > 30


def rebuild_and_die(opened: Opened) -> None:
    real, calls = process_module.catalogue, []

    def dies(entries: Any) -> Any:
        calls.append(1)
        return real(entries) if len(calls) < 2 else os._exit(9)

    process_module.REPLAY_BATCH = 30
    process_module.catalogue = dies
    main(["rebuild", "--data", str(opened.config.data)])


def test_what_came_while_the_state_was_not_yet_sealed_is_named_not_hidden(archive: Archive) -> None:
    """Commands seal what they decided before they end."""
    archive.add_user("alice", ALICE.address)
    for name in ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm"):
        (archive.data / name).unlink(missing_ok=True)
    archive.json("rebuild")
    assert [user["login"] for user in archive.json("user", "list")["users"]] == ["alice"]
