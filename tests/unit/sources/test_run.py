"""The road of a run: fetch, accept, confirm, and an honest account when it ends early."""

from collections.abc import Sequence

import pytest

from amberpost.errors import StoreError
from amberpost.handover import Incoming, Receipt
from amberpost.sources.connector import run
from tests.contract.source_contract import MemoryAccept, letters
from tests.fakes import FakeConnector


def mailbox(count: int) -> dict[int, bytes]:
    return dict(enumerate(letters(count), 1))


def test_what_was_accepted_before_an_error_is_in_the_report() -> None:
    waiting = mailbox(25)
    report = run(FakeConnector(waiting, batch_messages=10, fails_after=2), MemoryAccept())
    assert len(report.captures) == 20
    assert len(waiting) == 5
    assert str(report.error) == "the connection was lost"


def test_left_mail_counts_as_seen() -> None:
    report = run(FakeConnector({1: b"x" * 100, 2: b"y"}, max_size_bytes=50), MemoryAccept())
    assert (report.seen, len(report.captures), len(report.left)) == (2, 1, 1)


def test_confirmation_follows_the_receipt_of_the_same_batch() -> None:
    waiting = mailbox(25)
    lengths: list[int] = []

    def accept(incoming: Sequence[Incoming]) -> list[Receipt]:
        lengths.append(len(waiting))
        return MemoryAccept()(incoming)

    run(FakeConnector(waiting, batch_messages=10), accept)
    assert lengths == [25, 15, 5]


def test_an_archive_that_fails_stops_the_run_and_closes_the_source() -> None:
    class Closing(FakeConnector):
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    def accept(incoming: Sequence[Incoming]) -> list[Receipt]:
        raise StoreError("disk full")

    connector = Closing(mailbox(3))
    with pytest.raises(StoreError):
        run(connector, accept)
    assert connector.is_closed
