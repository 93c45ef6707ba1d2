"""Search, hits, excerpt and export each ask for rights themselves: none relies on the layer before it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from amberpost.accounts.models import User
from amberpost.accounts.permissions import scope_of
from amberpost.errors import NotFound
from amberpost.reading.export import _as_seen, _pages, export_as
from amberpost.reading.find import excerpt, find, hits
from amberpost.road.models import Message
from amberpost.road.open import Vault
from amberpost.search.index import Matches, Scope
from tests.archive import read_export
from tests.opened import Opened
from tests.people import ALICE, BOB, letter

SECRET = "Bernsteinzimmer"


class Blabbing:
    """An index that forgets whose mail may be found."""

    def find(self, *_query: object, offset: int = 0, **_how: object) -> Matches:
        ids = [] if offset else list(Message.objects.order_by("id").values_list("id", flat=True))
        return Matches(count=len(ids), ids=tuple(ids))

    def has_after(self, _message_id: int) -> bool:
        return False

    def count(self) -> int:
        return Message.objects.count()

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def shared(opened: Opened) -> Opened:
    """Alice has a message of her own, and one together with Bob."""
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("bob", BOB.address)
    opened.take(letter(1, text=f"Im {SECRET}"), letter(2, to=f"{ALICE.address}, {BOB.address}"))
    return opened


@pytest.fixture
def blabbing(shared: Opened) -> Iterator[Vault]:
    with shared.reading() as vault:
        yield replace(vault, index=Blabbing())  # type: ignore[arg-type]


def bob() -> User:
    return User.objects.get(login="bob")


def ids_of(login: str) -> list[int]:
    archive = User.objects.get(login=login).private_archive_id
    return sorted(Message.objects.filter(assignments__archive_id=archive).values_list("id", flat=True))


def test_the_index_itself_finds_within_the_scope_only(shared: Opened) -> None:
    assert [hit.id for hit in shared.find("bob").hits] == ids_of("bob")
    assert shared.find("bob", SECRET).count == 0
    assert shared.find("alice", SECRET).count == 1


def test_hits_leave_out_what_is_not_in_the_scope(shared: Opened) -> None:
    assert [hit.id for hit in hits(scope_of(bob()), ids_of("alice"))] == ids_of("bob")
    assert hits(Scope(), ids_of("alice")) == ()


def test_hits_name_only_archives_within_the_scope(shared: Opened) -> None:
    (hit,) = hits(scope_of(bob()), ids_of("bob"))
    assert hit.archives == ("bob",)


def test_a_page_holds_no_foreign_hit_even_if_the_index_gives_one(blabbing: Vault) -> None:
    assert [hit.id for hit in find(blabbing, bob(), "").hits] == ids_of("bob")


def test_an_excerpt_of_somebody_elses_message_is_empty(shared: Opened) -> None:
    (secret,) = set(ids_of("alice")) - set(ids_of("bob"))
    with shared.reading() as vault:
        assert excerpt(vault, User.objects.get(login="alice"), secret, SECRET)
        assert excerpt(vault, bob(), secret, SECRET) == []


def test_an_export_begins_with_the_messages_of_the_scope(shared: Opened) -> None:
    with shared.reading() as vault:
        assert [list(page) for page in _pages(vault, scope_of(bob()), "")] == [ids_of("bob")]
        assert list(_pages(vault, scope_of(bob()), SECRET)) == []


def test_an_export_of_a_search_keeps_to_the_scope_even_if_the_index_does_not(blabbing: Vault) -> None:
    assert list(_pages(blabbing, scope_of(bob()), "x")) == [ids_of("bob")]


def test_an_export_asks_again_for_each_message(shared: Opened) -> None:
    (secret,) = set(ids_of("alice")) - set(ids_of("bob"))
    with shared.reading() as vault:
        assert _as_seen(vault, bob(), ids_of("bob")[0])
        with pytest.raises(NotFound):
            _as_seen(vault, bob(), secret)


def test_an_export_writes_nothing_foreign_even_if_the_index_gives_it(blabbing: Vault, tmp_path: Path) -> None:
    manifest = export_as(blabbing, bob(), tmp_path / "out", query="x", what="original", actor="test")
    assert manifest.count == 1
    written = [file.read_bytes() for file in (tmp_path / "out").rglob("*.eml")]
    assert len(written) == 1
    assert SECRET.encode() not in written[0]


def test_a_whole_export_is_whole(shared: Opened, tmp_path: Path) -> None:
    assert len(shared.export(tmp_path / "out", "original")) == 2
    assert len(read_export(tmp_path / "out")) == 2
