"""What every mail source must do; a new connector passes this suite or is none.

Terminology. A *place* is where mail waits: a mailbox on a server, a folder. *deliver* puts messages there;
*waiting* is what lies there now. A connector *fetches* batches of what it does not know, and *confirms* each
batch with receipts; only then may the place forget. Whatever happens in between, a message is in the
archive, in the place, or in both: never in neither.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, timedelta
from itertools import islice
from typing import Protocol

from amberpost.clock import now
from amberpost.errors import StoreError
from amberpost.handover import CaptureId, Incoming, Receipt
from amberpost.sources.connector import Connector, run
from amberpost.sources.cursor import Cursor, FolderCursor, RemoteId
from amberpost.sources.uidset import UidSet

SOURCE_ID = 7
NOTHING_KNOWN = Cursor()


class Place(Protocol):
    """A real or imitated place for mail, and connectors to it."""

    def deliver(self, messages: Sequence[bytes]) -> None: ...

    def waiting(self) -> list[bytes]: ...

    def connector(
        self, *, keep_mails: bool = False, cursor: Cursor = NOTHING_KNOWN, max_size_bytes: int | None = None
    ) -> Connector:
        """A connector for source 7, evaluation "x-original-to", 10 messages or 20,000 bytes a batch."""
        ...


class MemoryAccept:
    """An archive that only remembers."""

    def __init__(self) -> None:
        self.accepted: list[Incoming] = []

    def __call__(self, incoming: Sequence[Incoming]) -> list[Receipt]:
        self.accepted += incoming
        return receipts(incoming)

    @property
    def raws(self) -> list[bytes]:
        return [one.raw for one in self.accepted]


def receipts(incoming: Sequence[Incoming]) -> list[Receipt]:
    return [Receipt(capture_id=CaptureId(secrets.token_bytes(16))) for _ in incoming]


def letters(count: int, *, start: int = 0, size: int = 100) -> list[bytes]:
    return [b"Subject: letter %d\r\n\r\n%b\r\n" % (start + n, b"x" * size) for n in range(count)]


def cursor_of(accepted: Sequence[Incoming], gone: Cursor = NOTHING_KNOWN) -> Cursor:
    """What the archive remembers of a source after this was sealed."""
    uids: dict[tuple[str, int], UidSet] = {(one.folder, one.uidvalidity): one.uids for one in gone.folders}
    for one in accepted:
        if one.origin.protocol == "pop3":
            continue
        remote = RemoteId.parse(one.origin.remote_id)
        key = remote.folder, remote.uidvalidity
        uids[key] = uids.get(key, UidSet()).add([remote.uid])
    folders = (FolderCursor(folder=key[0], uidvalidity=key[1], uids=known) for key, known in uids.items())
    uidls = frozenset(one.origin.remote_id for one in accepted if one.origin.protocol == "pop3")
    return Cursor(folders=tuple(folders), uidls=uidls)


class SourceContract:
    """Inherit, and give a fixture `place`."""

    def test_everything_is_fetched_once_with_exact_bytes(self, place: Place) -> None:
        messages = [*letters(25), b"", b"no header at all", b"Subject: \xfc\r\n\r\n\xff\xfe 8-bit\r\n"]
        place.deliver(messages)
        accept = MemoryAccept()
        report = run(place.connector(), accept)
        assert sorted(accept.raws) == sorted(messages)
        assert (report.seen, len(report.captures), report.left, report.error) == (28, 28, (), None)

    def test_an_empty_place_gives_nothing(self, place: Place) -> None:
        accept = MemoryAccept()
        assert run(place.connector(), accept).seen == 0
        assert accept.accepted == []

    def test_batches_are_bounded_by_number_and_by_bytes(self, place: Place) -> None:
        place.deliver([*letters(23), *letters(5, size=9_000), *letters(1, size=50_000)])
        connector = place.connector(keep_mails=True)
        sizes = [[len(one.raw) for one in batch] for batch in connector.fetch()]
        connector.close()
        assert sum(map(len, sizes)) == 29
        assert all(len(batch) <= 10 and (sum(batch) <= 20_000 or len(batch) == 1) for batch in sizes)

    def test_nothing_is_removed_before_it_is_confirmed(self, place: Place) -> None:
        place.deliver(letters(15))
        connector = place.connector()
        fetched = next(iter(connector.fetch()))
        connector.close()
        assert len(fetched) == 10
        assert len(place.waiting()) == 15

    def test_what_is_confirmed_is_removed_and_nothing_else(self, place: Place) -> None:
        place.deliver(letters(15))
        connector = place.connector()
        batch = next(iter(connector.fetch()))
        kept = batch[3:]
        connector.confirm(list(zip(kept, receipts(kept), strict=True)))
        connector.close()
        expected = set(letters(15)) - {one.raw for one in kept}
        assert set(place.waiting()) == expected

    def test_after_a_run_the_place_is_empty_and_a_second_run_sees_nothing(self, place: Place) -> None:
        place.deliver(letters(15))
        accept = MemoryAccept()
        run(place.connector(), accept)
        assert place.waiting() == []
        assert run(place.connector(cursor=cursor_of(accept.accepted)), accept).seen == 0

    def test_keep_mails_changes_nothing_at_the_place(self, place: Place) -> None:
        place.deliver(letters(15))
        before = place.waiting()
        assert run(place.connector(keep_mails=True), MemoryAccept()).seen == 15
        assert place.waiting() == before

    def test_keep_mails_gives_only_what_is_not_known(self, place: Place) -> None:
        place.deliver(letters(15))
        accept = MemoryAccept()
        report = run(place.connector(keep_mails=True), accept)
        cursor = cursor_of(accept.accepted, report.gone)
        assert run(place.connector(keep_mails=True, cursor=cursor), MemoryAccept()).seen == 0
        place.deliver(letters(2, start=15))
        later = MemoryAccept()
        run(place.connector(keep_mails=True, cursor=cursor), later)
        assert later.raws == letters(2, start=15)

    def test_a_message_missed_in_the_middle_is_fetched_later(self, place: Place) -> None:
        place.deliver(letters(15))
        accept = MemoryAccept()
        run(place.connector(keep_mails=True), accept)
        cursor = cursor_of([one for one in accept.accepted if one.raw != letters(15)[6]])
        later = MemoryAccept()
        run(place.connector(keep_mails=True, cursor=cursor), later)
        assert later.raws == [letters(15)[6]]

    def test_what_was_not_confirmed_comes_again(self, place: Place) -> None:
        place.deliver(letters(15))
        connector = place.connector()
        assert len(list(islice(connector.fetch(), 1))) == 1
        connector.close()
        accept = MemoryAccept()
        run(place.connector(), accept)
        assert sorted(accept.raws) == sorted(letters(15))

    def test_a_known_message_that_is_still_there_is_handed_over_before_it_is_removed(
        self, place: Place
    ) -> None:
        """The archive has it, the place was to forget it and did not, or numbers were given out again."""
        place.deliver(letters(5))
        accept = MemoryAccept()
        run(place.connector(keep_mails=True), accept)
        again = MemoryAccept()
        run(place.connector(cursor=cursor_of(accept.accepted)), again)
        assert sorted(again.raws) == sorted(letters(5))
        assert place.waiting() == []

    def test_when_the_archive_fails_nothing_is_removed(self, place: Place) -> None:
        def accept(incoming: Sequence[Incoming]) -> list[Receipt]:
            raise StoreError("cannot_write")

        place.deliver(letters(5))
        assert isinstance(run(place.connector(), accept).error, StoreError)
        assert len(place.waiting()) == 5

    def test_mail_above_the_limit_stays_and_is_listed(self, place: Place) -> None:
        large, small, exact = b"x" * 50_000, letters(1)[0], b"y" * 1_000
        place.deliver([small, large, exact])
        accept = MemoryAccept()
        report = run(place.connector(max_size_bytes=1_000), accept)
        assert sorted(accept.raws) == sorted([small, exact])
        assert place.waiting() == [large]
        assert (report.seen, len(report.left)) == (3, 1)
        assert report.left[0].reason
        assert report.left[0].size_bytes == 50_000

    def test_near_the_limit_the_real_length_decides(self, place: Place) -> None:
        """Exchange Online announces estimates: up to a quarter above the limit is looked at."""
        over = b"z" * 1_001
        place.deliver([over])
        accept = MemoryAccept()
        report = run(place.connector(max_size_bytes=1_000), accept)
        assert accept.raws == []
        assert place.waiting() == [over]
        assert [one.size_bytes for one in report.left] == [1_001]

    def test_every_message_tells_where_it_came_from(self, place: Place) -> None:
        place.deliver(letters(5))
        accept = MemoryAccept()
        run(place.connector(), accept)
        origins = [one.origin for one in accept.accepted]
        assert {one.source_id for one in origins} == {SOURCE_ID}
        assert {one.evaluation for one in accept.accepted} == {"x-original-to"}
        assert len({one.remote_id for one in origins}) == 5
        assert all(one.received_at.tzinfo is UTC for one in accept.accepted)
        assert all(abs(one.received_at - now()) < timedelta(hours=1) for one in accept.accepted)

    def test_closing_twice_or_before_anything_is_harmless(self, place: Place) -> None:
        connector = place.connector()
        connector.close()
        connector.close()
