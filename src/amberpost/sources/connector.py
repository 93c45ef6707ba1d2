"""What every mail source can do, and the road a message takes from it: fetch, accept, confirm.

run() promises: nothing is confirmed to a source before accept() has given a receipt for it, and what was
accepted before an error, whatever it is, is in the report. It keeps one batch in memory at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from amberpost.errors import ArchiveError
from amberpost.handover import Accept, CaptureId, Incoming, Receipt
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor, Gap
from amberpost.sources.pull.imap import ImapConnector
from amberpost.sources.pull.pop3 import Pop3Connector
from amberpost.sources.settings import AccountSettings, Left, Task
from amberpost.sources.trouble import as_trouble


class Connector(Protocol):
    """One run at one source. fetch() is walked once; confirm() is called between its batches."""

    def fetch(self) -> Iterator[Sequence[Incoming]]:
        """What is new, in bounded batches. SourceError when the source fails."""

    def confirm(self, taken: Sequence[tuple[Incoming, Receipt]]) -> None:
        """These are ours: only now may the source forget them."""

    def close(self) -> None:
        """End the session. Never raises; may be called twice."""

    @property
    def left(self) -> Sequence[Left]:
        """What was seen and stays at the source, not archived."""

    @property
    def notes(self) -> Sequence[Remark]:
        """Things an operator should know about this run."""

    @property
    def gone(self) -> Cursor:
        """What holds no message and never will, and how far was looked. Joined to the stored cursor."""

    @property
    def gaps(self) -> Sequence[Gap]:
        """Messages that were at the source and went before we could take them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """The account of one run: every message seen was either accepted or left."""

    captures: tuple[CaptureId, ...]
    left: tuple[Left, ...]
    notes: tuple[Remark, ...]
    gone: Cursor
    gaps: tuple[Gap, ...]
    error: ArchiveError | None  # why the run ended early

    @property
    def seen(self) -> int:
        return len(self.captures) + len(self.left)


def run(connector: Connector, accept: Accept) -> FetchReport:
    """Take everything new from a source, batch by batch. What goes wrong ends up in the report; nothing is raised."""
    captures: list[CaptureId] = []
    error: ArchiveError | None = None
    try:
        for batch in connector.fetch():
            receipts = accept(batch)
            captures += [receipt.capture_id for receipt in receipts]
            connector.confirm(list(zip(batch, receipts, strict=True)))
    except Exception as failure:  # noqa: BLE001  top of the run: what nobody foresaw takes no other source down
        error = as_trouble(failure, "fetching")
    try:
        connector.close()
    except Exception as failure:  # noqa: BLE001  the same
        error = error or as_trouble(failure, "closing")
    return FetchReport(
        captures=tuple(captures),
        left=tuple(connector.left),
        notes=tuple(connector.notes),
        gone=connector.gone,
        gaps=tuple(connector.gaps),
        error=error,
    )


# By Source.protocol
CONNECTORS: dict[str, Callable[[AccountSettings, Task], Connector]] = {
    "imap": ImapConnector,
    "oauth-imap": ImapConnector,
    "pop3": Pop3Connector,
    "oauth-pop3": Pop3Connector,
}
