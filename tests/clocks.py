"""A clock of this machine that a test sets, as somebody sets a real one: uptime goes on, servers know the time."""

import datetime as library
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amberpost import clock

REAL = datetime


class SetClock:
    """`set()` moves it from the true time; all of this process sees it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta(0)
        own = self

        class Shifted(REAL):
            @classmethod
            def now(cls, tz: library.tzinfo | None = None) -> Any:
                return REAL.now(tz) + own.ahead

        patch.setattr(clock, "datetime", Shifted)
        clock.take_heard()  # what other tests heard

    def set(self, **ahead: float) -> datetime:
        """So far ahead of the true time (negative: behind); what it says then."""
        self.ahead = timedelta(**ahead)
        return clock.now()

    @property
    def true(self) -> datetime:
        return REAL.now(UTC)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    return SetClock(monkeypatch)
