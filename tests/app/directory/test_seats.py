"""Seats: who counts, and what happens when there are more than were agreed."""

from datetime import timedelta

import pytest

from amberpost.accounts import seats as seats_module
from amberpost.accounts.models import SeatLimit
from amberpost.accounts.people import get_user, set_active
from amberpost.accounts.public_archives import add_public_archive
from amberpost.accounts.seats import may_collect, require_seats, seats, set_seat_limit
from amberpost.clock import now
from amberpost.daemon.fetch import Fetcher
from amberpost.directory.active import activate, get_directory, select_archives
from amberpost.errors import UserError
from amberpost.road.open import open_keys_of
from amberpost.sources.models import FetchRun, Source
from tests.opened import Opened


@pytest.fixture
def three(opened: Opened) -> Opened:
    for name in ("anna", "bob", "carl"):
        opened.add_user(name, f"{name}@firma.example")
    opened.add_user("otto", role="operator")
    return opened


def a_week_passes() -> None:
    SeatLimit.objects.update(exceeded_at=now() - timedelta(days=7, minutes=1))


def test_active_users_with_a_private_archive_count_and_nobody_else(three: Opened) -> None:
    assert seats().used == 3
    directory = get_directory("local")
    directory.has_public_archives = True
    activate(directory, by="otto")
    add_public_archive("Info", ["info@firma.example"], by="otto")
    assert seats().used == 3
    set_active(get_user("carl"), active=False, by="otto")
    assert seats().used == 2
    bob = get_user("bob").private_archive_id
    assert bob is not None
    select_archives({bob: False}, by="otto")
    assert seats().used == 1


def test_without_a_limit_everything_is_collected(three: Opened) -> None:
    assert seats().limit is None
    assert may_collect()


def test_above_the_limit_there_are_seven_days_and_then_collecting_stops(three: Opened) -> None:
    set_seat_limit(2, by="otto")
    grace = seats().grace_until
    assert grace is not None
    assert timedelta(days=6, hours=23) < grace - now() <= timedelta(days=7)
    assert may_collect()
    a_week_passes()
    assert not may_collect()
    with pytest.raises(UserError, match="seats"):
        require_seats()
    set_active(get_user("carl"), active=False, by="otto")
    assert may_collect()
    set_active(get_user("carl"), active=True, by="otto")
    assert may_collect(), "a new excess has a new grace"


def test_looking_at_the_seats_does_not_begin_the_grace_anew(three: Opened) -> None:
    set_seat_limit(2, by="otto")
    SeatLimit.objects.update(exceeded_at=now() - timedelta(days=3))
    before = SeatLimit.objects.get().exceeded_at
    assert may_collect()
    seats()
    set_seat_limit(1, by="otto")
    assert SeatLimit.objects.get().exceeded_at == before
    assert timedelta(days=7) == seats_module.GRACE


def test_after_the_grace_nobody_asks_the_server_at_all(three: Opened) -> None:
    set_seat_limit(1, by="otto")
    a_week_passes()
    source = Source.objects.get(pk=three.mailbox)
    keys = open_keys_of(three.config)
    fetcher = Fetcher(three.config, keys)
    try:
        account = fetcher.collect(source)
    finally:
        fetcher.close()
        keys.close()
    assert "seats" in str(account.error)
    assert FetchRun.objects.filter(source=source).count() <= 1
