"""How far each folder of a mailbox has been read.

A cursor only saves a download. It is never a reason to drop bytes: whoever is not sure fetches again and
lets process() find the repetition.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote

from amberpost.sources.uidset import UidSet


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteId:
    """Names one message of an IMAP mailbox: "folder/UIDVALIDITY/UID", the folder percent-encoded."""

    folder: str
    uidvalidity: int
    uid: int

    @classmethod
    def parse(cls, text: str) -> Self:
        folder, uidvalidity, uid = text.split("/")
        return cls(folder=unquote(folder), uidvalidity=int(uidvalidity), uid=int(uid))

    def __str__(self) -> str:
        return f"{quote(self.folder, safe='')}/{self.uidvalidity}/{self.uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderCursor:
    """UIDs of one folder that need not be fetched again while its UIDVALIDITY stays."""

    folder: str
    uidvalidity: int
    uids: UidSet
    baseline: int = 0  # UIDNEXT when we first looked; what was missing below it is no hole. 0: not looked yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    folders: tuple[FolderCursor, ...] = ()  # IMAP
    uidls: frozenset[str] = frozenset()  # POP3

    def find(self, folder: str, uidvalidity: int) -> FolderCursor:
        """What is known of a folder under this UIDVALIDITY; nothing under a new one, so all is read again."""
        for one in self.folders:
            if (one.folder, one.uidvalidity) == (folder, uidvalidity):
                return one
        return FolderCursor(folder=folder, uidvalidity=uidvalidity, uids=UidSet())

    def known(self, folder: str, uidvalidity: int) -> UidSet:
        """The UIDs known under this UIDVALIDITY."""
        return self.find(folder, uidvalidity).uids


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """UIDs, both ends included, that the server once gave out and that never came to us."""

    folder: str
    uidvalidity: int
    first: int
    last: int


def spelled(folder: str) -> str:
    """INBOX is INBOX in any case (RFC 9051 §5.1); other names are as they are."""
    return "INBOX" if folder.upper() == "INBOX" else folder
