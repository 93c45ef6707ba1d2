"""The road of a run: fetch, accept, confirm, and an honest account when it ends early."""

import imaplib
import logging
import struct
from collections.abc import Sequence

import pytest

from amberpost.errors import StoreError
from amberpost.handover import Incoming, Receipt
from amberpost.sources.connector import run
from amberpost.sources.trouble import Surprise
from tests.contract.source_contract import MemoryAccept, letters
from tests.fakes import FakeConnector

SURPRISES = [
    ValueError, KeyError, RecursionError, UnicodeDecodeError, imaplib.IMAP4.abort, struct.error, MemoryError,
    AssertionError, StopIteration, OSError, ZeroDivisionError,
]  # fmt: skip


def made(kind: type[Exception]) -> Exception:
    """An error of this kind whose words nobody may see."""
    if kind is UnicodeDecodeError:
        return UnicodeDecodeError("ascii", b"sesame", 0, 1, "sesame")
    return kind("sesame")


class Closing(FakeConnector):
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def mailbox(count: int) -> dict[int, bytes]:
    return dict(enumerate(letters(count), 1))


def test_what_was_accepted_before_an_error_is_in_the_report() -> None:
    waiting = mailbox(25)
    report = run(FakeConnector(waiting, batch_messages=10, fails_after=2), MemoryAccept())
    assert len(report.captures) == 20
    assert len(waiting) == 5
    assert str(report.error) == "The connection was lost"


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
    waiting, taken = mailbox(25), MemoryAccept()
    connector = Closing(waiting, batch_messages=10)

    def accept(incoming: Sequence[Incoming]) -> list[Receipt]:
        if len(taken.accepted) == 10:
            raise StoreError("cannot_write")
        return taken(incoming)

    report = run(connector, accept)
    assert isinstance(report.error, StoreError)
    assert (report.seen, len(waiting)) == (10, 15)  # what was accepted before is told
    assert connector.is_closed


@pytest.mark.parametrize("kind", SURPRISES)
def test_a_surprise_is_told_with_its_kind_and_logged_without_its_words(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    connector, taken = Closing(mailbox(25), batch_messages=10), MemoryAccept()

    def accept(incoming: Sequence[Incoming]) -> list[Receipt]:
        if len(taken.accepted) == 10:
            raise made(kind)
        return taken(incoming)

    report = run(connector, accept)
    assert (report.seen, connector.is_closed) == (10, True)
    assert isinstance(report.error, Surprise)
    assert kind.__name__ in str(report.error)
    assert "details are in the log" in str(report.error)
    written = "".join(logging.Formatter().format(record) for record in caplog.records)
    assert "Traceback" in written
    assert __file__ in written
    assert "sesame" not in written + str(report.error)


def test_a_surprise_while_closing_is_told_unless_there_is_more_to_say() -> None:
    class Sticking(FakeConnector):
        def close(self) -> None:
            raise KeyError("closing")

    assert isinstance(run(Sticking(mailbox(3)), MemoryAccept()).error, Surprise)
    assert str(run(Sticking(mailbox(3), fails_after=0), MemoryAccept()).error) == "The connection was lost"
