"""Stand-ins that keep the contracts of the real things; used instead of mocks."""

from collections.abc import Iterator, Sequence

from amberpost.clock import now
from amberpost.errors import SourceError
from amberpost.handover import Incoming, Origin, Receipt
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor, Gap, RemoteId
from amberpost.sources.settings import Left


class FakeConnector:
    """A source over a dict of UID to message, which it changes as a server would change its mailbox.

    `fails_after`: the connection is lost after that many batches.
    """

    def __init__(
        self,
        mailbox: dict[int, bytes],
        *,
        source_id: int = 1,
        cursor: Cursor | None = None,
        evaluation: str = "journal",
        keep_mails: bool = False,
        max_size_bytes: int | None = None,
        batch_messages: int = 100,
        batch_bytes: int = 2**23,
        fails_after: int | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._source_id = source_id
        self._known = (cursor or Cursor()).known("INBOX", 1)
        self._evaluation = evaluation
        self._keep_mails = keep_mails
        self._max_size_bytes = max_size_bytes
        self._batch_messages = batch_messages
        self._batch_bytes = batch_bytes
        self._fails_after = fails_after
        self.left: list[Left] = []
        self.notes: list[str] = []
        self.gone = Cursor()
        self.gaps: list[Gap] = []

    def fetch(self) -> Iterator[Sequence[Incoming]]:
        for number, batch in enumerate(self._batches()):
            if number == self._fails_after:
                raise SourceError("connection_lost")
            yield batch

    def confirm(self, taken: Sequence[tuple[Incoming, Receipt]]) -> None:
        if self._keep_mails:
            return
        for incoming, _receipt in taken:
            self._mailbox.pop(RemoteId.parse(incoming.origin.remote_id).uid, None)

    def close(self) -> None:
        """Nothing to end."""

    def _batches(self) -> Iterator[list[Incoming]]:
        batch: list[Incoming] = []
        for uid, raw in list(self._mailbox.items()):
            if self._keep_mails and uid in self._known:
                continue
            remote = RemoteId(folder="INBOX", uidvalidity=1, uid=uid)
            if self._max_size_bytes is not None and len(raw) > self._max_size_bytes:
                self.left.append(
                    Left(remote_id=str(remote), size_bytes=len(raw), reason=Remark("left_above_limit"))
                )
                continue
            full = sum(len(one.raw) for one in batch) + len(raw) > self._batch_bytes
            if batch and (full or len(batch) == self._batch_messages):
                yield batch
                batch = []
            batch.append(self._incoming(remote, raw))
        if batch:
            yield batch

    def _incoming(self, remote: RemoteId, raw: bytes) -> Incoming:
        return Incoming(
            raw=raw,
            origin=Origin(source_id=self._source_id, protocol="imap", remote_id=str(remote)),
            envelope=None,
            received_at=now(),
            evaluation=self._evaluation,
        )
