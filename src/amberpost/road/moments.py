"""Database fields that keep a row small."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from amberpost.clock import from_milliseconds, milliseconds

if TYPE_CHECKING:
    _Moment = models.BigIntegerField[datetime | None, datetime | None]
else:
    _Moment = models.BigIntegerField


class MomentField(_Moment):
    """An aware datetime kept as milliseconds since 1970 UTC: 6 bytes instead of 26 in SQLite."""

    def from_db_value(
        self, value: int | None, expression: object, connection: BaseDatabaseWrapper
    ) -> datetime | None:
        return None if value is None else from_milliseconds(value)

    def get_prep_value(self, value: datetime | int | None) -> int | None:
        return milliseconds(value) if isinstance(value, datetime) else value

    def to_python(self, value: object) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return from_milliseconds(int(str(value)))
