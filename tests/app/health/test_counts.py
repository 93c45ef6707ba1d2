"""What a search counts is what it can list, also while the catalogue or the index is behind the other."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connections

from amberpost.accounts.people import get_user
from amberpost.reading.find import ResultPage, find
from amberpost.road import process
from amberpost.road.catalogue import INDEX, set_position
from amberpost.road.models import Assignment, Message
from amberpost.road.open import open_writer_vault
from amberpost.road.pool import Pool
from amberpost.road.rebuild import rebuild_catalogue
from amberpost.search.local import TantivyIndex
from tests.app.pages import text
from tests.archive import Archive
from tests.opened import Opened
from tests.people import ALICE, BOB, letter

WORDS = ["", "Brief", "subject:Brief"]


def assert_exact(page: ResultPage, count: int, *, is_incomplete: bool) -> None:
    assert (page.count, len(page.hits)) == (count, count)
    assert page.is_incomplete == is_incomplete


@pytest.fixture
def filled(opened: Opened) -> Opened:
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("bob", BOB.address)
    opened.take(*(letter(n) for n in range(4)), letter("bob", to=BOB.address))
    return opened


def saved(opened: Opened) -> Path:
    """The catalogue as it is now, whole in one file."""
    connections.close_all()
    copy = opened.config.data.parent / "older.db"
    with closing(sqlite3.connect(opened.config.data / "catalogue.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(opened.config.data / "catalogue.db", copy)
    return copy


def test_an_index_that_knows_later_mail_than_the_catalogue_counts_none_of_it(filled: Opened) -> None:
    """A catalogue restored from a backup."""
    older = saved(filled)
    filled.take(*(letter(f"later {n}") for n in range(3)), letter("later bob", to=BOB.address))
    connections.close_all()
    shutil.copy(older, filled.config.data / "catalogue.db")
    for words in WORDS:
        assert_exact(filled.find("alice", words), 4, is_incomplete=True)
        assert_exact(filled.find("bob", words), 1, is_incomplete=True)
    first, second = (filled_page(filled, offset) for offset in (0, 3))
    assert (first.count, len(first.hits), second.count, len(second.hits)) == (4, 3, 4, 1)
    filled.process()
    assert_exact(filled.find("alice"), 7, is_incomplete=False)


def filled_page(opened: Opened, offset: int) -> ResultPage:
    with opened.reading() as vault:
        return find(vault, get_user("alice"), "", limit=3, offset=offset)


@contextmanager
def rebuilding(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[tuple[ResultPage, ResultPage]]]:
    """Make the catalogue anew one entry at a time; what Alice and Bob find after each of them."""
    seen: list[tuple[ResultPage, ResultPage]] = []
    monkeypatch.setattr(process, "REPLAY_BATCH", 1)
    real = process.read_entries

    def look(*args: object) -> object:
        seen.append((opened.find("alice"), opened.find("bob")))
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "read_entries", look)
    with open_writer_vault(opened.config) as vault:
        rebuild_catalogue(vault, Pool(0, vault.dedup_key))
    yield seen


def test_counts_grow_with_the_catalogue_while_it_is_made_anew(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rebuilding(filled, monkeypatch) as seen:
        assert [(alice.count, bob.count) for alice, bob in seen] == [(n, 0) for n in range(5)]
        assert all(page.count == len(page.hits) for pair in seen for page in pair)
        assert all(page.is_incomplete for pair in seen for page in pair)
    assert_exact(filled.find("alice"), 4, is_incomplete=False)
    assert_exact(filled.find("bob"), 1, is_incomplete=False)


def test_mail_that_was_assigned_later_is_counted_when_the_rebuild_has_come_to_that(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is there, its owner is not yet, and the index knows both."""
    filled.take(letter("early", to="late@firma.example"))
    filled.give_addresses("bob", "late@firma.example")
    filled.process()
    assert filled.find("bob").count == 2
    with rebuilding(filled, monkeypatch) as seen:
        assert [bob.count for _, bob in seen] == [0, 0, 0, 0, 0, 1, 1]
        assert all(page.count == len(page.hits) for pair in seen for page in pair)
    assert_exact(filled.find("bob"), 2, is_incomplete=False)


def test_also_where_a_lost_database_does_not_know_how_far_the_index_was(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page could be filled from what is there; only the number would be wrong."""
    filled.take(letter("early", to="late@firma.example", date="Mon, 02 Jan 2023 08:00:00 +0000"))
    filled.give_addresses("bob", "late@firma.example")
    filled.process()
    set_position(INDEX, 0)
    real = filled.find
    monkeypatch.setattr(Opened, "find", lambda _self, login: real(login, limit=1))
    with rebuilding(filled, monkeypatch) as seen:
        assert [bob.count for _, bob in seen] == [0, 0, 0, 0, 0, 1, 1]


def test_an_index_that_is_behind_counts_what_it_lists_and_says_how_far_it_is_behind(filled: Opened) -> None:
    shutil.rmtree(filled.config.data / "index")
    TantivyIndex.create(filled.config.data / "index")
    set_position(INDEX, 0)
    page = filled.find("alice")
    assert (page.count, page.hits, page.lag) == (0, (), 5)
    answer = text(filled.browser("alice").get("/search/"))
    assert "The index is 5 messages behind" in answer


def test_rows_that_are_gone_are_neither_counted_nor_listed(filled: Opened) -> None:
    """Whatever became of them: the page that would be short is counted anew."""
    Assignment.objects.filter(message_id__in=[0, 1]).delete()
    Message.objects.filter(id__in=[0]).delete()
    assert_exact(filled.find("alice", "Brief"), 2, is_incomplete=True)


def test_pages_and_commands_say_that_the_catalogue_lacks_mail(filled: Opened) -> None:
    older = saved(filled)
    filled.take(letter("later"))
    connections.close_all()
    shutil.copy(older, filled.config.data / "catalogue.db")
    answer = text(filled.browser("alice").get("/search/"))
    assert "4 messages" in answer
    assert "does not yet have all mail" in answer
    commands: Archive = filled.commands
    said = commands.json("search", "", "--as", "alice")
    assert (said["count"], len(said["hits"]), said["incomplete"]) == (4, 4, True)
