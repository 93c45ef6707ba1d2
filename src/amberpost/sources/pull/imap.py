"""Collects a mailbox over IMAP4rev1.

Promises: bytes exactly as the server sends them; only UIDs we do not know are fetched, never by date; a
message is removed only after its receipt, by its own UID; Keep Mails changes nothing on the server. One
refused message never blocks the rest. Does not decide what is a repetition: process() does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from typing import Literal, TypeVar

from amberpost.clock import now
from amberpost.errors import SourceError
from amberpost.handover import Incoming, Origin, Receipt
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor, FolderCursor, Gap, RemoteId
from amberpost.sources.exchange import TokenExpired, Unwelcome
from amberpost.sources.pull.imap_session import Fetched, ImapRefused, ImapSession, Selected
from amberpost.sources.settings import AccountSettings, Left, OAuthLogin, Task
from amberpost.sources.uidset import MAX_UID, UidSet

T = TypeVar("T")

ARCHIVED_FOLDER = "Archived"  # where mail goes on a server that has MOVE but not UIDPLUS
SIZES_AT_ONCE = 500  # keeps the command line under 8 KiB, the least a server must read (RFC 7162 §4)
EXPUNGE_AT_ONCE = 500  # a server with Maildir reads the whole folder for each EXPUNGE: 67 ms at 6,000 files
SEARCH_WINDOW = 50_000  # messages; keeps the answer under the line limit of the library (1 MB)
ASKED_LIMIT = 4_000  # characters of a sequence-set worth sending
LOSSES = 10  # connections we take for the fault of single messages, in one run
LOSSES_IN_A_ROW = 3
SIZE_MARGIN = 1.25  # Exchange Online reports estimates: near the limit only the real length decides


class ImapConnector:
    """One run at one mailbox. The connection is opened by fetch() and lives until close()."""

    def __init__(self, settings: AccountSettings, task: Task) -> None:
        self._settings = settings
        self._task = task
        self._session: ImapSession | None = None
        self._selected: Selected | None = None
        self._left: list[Left] = []
        self._notes: list[Remark] = []
        self._gone: list[FolderCursor] = []
        self._gaps: list[Gap] = []
        self._marked: list[int] = []  # confirmed, marked \\Deleted in the selected folder, not yet expunged
        self._is_removal_refused = False
        self._losses = self._lost_in_a_row = 0  # connections

    @property
    def left(self) -> Sequence[Left]:
        return tuple(self._left)

    @property
    def notes(self) -> Sequence[Remark]:
        return tuple(dict.fromkeys(self._notes))

    @property
    def gone(self) -> Cursor:
        return Cursor(folders=tuple(self._gone))

    @property
    def gaps(self) -> Sequence[Gap]:
        return tuple(self._gaps)

    def folders(self) -> tuple[str, ...]:
        """The folders an operator can choose from."""
        return self._open().folders()

    def fetch(self) -> Iterator[Sequence[Incoming]]:
        """Everything new, folder by folder. A folder that cannot be opened is reported after the others."""
        self._open()
        refused: SourceError | None = None
        for folder in self._settings.folders:
            try:
                selected = self._select(folder)
            except ImapRefused as error:
                refused = refused or error
                continue
            yield from self._fetch_folder(selected)
        if refused is not None:
            raise refused

    def confirm(self, taken: Sequence[tuple[Incoming, Receipt]]) -> None:
        """Remove from the server what has a receipt, unless it shall stay."""
        if self._settings.keep_mails:
            return
        by_folder: dict[tuple[str, int], list[int]] = {}
        for incoming, _receipt in taken:
            remote = RemoteId.parse(incoming.origin.remote_id)
            by_folder.setdefault((remote.folder, remote.uidvalidity), []).append(remote.uid)
        for (folder, uidvalidity), uids in by_folder.items():
            selected = self._select_again(folder)
            if selected.uidvalidity == uidvalidity:
                self._remove(selected, uids)

    def close(self) -> None:
        if self._session is not None:
            if not self._session.is_broken:
                with suppress(SourceError):
                    self._expunge_marked()
            self._session.close()
        self._session = self._selected = None

    # Which messages

    def _fetch_folder(self, selected: Selected) -> Iterator[Sequence[Incoming]]:
        for uids in self._wanted(selected).chunks(SIZES_AT_ONCE):
            sizes = self._sizes(selected, uids)
            takeable = [uid for uid in uids if self._may_take(selected, uid, sizes.get(uid))]
            for batch in self._batches(takeable, sizes):
                incoming = [
                    self._incoming(selected, uid, got) for uid, got in self._bodies(selected, batch, sizes)
                ]
                if incoming:
                    yield incoming
        self._expunge_marked()

    def _wanted(self, selected: Selected) -> UidSet:
        """The UIDs to fetch: all where they are removed afterwards, else those we do not know.

        Where mail is removed, a known UID that is still there is fetched once more: deleting it unread
        would trust the number, and a restored server gives numbers out again.
        """
        known = self._known(selected)
        if self._removal(selected):
            found = wanted = self._search(selected, UidSet())
        else:
            found = self._search(selected, known)
            wanted = found.difference(known)
        self._note_holes(selected, _up_to((selected.uidnext or 1) - 1).difference(known).difference(found))
        return wanted

    def _note_holes(self, selected: Selected, holes: UidSet) -> None:
        """UIDs without a message: a gap if they were given out after we first looked, else before our time."""
        if selected.uidnext is None:
            return
        folder, uidvalidity = selected.folder, selected.uidvalidity
        baseline = self._task.cursor.find(folder, uidvalidity).baseline or selected.uidnext
        missed = holes.difference(_up_to(baseline - 1))
        self._gone.append(
            FolderCursor(
                folder=folder, uidvalidity=uidvalidity, uids=holes.difference(missed), baseline=baseline
            )
        )
        self._gaps += [
            Gap(folder=folder, uidvalidity=uidvalidity, first=first, last=last)
            for first, last in missed.ranges
        ]

    def _known(self, selected: Selected) -> UidSet:
        known = self._task.cursor.known(selected.folder, selected.uidvalidity)
        if selected.uidnext is not None and known.highest >= selected.uidnext:
            self._notes.append(Remark("note_uids_again", {"folder": selected.folder}))
            return UidSet()
        return known

    def _search(self, selected: Selected, known: UidSet) -> UidSet:
        """All messages of the folder that are not known, perhaps more.

        As long as the known UIDs are few ranges, the server is asked only for what lies outside them, so a
        poll of 100,000 known messages costs a line or nothing.
        """
        unknown = _up_to(MAX_UID if selected.uidnext is None else selected.uidnext - 1).difference(known)
        if not unknown.ranges or selected.exists == 0:
            return UidSet()
        asked = str(unknown)
        criteria = ["UID", asked] if len(asked) <= ASKED_LIMIT else ["ALL"]
        return UidSet.of(uid for window in _windows(selected.exists) for uid in self._ask(window + criteria))

    def _may_take(self, selected: Selected, uid: int, size: int | None) -> bool:
        """False for what is too large even to look at; such mail is listed as left."""
        ceiling, limit = self._settings.max_message_bytes, self._settings.max_size_bytes
        if size is None or size <= min(ceiling, ceiling if limit is None else limit * SIZE_MARGIN):
            return True
        self._leave(
            selected, uid, size, Remark("left_above_limit" if size <= ceiling else "left_above_ceiling")
        )
        return False

    def _batches(self, uids: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
        """Bounded by number and by announced bytes; a message without a size goes alone."""
        batch: list[int] = []
        room = self._settings.batch_bytes
        for uid in uids:
            size = sizes.get(uid, self._settings.batch_bytes)
            if batch and (len(batch) == self._settings.batch_messages or size > room):
                yield batch
                batch, room = [], self._settings.batch_bytes
            batch.append(uid)
            room -= size
        if batch:
            yield batch

    # Asking the server

    def _open(self) -> ImapSession:
        if self._session is None:
            self._session = ImapSession(self._settings)
        return self._session

    def _do(self, command: Callable[[ImapSession], T]) -> T:
        """Carry out one command; when the token runs out meanwhile, with a new one, once more."""
        try:
            return command(self._open())
        except TokenExpired as lost:
            if isinstance(self._settings.login, OAuthLogin):
                self._settings.login.forget()
            self._reopen(self._selected, lost)
            return command(self._open())

    def _select(self, folder: str) -> Selected:
        self._expunge_marked()
        self._selected = None
        self._selected = self._do(lambda session: session.select(folder, readonly=self._settings.keep_mails))
        return self._selected

    def _select_again(self, folder: str) -> Selected:
        """The folder as it was selected; fetch() may have gone on to another one meanwhile."""
        if self._selected is not None and self._selected.folder == folder:
            return self._selected
        return self._select(folder)

    def _ask(self, criteria: list[str]) -> list[int]:
        return self._do(lambda session: session.search(criteria))

    def _together(
        self, selected: Selected, uids: list[int], ask: Callable[[list[int]], dict[int, T]]
    ) -> dict[int, T]:
        """The answer for many messages; empty when one of them makes the server refuse or hang up."""
        try:
            answer = ask(uids)
            self._lost_in_a_row = 0
            return answer
        except ImapRefused:
            return {}
        except SourceError as lost:
            self._reconnect(selected, lost)
            return {}

    def _sizes(self, selected: Selected, uids: list[int]) -> dict[int, int]:
        return self._together(selected, uids, lambda some: self._do(lambda session: session.sizes(some)))

    def _bodies(
        self, selected: Selected, uids: list[int], sizes: dict[int, int]
    ) -> Iterator[tuple[int, Fetched]]:
        """The messages of one batch; what the server does not give in company is asked for alone."""
        answer = self._together(selected, uids, lambda some: self._do(lambda session: session.bodies(some)))
        for uid in uids:
            fetched = answer.get(uid) or self._alone(selected, uid, sizes.get(uid))
            if fetched is not None and self._is_as_expected(selected, uid, fetched, sizes.get(uid)):
                yield uid, fetched

    def _alone(self, selected: Selected, uid: int, size: int | None) -> Fetched | None:
        try:
            answer = self._do(lambda session: session.bodies([uid]))
            self._lost_in_a_row = 0
            still_there = uid in answer or uid in self._ask(["UID", str(uid)])
        except ImapRefused as error:
            self._leave(selected, uid, size, error.remark)
            return None
        except SourceError as lost:
            self._reconnect(selected, lost)
            self._leave(selected, uid, size, lost.remark)
            return None
        if uid not in answer and still_there:
            self._leave(selected, uid, size, Remark("left_without_content"))
        return answer.get(uid)

    def _reconnect(self, selected: Selected, lost: SourceError) -> None:
        """Go on after a message over which the server hung up; Dovecot does so when it cannot read a file.

        Raises the error when it looks like the line or the login and not the message.
        """
        self._losses += 1
        self._lost_in_a_row += 1
        if self._losses > LOSSES or self._lost_in_a_row > LOSSES_IN_A_ROW or self._session is None:
            raise lost
        if isinstance(lost, Unwelcome | TokenExpired):
            raise lost
        self._reopen(selected, lost)

    def _reopen(self, selected: Selected | None, lost: SourceError) -> None:
        """A new session in the same folder; raises `lost` when its UIDs mean something else by now."""
        if self._session is not None:
            self._session.close()
        self._session = self._selected = None
        if selected is not None:
            self._selected = self._open().select(selected.folder, readonly=self._settings.keep_mails)
            if self._selected.uidvalidity != selected.uidvalidity:
                raise lost

    def _is_as_expected(self, selected: Selected, uid: int, fetched: Fetched, size: int | None) -> bool:
        """The real length decides about the limit; a wrong announcement alone is only noted."""
        length, limit = len(fetched.body), self._settings.max_size_bytes
        if limit is not None and length > limit:
            self._leave(selected, uid, length, Remark("left_above_limit"))
            return False
        if size is not None and length != size:
            self._notes.append(Remark("note_other_sizes"))
        return True

    def _incoming(self, selected: Selected, uid: int, fetched: Fetched) -> Incoming:
        arrived_at = fetched.internal_date.astimezone(UTC) if fetched.internal_date else None
        remote = RemoteId(folder=selected.folder, uidvalidity=selected.uidvalidity, uid=uid)
        return Incoming(
            raw=fetched.body,
            origin=Origin(
                source_id=self._task.source_id,
                protocol="imap",
                remote_id=str(remote),
                peer=f"{self._settings.server}:{self._settings.port}",
            ),
            envelope=None,
            received_at=arrived_at or now(),
            evaluation=self._task.evaluation,
            arrived_at=arrived_at,
        )

    # What stays and what goes

    def _leave(self, selected: Selected, uid: int, size: int | None, reason: Remark) -> None:
        remote = RemoteId(folder=selected.folder, uidvalidity=selected.uidvalidity, uid=uid)
        self._left.append(Left(remote_id=str(remote), size_bytes=size, reason=reason))

    def _removal(self, selected: Selected) -> Literal["expunge", "move"] | None:
        """How collected mail can be removed without touching what others marked deleted, if it shall be."""
        if self._settings.keep_mails or self._is_removal_refused:
            return None
        if not selected.may_delete:
            self._notes.append(Remark("note_read_only", {"folder": selected.folder}))
            return None
        if self._open().has("UIDPLUS"):
            return "expunge"
        if self._open().has("MOVE") and selected.folder != ARCHIVED_FOLDER:
            self._notes.append(Remark("note_moved", {"folder": ARCHIVED_FOLDER}))
            return "move"
        self._notes.append(Remark("note_no_removal"))
        return None

    def _remove(self, selected: Selected, uids: list[int]) -> None:
        how = self._removal(selected)
        with self._noting_refusal():
            if how == "expunge":
                self._do(lambda session: session.mark_deleted(uids))
                self._marked += uids
                if len(self._marked) >= EXPUNGE_AT_ONCE:
                    self._expunge_marked()
            elif how == "move":
                self._do(lambda session: session.move(uids, ARCHIVED_FOLDER))

    def _expunge_marked(self) -> None:
        """Make the deletions real. Messages only marked so far come again in the next run, nothing worse."""
        marked, self._marked = self._marked, []
        if marked:
            with self._noting_refusal():
                self._do(lambda session: session.expunge(marked))

    @contextmanager
    def _noting_refusal(self) -> Iterator[None]:
        try:
            yield
        except ImapRefused as error:
            self._is_removal_refused = True
            self._notes.append(Remark("note_removal_refused", {"error": error.remark}))


def _up_to(highest: int) -> UidSet:
    return UidSet(((1, highest),) if highest > 0 else ())


def _windows(exists: int) -> list[list[str]]:
    """Search criteria that split a folder by sequence numbers, so that no answer grows beyond bounds.

    The highest come first: when another client expunges meanwhile, messages move down and are seen twice
    at worst.
    """
    if exists <= SEARCH_WINDOW:
        return [[]]
    starts = range(1, exists + 1, SEARCH_WINDOW)
    return [[f"{start}:{min(exists, start + SEARCH_WINDOW - 1)}"] for start in reversed(starts)]
