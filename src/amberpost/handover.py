"""The contract between sources and the archive.

A source hands over `Incoming` and gets a `Receipt` for each. The receipt is the permission to forget the
message at the source: its bytes are synced to disk. It promises nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from amberpost.message.types import Envelope

CaptureId = NewType("CaptureId", bytes)  # 16 random bytes

Protocol = Literal["imap", "pop3", "smtp", "lmtp", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one handing-over came from."""

    source_id: int
    protocol: Protocol
    remote_id: str  # imap: "folder/UIDVALIDITY/UID", pop3: UIDL, file: path
    peer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message that is not yet ours."""

    raw: bytes  # exactly as handed over; never normalised
    origin: Origin
    envelope: Envelope | None
    received_at: datetime  # aware, UTC: INTERNALDATE, or when we read it
    evaluation: str = "journal"  # header evaluation of the source: journal | header | x-envelope-to …
    target_archive: int | None = None  # import into one archive
    arrived_at: datetime | None = None  # as the server says (INTERNALDATE), never by our own clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The bytes are in the intake log and synced to disk."""

    capture_id: CaptureId


Accept = Callable[[Sequence[Incoming]], list[Receipt]]
