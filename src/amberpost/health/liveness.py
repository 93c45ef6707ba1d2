"""What a watcher is told of this archive: numbers and words, nothing about mail or people."""

from functools import cache
from pathlib import Path
from typing import Any

from django.db import DatabaseError

from amberpost.clock import now
from amberpost.config import Config
from amberpost.notice.rounds import count_grave
from amberpost.store.disk import LocalDisk
from amberpost.store.reserve import Reserve

_FULL_BYTES = 1024 * 1024  # less than the database needs to grow by


@cache
def _reserve(data: Path) -> Reserve:
    """Kept, because it remembers how far it has looked: anybody may ask as often as they like."""
    return Reserve(LocalDisk(data))


def read_health(config: Config) -> dict[str, Any]:
    """`status`: "ok", "disk-full" (reading goes on), or "reserve-full" (nothing can be read). `grave_alarms`: how many
    stand; None if the database does not say. Needs no keys."""
    reserve, free = _reserve(config.data), LocalDisk(config.data).free_bytes()
    status = "ok"
    if free < _FULL_BYTES or not reserve.is_empty():
        status = "reserve-full" if reserve.is_full() else "disk-full"
    try:
        grave: int | None = count_grave(now())
    except DatabaseError:  # a watcher is answered all the same: of the disk we know without it
        grave = None
    return {
        "status": status,
        "disk": {"name": "data", "free_bytes": free},
        "reserve": {"bytes": reserve.size(), "used_bytes": reserve.used()},
        "grave_alarms": grave,
    }
