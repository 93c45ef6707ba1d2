"""Hot inserts: the one module that writes rows past the ORM, because it costs a tenth (stack.md, measured).

All statements run on SQLite and PostgreSQL alike; values go in as parameters only.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection, models

from amberpost.road.models import PartyAddress

T = TypeVar("T")
Value = str | bytes | int | None
Row = tuple[Any, ...]
_CHUNK = 500  # parameters in one IN list


def insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    """Insert rows; one that breaks a unique constraint is already there and is left as it is."""
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    sql = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places}) ON CONFLICT DO NOTHING'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def address_ids(addresses: Iterable[str]) -> dict[str, int]:
    """The row of each address, made where there is none."""
    wanted = sorted(set(addresses))
    known = _known_addresses(wanted)
    missing = [address for address in wanted if address not in known]
    if missing:
        insert(PartyAddress, ["address"], [(address,) for address in missing])
        known.update(_known_addresses(missing))
    return known


def select_in(
    model: type[models.Model], columns: Sequence[str], by: str, values: Iterable[Value]
) -> list[Row]:
    """The columns of all rows whose column `by` is one of the values; an ORM lookup costs ten times as much."""
    wanted = list(dict.fromkeys(values))
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    found: list[Row] = []
    with connection.cursor() as cursor:
        for some in chunks(wanted):
            places = ", ".join(["%s"] * len(some))
            sql = f'SELECT {names} FROM "{table}" WHERE "{by}" IN ({places})'  # noqa: S608  our own names
            cursor.execute(sql, some)
            found += cursor.fetchall()
    return found


def chunks(items: Sequence[T], size: int = _CHUNK) -> Iterable[Sequence[T]]:
    """Slices small enough for one IN list."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _known_addresses(addresses: Sequence[str]) -> dict[str, int]:
    return dict(select_in(PartyAddress, ["address", "id"], "address", addresses))
