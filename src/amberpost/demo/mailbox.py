"""Mailboxes in memory for the sample server: UIDs, flags and dates as IMAP wants them, safe for threads."""

from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock


@dataclass(slots=True, kw_only=True)
class Stored:
    """One message; its flags are what clients change."""

    raw: bytes
    internal_date: datetime
    flags: set[str] = field(default_factory=set)


class DemoMailbox:
    """UIDs rise and are never given out twice."""

    def __init__(self, uidvalidity: int = 1) -> None:
        self.uidvalidity = uidvalidity
        self._lock = RLock()
        self._messages: dict[int, Stored] = {}
        self._uidnext = 1

    @property
    def uidnext(self) -> int:
        return self._uidnext

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, raw: bytes, internal_date: datetime) -> int:
        with self._lock:
            return self.put(Stored(raw=raw, internal_date=internal_date))

    def put(self, stored: Stored) -> int:
        with self._lock:
            uid, self._uidnext = self._uidnext, self._uidnext + 1
            self._messages[uid] = stored
            return uid

    def uids(self) -> list[int]:
        """In ascending order."""
        with self._lock:
            return list(self._messages)

    def find(self, uid: int) -> Stored | None:
        return self._messages.get(uid)

    def remove(self, uid: int) -> Stored | None:
        with self._lock:
            return self._messages.pop(uid, None)
