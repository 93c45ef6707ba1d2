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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    folders: tuple[FolderCursor, ...] = ()

    def known(self, folder: str, uidvalidity: int) -> UidSet:
        """The UIDs known under this UIDVALIDITY; none under a new one, so everything is read again."""
        for one in self.folders:
            if (one.folder, one.uidvalidity) == (folder, uidvalidity):
                return one.uids
        return UidSet()
