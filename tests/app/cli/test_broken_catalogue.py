"""A catalogue that is damaged is called so by every command, and `rebuild` makes it anew, whole."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from amberpost.errors import StoreError, UserError
from tests.opened import Opened
from tests.people import ALICE, letter
from tests.road.dump import dump

NAME = "catalogue.db"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def garble(path: Path) -> None:
    path.write_bytes(b"\xa5" * path.stat().st_size)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


def garble_inside(path: Path) -> None:
    """Whole in size and with a sound first page."""
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\xa5" * (len(data) - 8192))


KINDS: dict[str, Callable[[Path], None]] = {
    "cut": cut, "garbage": garble, "zero bytes": empty, "missing": remove, "garbage inside": garble_inside,
}  # fmt: skip


def fill(opened: Opened) -> dict[str, Any]:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(*(letter(n) for n in range(8)), letter("lost", to="nobody@x.example"))
    opened.process()
    before = dump(opened)
    connections.close_all()
    return before


def leave_a_log(opened: Opened, content: bytes) -> None:
    """What a crash may leave beside the database."""
    (opened.config.data / f"{NAME}-wal").write_bytes(content)
    (opened.config.data / f"{NAME}-shm").write_bytes(b"\0" * 32768)


LOGS = {"alone": None, "empty log": b"", "garbage log": b"\x5a" * 40_000}
CASES = [(kind, "alone") for kind in KINDS] + [
    pytest.param(kind, log, marks=pytest.mark.long) if kind not in {"cut", "missing"} else (kind, log)
    for kind in KINDS
    for log in ("empty log", "garbage log")
]


@pytest.mark.parametrize(("kind", "name_of_log"), CASES)
def test_rebuild_puts_it_aside_and_makes_it_anew_exactly(kind: str, name_of_log: str, opened: Opened) -> None:
    before, log = fill(opened), LOGS[name_of_log]
    data = opened.config.data
    if log is not None:
        leave_a_log(opened, log)
    KINDS[kind](data / NAME)
    broken = {path.name.removeprefix(NAME): path.read_bytes() for path in data.glob(f"{NAME}*")}
    said = opened.commands.json("rebuild")
    aside = [Path(path) for path in said["put_aside"]]
    assert [path.parent for path in aside] == [data] * len(aside)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in aside)
    if kind != "garbage inside":  # to look inside is to open it, which takes the log away
        kept = {path.name.partition(".db")[2]: path.read_bytes() for path in aside}
        assert kept == broken
    assert [path.name.startswith("catalogue.damaged-") for path in aside] == [True] * len(aside)
    after = dump(opened)
    new = [event for event in after["events"] if event not in before["events"]]
    assert [event[3] for event in new] == ["archive:rebuilt"]
    assert [name for name in before if name != "events" and before[name] != after[name]] == []
    assert len(before["events"]) + 1 == len(after["events"])
    assert opened.verify() == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_says_what_it_is_and_what_to_do(kind: str, opened: Opened) -> None:
    fill(opened)
    KINDS[kind](opened.config.data / NAME)
    exit_code = UserError.exit_code if kind == "missing" else StoreError.exit_code
    done = opened.commands.run("search", "", "--as", "alice", "--json")
    assert done.code == exit_code, done
    assert "amberpost rebuild" in done.words, done
    assert ("missing" if kind == "missing" else "damaged") in done.words, done
    assert "Traceback" not in done.words


def test_a_catalogue_that_is_well_is_not_put_aside(opened: Opened) -> None:
    fill(opened)
    assert opened.commands.json("rebuild")["put_aside"] == []
    assert not list(opened.config.data.glob("*damaged*"))


def test_a_table_that_is_gone_is_damage(opened: Opened) -> None:
    import sqlite3

    before = fill(opened)
    with sqlite3.connect(opened.config.data / NAME) as database:
        database.execute("DROP TABLE road_party")
    database.close()
    done = opened.commands.run("search", "", "--as", "alice")
    assert "The catalogue is damaged" in done.words
    assert len(opened.commands.json("rebuild")["put_aside"]) == 1
    assert dump(opened)["parties"] == before["parties"]


def test_a_database_that_another_release_has_changed_is_refused(opened: Opened) -> None:
    """Neither a later one, nor those before the rooms, whose tables had other names."""
    import sqlite3

    fill(opened)
    with sqlite3.connect(opened.config.data / NAME) as database:
        database.execute(
            "INSERT INTO django_migrations(app, name, applied) VALUES ('vault', '0001_initial', '2026-11-01')"
        )
    database.close()
    done = opened.commands.run("search", "", "--as", "alice")
    assert done.code == UserError.exit_code
    assert "Another release of Amberpost made this database (vault.0001_initial)" in done.words


def test_to_ask_for_the_index_alone_makes_a_damaged_catalogue_too(opened: Opened) -> None:
    before = fill(opened)
    garble(opened.config.data / NAME)
    opened.commands.json("rebuild", "--index")
    assert dump(opened)["messages"] == before["messages"]


@pytest.mark.parametrize("kind", ["cut", "garbage", "missing", "a file"])
def test_a_broken_index_is_put_aside_and_made_anew(kind: str, opened: Opened) -> None:
    before = fill(opened)
    folder = opened.config.data / "index"
    if kind in {"missing", "a file"}:
        shutil.rmtree(folder)
    if kind == "a file":
        folder.write_text("not a folder")
    for path in folder.rglob("*.*"):
        KINDS[kind](path)
    done = opened.commands.run("search", "", "--as", "alice")
    assert "amberpost rebuild --index" in done.words
    aside = opened.commands.json("rebuild", "--index")["put_aside"]
    assert [Path(path).name.startswith("index.damaged-") for path in aside] == [True] * (kind != "missing")
    assert dump(opened)["found"] == before["found"]
    assert opened.verify() == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_database_is_never_made_anew(kind: str, opened: Opened) -> None:
    fill(opened)
    path = opened.config.data / "keys.db"
    KINDS[kind](path)
    broken = path.read_bytes() if path.exists() else None
    done = opened.commands.run("rebuild")
    assert done.code in {5, 6}, done
    assert "restore it from a backup" in done.words, done
    assert "Traceback" not in done.words
    assert (path.read_bytes() if path.exists() else None) == broken
