"""The only place that asks what time it is, and that remembers what others said about it."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)  # the first archive was made then: a clock before it is wrong


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC; the time unit of the ledger."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """The inverse of milliseconds()."""
    return datetime.fromtimestamp(value / 1000, UTC)


def uptime() -> float:
    """Seconds since this machine started, sleep included; nobody can set it, and all processes see the same."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def boot() -> str:
    """Tells one start of this machine from another: uptimes compare only within one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What somebody else's clock tells about the moment `uptime`: not before `earliest`, not after `latest`."""

    name: str  # of what said it; a later saying replaces an earlier one
    who: str  # for people: a server
    earliest: datetime
    latest: datetime | None  # None: it may be any later moment
    uptime: float


_heard: dict[str, Saying] = {}
_guard = threading.Lock()


def hear(name: str, who: str, *, earliest: datetime, latest: datetime | None = None) -> None:
    """Remember what a server says the time is; road.clock_readings keeps it for the worker."""
    with _guard:
        _heard[name] = Saying(name=name, who=who, earliest=earliest, latest=latest, uptime=uptime())


def take_heard() -> list[Saying]:
    """What this process has heard since it was last asked."""
    with _guard:
        heard = list(_heard.values())
        _heard.clear()
    return heard
