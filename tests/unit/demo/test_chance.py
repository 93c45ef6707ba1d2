"""Chance that repeats."""

import pytest

from amberpost.demo.chance import Chance


def test_a_seed_gives_its_own_stream_for_ever() -> None:
    """These numbers must never change: sample mail would."""
    chance = Chance("seed")
    assert [chance.number() for _ in range(3)] == EXPECTED
    assert Chance("other").number() != Chance("seed").number()


EXPECTED = [95260046, 1181247996, 2401664570]


@pytest.mark.parametrize("low", [0, 5])
def test_numbers_stay_in_their_bounds(low: int) -> None:
    chance = Chance("x")
    drawn = {chance.between(low, low + 3) for _ in range(200)}
    assert drawn == set(range(low, low + 4))
    assert {chance.below(2) for _ in range(50)} == {0, 1}


def test_some_are_different_and_at_most_all() -> None:
    chance = Chance("x")
    assert len(set(chance.some_of(range(10), 4))) == 4
    assert sorted(chance.some_of((1, 2), 5)) == [1, 2]


def test_percentages_come_about() -> None:
    chance = Chance("x")
    assert 200 < sum(chance.is_in(30) for _ in range(1000)) < 400


def test_data_and_hex_have_the_asked_length() -> None:
    chance = Chance("x")
    assert (len(chance.data(1000)), len(chance.hex(13))) == (1000, 13)
    assert chance.data(10) != chance.data(10)
