"""The only place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC; the time unit of the ledger."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """The inverse of milliseconds()."""
    return datetime.fromtimestamp(value / 1000, UTC)
