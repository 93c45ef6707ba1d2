"""The query tree: what parse_query() makes and an index answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """The searchable texts of a Document; `from:` in a query names FROM."""

    SUBJECT = "subject"
    FROM = "from"
    TO = "to"
    BODY = "body"
    FILENAME = "filename"


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words that stand one behind the other. `prefix`: the last one may go on."""

    text: str
    field: Field | None = None  # None: in any of them
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Sent at or after `begin` and before `end`."""

    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """More than `larger` bytes, fewer than `smaller` bytes."""

    larger: int | None = None
    smaller: int | None = None


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """Has at least one attachment."""


@dataclass(frozen=True, slots=True)
class IsTruncated:
    """Has more text than the index takes: words near its end are not found."""


@dataclass(frozen=True, slots=True)
class Number:
    """The message with this number."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages of one conversation."""

    key: str


@dataclass(frozen=True, slots=True)
class Not:
    item: "Query"


@dataclass(frozen=True, slots=True)
class All:
    items: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Any:
    items: tuple["Query", ...]


Query: TypeAlias = (
    Everything | Text | Sent | Size | HasAttachment | IsTruncated | Number | Thread | Not | All | Any
)
