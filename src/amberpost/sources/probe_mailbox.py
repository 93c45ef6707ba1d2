"""The mailbox as a connection test sees it: how many messages, and the newest of them.

Promises: nothing is deleted, moved or marked; what is read is not kept.
"""

from collections.abc import Callable
from typing import Protocol

from amberpost.errors import SourceError
from amberpost.sources.pull.imap_session import ImapSession
from amberpost.sources.pull.pop3_session import Pop3Session
from amberpost.sources.settings import AccountSettings

SAMPLE_BYTES = 30 * 2**20


class ProbedMailbox(Protocol):
    """A session that is logged in."""

    def open(self) -> int:
        """How many messages there are. SourceError when the mailbox cannot be opened."""

    def newest(self) -> bytes | None:
        """The newest message; None when there is none, or it is too large to look at."""

    @property
    def can_delete(self) -> bool:
        """True if the server can delete single messages."""

    def close(self) -> None: ...


class ImapMailbox:
    """All folders of the account; the newest message is that of the first folder that has one."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings
        self._session = ImapSession(settings)
        self._counts: dict[str, int] = {}

    def open(self) -> int:
        for folder in self._settings.folders:
            try:
                self._counts[folder] = self._session.select(folder, readonly=True).exists
            except SourceError:
                self._explain(folder)
                raise
        return sum(self._counts.values())

    def newest(self) -> bytes | None:
        folder = next((name for name, count in self._counts.items() if count), None)
        if folder is None:
            return None
        exists = self._session.select(folder, readonly=True).exists
        uids = self._session.search([str(exists)]) if exists else []
        if not uids or self._session.sizes(uids).get(uids[0], 0) > SAMPLE_BYTES:
            return None
        found = self._session.bodies(uids[:1])
        return next((one.body for one in found.values()), None)

    @property
    def can_delete(self) -> bool:
        return self._session.has("UIDPLUS") or self._session.has("MOVE")

    def close(self) -> None:
        self._session.close()

    def _explain(self, folder: str) -> None:
        """A folder that is not there: which ones are?"""
        names = [] if self._session.is_broken else list(self._session.folders())
        if names and folder not in names:
            shown = ", ".join(names[:20])
            raise SourceError("folder_unknown", subject=f"{folder} ({shown})", permanent=True)


class Pop3Mailbox:
    """The one mailbox of a POP3 account. It hangs up without QUIT, so that nothing changes there."""

    def __init__(self, settings: AccountSettings) -> None:
        self._session = Pop3Session(settings)
        self._uidls: dict[int, str] = {}

    def open(self) -> int:
        self._uidls = self._session.listing()
        return len(self._uidls)

    def newest(self) -> bytes | None:
        if not self._uidls or self._session.deletes_what_was_read:
            return None
        newest = max(self._uidls)
        if self._session.sizes([newest]).get(newest, 0) > SAMPLE_BYTES:
            return None
        return self._session.message(newest, self._uidls[newest])

    @property
    def can_delete(self) -> bool:
        return True

    def close(self) -> None:
        self._session.close()


MAILBOXES: dict[str, Callable[[AccountSettings], ProbedMailbox]] = {
    "imap": ImapMailbox,
    "oauth-imap": ImapMailbox,
    "pop3": Pop3Mailbox,
    "oauth-pop3": Pop3Mailbox,
}
