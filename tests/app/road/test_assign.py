"""Which claims count, with the address book in hand."""

from datetime import UTC, datetime

import pytest

from amberpost.directory.archives.book import AddressBook, Holding
from amberpost.road.assign import archives_for
from amberpost.road.prepare import Claim
from amberpost.road.reasons import Reason

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
LEFT, NOW = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
FULL = Claim(reason=Reason.DELIVERED_TO, address="a-b-kim@own.example")
LONGER = Claim(reason=Reason.DELIVERED_TO_PREFIXED, address="b-kim@own.example")
SHORT = Claim(reason=Reason.DELIVERED_TO_PREFIXED, address="kim@own.example")


def held(archive_id: int, until: datetime = END) -> Holding:
    return Holding(archive_id=archive_id, valid_from=BEGINNING, valid_until=until)


@pytest.mark.parametrize(
    ("known", "archives"),
    [
        ({"kim@own.example": held(1)}, [1]),
        ({"kim@own.example": held(1), "b-kim@own.example": held(2)}, [2]),
        ({"kim@own.example": held(1), "a-b-kim@own.example": held(3)}, [3]),
        ({"kim@own.example": held(1), "b-kim@own.example": held(2), "a-b-kim@own.example": held(3)}, [3]),
        ({"kim@own.example": held(1), "a-b-kim@own.example": held(3, until=LEFT)}, []),
        ({}, []),
    ],
)
def test_a_prefix_is_stripped_only_from_what_nobody_ever_held(
    known: dict[str, Holding], archives: list[int]
) -> None:
    decisions = archives_for([FULL, LONGER, SHORT], NOW, AddressBook(known.items()))
    assert [archive for archive, _ in decisions] == archives


def test_another_delivered_to_does_not_matter() -> None:
    other = Claim(reason=Reason.DELIVERED_TO, address="jo@own.example")
    book = AddressBook([("kim@own.example", held(1)), ("jo@own.example", held(2))])
    assert archives_for([other, FULL, LONGER, SHORT], NOW, book) == (
        (2, Reason.DELIVERED_TO),
        (1, Reason.DELIVERED_TO_PREFIXED),
    )


@pytest.mark.parametrize(
    ("address", "is_on", "archives"),
    [
        ("kim+shop@own.example", False, []),
        ("kim+shop@own.example", True, [1]),
        ("kim+a+b@own.example", True, [1]),
        ("jo+list@own.example", True, [2]),
        ("jo+other@own.example", True, []),
        ("+kim@own.example", True, []),
        ("kim+shop@other.example", True, []),
        ('"kim+shop"@own.example', True, []),
    ],
)
def test_a_plus_address_leads_where_the_plain_one_does_if_nobody_holds_it_in_full(
    address: str, is_on: bool, archives: list[int]
) -> None:
    known = [("kim@own.example", held(1)), ("jo+list@own.example", held(2))]
    book = AddressBook(known, has_plus_addresses=is_on)
    claim = Claim(reason=Reason.TO, address=address)
    assert [archive for archive, _ in archives_for([claim], NOW, book)] == archives
