"""How far each folder of a mailbox has been read.

A cursor only saves a download. It is never a reason to drop bytes: whoever is not sure fetches again and
lets process() find the repetition.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
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

    def joined(self, remote_ids: Collection[str], *, is_imap: bool) -> Self:
        """This, and these messages as known."""
        if not remote_ids or not is_imap:
            return replace(self, uidls=self.uidls.union(remote_ids))
        uids: dict[tuple[str, int], list[int]] = defaultdict(list)
        for remote in map(RemoteId.parse, remote_ids):
            uids[remote.folder, remote.uidvalidity].append(remote.uid)
        rest = [one for one in self.folders if (one.folder, one.uidvalidity) not in uids]
        for place, found in uids.items():
            one = self.find(*place)
            rest.append(replace(one, uids=one.uids.union(UidSet.of(found))))
        return replace(self, folders=tuple(rest))


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
