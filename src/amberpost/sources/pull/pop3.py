"""Collects a mailbox over POP3.

Promises: bytes exactly as the server sends them; only messages whose UIDL we do not know are fetched; a
message is deleted only after its receipt, and the deletion becomes real at QUIT, so a lost line loses none;
Keep Mails deletes nothing. One refused message never blocks the rest. Does not decide what is a repetition:
process() does, by content, because servers give UIDLs out again.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from amberpost.clock import now
from amberpost.errors import SourceError
from amberpost.handover import Incoming, Origin, Receipt
from amberpost.oauth.refusal import OAuthError
from amberpost.remark import Remark
from amberpost.sources.cursor import Cursor, Gap
from amberpost.sources.exchange import TokenExpired, TokenRefused, Unwelcome
from amberpost.sources.pull.pop3_session import InUse, Pop3Refused, Pop3Session
from amberpost.sources.settings import AccountSettings, Left, OAuthLogin, Task

COMMIT_EVERY = 500  # deletions made real by QUIT and a new session; what a lost line can cost at most
LOSSES = 10  # connections we take for the fault of single messages, in one run
LOSSES_IN_A_ROW = 3
SIZE_MARGIN = 1.25  # Exchange Online reports estimates: near the limit only the real length decides
IN_USE_PAUSES = (0.2, 1.0, 3.0)  # seconds; a server may need a moment to let go of our last session


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A message as this session lists it. The number is void in any other session."""

    number: int
    uidl: str
    size: int | None


class Pop3Connector:
    """One run at one mailbox. The connection is opened by fetch() and lives, with renewals, until close()."""

    def __init__(self, settings: AccountSettings, task: Task) -> None:
        self._settings = settings
        self._task = task
        self._session: Pop3Session | None = None
        self._left: list[Left] = []
        self._notes: list[Remark] = []
        self._gone: frozenset[str] | None = None  # None: not listed yet
        self._given: dict[tuple[str, int], list[int]] = {}  # in this session and not confirmed: numbers
        self._taken: Counter[str] = Counter()  # handed over in this run and still on the server
        self._suspects: Counter[str] = Counter()  # over which we lost the connection
        self._has_read_unarchived = False
        self._is_removal_refused = False
        self._fetched = self._deleted = 0  # in this session; deletions are not real yet
        self._commit_every = COMMIT_EVERY
        self._losses = self._lost_in_a_row = 0  # connections

    @property
    def left(self) -> Sequence[Left]:
        return tuple(self._left)

    @property
    def notes(self) -> Sequence[Remark]:
        return tuple(dict.fromkeys(self._notes))

    @property
    def gone(self) -> Cursor:
        """UIDLs the server has forgotten."""
        return Cursor(uidls=self._gone or frozenset())

    @property
    def gaps(self) -> Sequence[Gap]:
        """None, ever: UIDLs do not count, so nothing tells that one is missing."""
        return ()

    def fetch(self) -> Iterator[Sequence[Incoming]]:
        """Everything new. A message over which the connection was lost comes last, alone."""
        while wanted := self._wanted():
            for batch in self._batches(wanted):
                yield batch
                if self._session is not None and self._deleted >= self._commit_every:
                    self._commit(self._session)
                    break
            if self._session is not None and not self._suspects:
                return

    def confirm(self, taken: Sequence[tuple[Incoming, Receipt]]) -> None:
        """Mark for deletion what has a receipt, unless it shall stay."""
        for incoming, _receipt in taken:
            numbers = self._given.get(_key(incoming))
            if self._session is not None and numbers:
                self._remove(self._session, numbers.pop(), incoming.origin.remote_id)

    def close(self) -> None:
        """QUIT: the deletions become real."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(SourceError):
                self._end(session)

    # Which messages

    def _wanted(self) -> list[_Listed]:
        """What to fetch in this session: everything but suspects, or if there is nothing else, one of them.

        Where mail is deleted, a known UIDL that is still there is fetched once more: deleting it unread
        would trust the UIDL, and servers give them out again.
        """
        listing = self._open().listing()
        counts = Counter(listing.values())
        self._note_gone(counts)
        done = self._taken + Counter(one.remote_id for one in self._left)
        wanted: list[tuple[int, str]] = []
        suspects: list[tuple[int, str]] = []
        for number, uidl in listing.items():
            if done[uidl] > 0:
                done[uidl] -= 1
            elif not (self._is_keeping and counts[uidl] == 1 and uidl and uidl in self._task.cursor.uidls):
                (suspects if self._suspects[uidl] else wanted).append((number, uidl))
        if not wanted and suspects and self._deleted:
            self._commit(self._open())  # if the next one makes the server hang up, this much is done
            return self._wanted()
        return self._with_sizes(wanted or suspects[:1])

    def _note_gone(self, counts: Counter[str]) -> None:
        if self._gone is None:
            self._gone = self._task.cursor.uidls - counts.keys()
        if counts and (counts[""] or max(counts.values()) > 1):
            self._notes.append(Remark("note_uidls_equal"))

    def _with_sizes(self, wanted: Sequence[tuple[int, str]]) -> list[_Listed]:
        sizes: dict[int, int] = {}
        if wanted:
            with suppress(Pop3Refused):
                sizes = self._open().sizes([number for number, _ in wanted])
        return [_Listed(number=number, uidl=uidl, size=sizes.get(number)) for number, uidl in wanted]

    def _batches(self, wanted: Sequence[_Listed]) -> Iterator[list[Incoming]]:
        """Bounded by number and bytes. Ends early when the connection was lost over a message."""
        batch: list[Incoming] = []
        room = self._settings.batch_bytes
        for one in wanted:
            size = self._settings.batch_bytes if one.size is None else one.size
            most = min(self._settings.batch_messages, self._commit_every)
            if batch and (len(batch) >= most or size > room):
                yield batch
                batch, room = [], self._settings.batch_bytes
            raw = self._body(one) if self._may_take(one) else None
            if self._session is None:
                break
            if raw is not None:
                batch.append(self._hand_over(one, raw))
                room -= len(raw)
        if batch:
            yield batch

    def _may_take(self, one: _Listed) -> bool:
        """False for what is too large even to look at; such mail is listed as left."""
        ceiling, limit = self._settings.max_message_bytes, self._settings.max_size_bytes
        if one.size is None or one.size <= min(ceiling, ceiling if limit is None else limit * SIZE_MARGIN):
            return True
        reason = Remark("left_above_limit" if one.size <= ceiling else "left_above_ceiling")
        self._leave(one, one.size, reason)
        return False

    # Asking the server

    @property
    def _is_keeping(self) -> bool:
        return self._settings.keep_mails or self._is_removal_refused

    def _open(self) -> Pop3Session:
        if self._session is None:
            self._session = self._new_session()
            self._fetched = self._deleted = 0
            self._given = {}
            if self._session.has_login_delay:
                self._commit_every = 2**31  # it would not let us in again
        return self._session

    def _new_session(self) -> Pop3Session:
        for pause in IN_USE_PAUSES if self._gone is not None else ():
            try:
                return Pop3Session(self._settings)
            except InUse:
                time.sleep(pause)
        return Pop3Session(self._settings)

    def _body(self, one: _Listed) -> bytes | None:
        """The message; None when it is left, or the connection was lost over it."""
        try:
            raw = self._open().message(one.number, one.uidl)
            if one.uidl and (one.size is None or len(raw) < one.size):
                self._open().require_step(one.number, one.uidl)
        except Pop3Refused as error:
            self._has_read_unarchived = True
            self._leave(one, one.size, error.remark)
            return None
        except SourceError as lost:
            self._lose(lost)
            self._suspects[one.uidl] += not isinstance(lost, TokenExpired)
            if self._suspects[one.uidl] > 1:
                self._leave(one, one.size, lost.remark)
            return None
        self._fetched += 1
        self._lost_in_a_row = 0
        raw = without_added_line_end(raw, one.size)
        return raw if self._is_as_expected(one, raw) else None

    def _lose(self, lost: SourceError) -> None:
        """Go on in a new session; the deletions of this one never were. Raises where that is no use."""
        self._losses += 1
        self._lost_in_a_row += 1
        if self._losses > LOSSES or self._lost_in_a_row > LOSSES_IN_A_ROW:
            raise lost
        if isinstance(lost, Unwelcome | TokenRefused | OAuthError):
            raise lost
        if isinstance(lost, TokenExpired) and isinstance(self._settings.login, OAuthLogin):
            self._settings.login.forget()
        if self._session is not None:
            self._session.close()
        self._session = None
        if not self._is_keeping:
            self._taken.clear()  # they come again, to be deleted
        self._commit_every = max(1, min(self._commit_every, self._fetched) // 2)  # what such a line carries

    def _is_as_expected(self, one: _Listed, raw: bytes) -> bool:
        """The real length decides about the limit; a wrong announcement alone is only noted."""
        limit = self._settings.max_size_bytes
        if limit is not None and len(raw) > limit:
            self._has_read_unarchived = True
            self._leave(one, len(raw), Remark("left_above_limit"))
            return False
        if one.size is not None and len(raw) != one.size:
            self._notes.append(Remark("note_other_sizes"))
        return True

    def _hand_over(self, one: _Listed, raw: bytes) -> Incoming:
        incoming = Incoming(
            raw=raw,
            origin=Origin(
                source_id=self._task.source_id,
                protocol="pop3",
                remote_id=one.uidl,
                peer=f"{self._settings.server}:{self._settings.port}",
            ),
            envelope=None,
            received_at=now(),
            evaluation=self._task.evaluation,
        )
        self._given.setdefault(_key(incoming), []).append(one.number)
        self._taken[one.uidl] += 1
        return incoming

    # What stays and what goes

    def _leave(self, one: _Listed, size: int | None, reason: Remark) -> None:
        self._left.append(Left(remote_id=one.uidl, size_bytes=size, reason=reason))

    def _remove(self, session: Pop3Session, number: int, uidl: str) -> None:
        if self._is_keeping:
            return
        try:
            session.delete(number)
        except Pop3Refused as error:
            self._refuse(error)
            return
        self._deleted += 1
        self._taken[uidl] -= 1

    def _commit(self, session: Pop3Session) -> None:
        """Make the deletions real; the next session begins anew. After a loss the steps grow again."""
        self._session = None
        self._commit_every = min(COMMIT_EVERY, self._commit_every * 2)
        try:
            self._end(session)
        except SourceError as lost:
            self._lose(lost)

    def _end(self, session: Pop3Session) -> None:
        try:
            if self._may_quit(session):
                session.quit()
        except Pop3Refused as error:
            self._refuse(error)
        finally:
            session.close()

    def _may_quit(self, session: Pop3Session) -> bool:
        """False where the server would take what was read and is not ours, or shall stay."""
        if not session.deletes_what_was_read:
            return True
        self._notes.append(Remark("note_deletes_itself"))
        return not (self._settings.keep_mails or self._has_read_unarchived or any(self._given.values()))

    def _refuse(self, error: Pop3Refused) -> None:
        self._is_removal_refused = True
        self._notes.append(Remark("note_removal_refused", {"error": error.remark}))


def without_added_line_end(raw: bytes, announced: int | None) -> bytes:
    """The message without the line end that the protocol adds where the last line has none.

    The announced size tells. Where a server that counts a line end as one byte would announce the same,
    nothing is taken away.
    """
    if (
        announced == len(raw) - 1 and raw.endswith(b"\n") and b"\r\n" not in raw
    ):  # of a server that sends no CR
        return raw[:-1]
    is_added = announced == len(raw) - 2 and raw.endswith(b"\r\n") and raw.count(b"\r\n") != 2
    return raw[:-2] if is_added else raw


def _key(incoming: Incoming) -> tuple[str, int]:
    """Tells what was handed over apart, even under the same UIDL."""
    return incoming.origin.remote_id, hash(incoming.raw)
