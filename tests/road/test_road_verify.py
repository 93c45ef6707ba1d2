"""Verifying beside a worker: what happens between two looks is no finding, what is wrong is one."""

from collections.abc import Callable

import pytest

from amberpost.health import verify as module
from amberpost.road.catalogue import CATALOGUE, position
from amberpost.road.models import Message, Position
from amberpost.store.disk import LocalDisk
from amberpost.store.worker_lock import take_worker_lock
from tests.opened import Opened
from tests.people import ALICE, letter

Look = Callable[[str], int]


@pytest.fixture
def filled(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Opened:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1), letter(2))
    assert opened.verify() == []
    return opened


def kinds(opened: Opened) -> set[str]:
    return {finding.kind for finding in opened.verify()}


def test_what_is_sealed_and_catalogued_between_two_looks_is_no_finding(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [letter(3)]

    def look(name: str) -> int:
        if letters:
            filled.take(letters.pop())
        return position(name)

    monkeypatch.setattr(module, "position", look)
    assert kinds(filled) == set()
    assert letters == []


def test_a_worker_that_has_just_sealed_is_given_time_to_catalogue(
    filled: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = take_worker_lock(LocalDisk(filled.config.data))
    looks = []

    def look(name: str) -> int:
        looks.append(name)
        return position(name) - (len(looks) < 4)

    monkeypatch.setattr(module, "position", look)
    assert kinds(filled) == set()
    assert len(looks) == 4
    at_work.release()


def test_without_a_worker_nobody_waits(filled: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look(name: str) -> int:
        looks.append(name)
        return position(name) - 1

    monkeypatch.setattr(module, "position", look)
    assert kinds(filled) == {"catalogue_behind"}
    assert len(looks) == 3


@pytest.mark.parametrize(("moved", "kind"), [(-1, "catalogue_behind"), (1, "catalogue_ahead")])
def test_a_catalogue_that_is_elsewhere_is_found(filled: Opened, moved: int, kind: str) -> None:
    Position.objects.filter(name=CATALOGUE).update(next_index=position(CATALOGUE) + moved)
    assert kind in kinds(filled)


def test_an_index_that_has_more_than_the_catalogue_is_found(filled: Opened) -> None:
    Message.objects.order_by("pk").last().delete()  # type: ignore[union-attr]
    assert "index_disagrees" in kinds(filled)
