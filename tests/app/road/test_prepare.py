"""What is derived from one capture: when it was sent, when it arrived, what was odd about it."""

from datetime import UTC, datetime, timedelta

import pytest

from amberpost.handover import CaptureId, Origin, Protocol
from amberpost.remark import Remark
from amberpost.road.frame import Taken
from amberpost.road.prepare import Prepared, prepare, unprocessable
from tests.corpora import shared
from tests.people import letter

CAPTURED = datetime(2026, 11, 28, 12, tzinfo=UTC)
SENT = datetime(2023, 2, 14, 8, 41, 5, tzinfo=UTC)  # the Date of a letter
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WITHOUT_DATE = b"From: kunde@customer.example\r\nTo: alice@firma.example\r\n\r\nGuten Tag.\r\n"


def capture(raw: bytes, received_at: datetime = CAPTURED, protocol: Protocol = "imap") -> Taken:
    return Taken(
        capture_id=CaptureId(bytes(16)),
        origin=Origin(source_id=1, protocol=protocol, remote_id="INBOX/1/1", peer=None),
        envelope=None,
        evaluation="journal",
        target_archive=None,
        received_at=received_at,
        captured_at=CAPTURED,
        raw=raw,
    )


def prepared(raw: bytes, received_at: datetime = CAPTURED, protocol: Protocol = "imap") -> Prepared:
    return prepare(capture(raw, received_at, protocol), b"key")


INTERNALDATES = [
    EPOCH,
    EPOCH - timedelta(hours=2),
    datetime(2001, 9, 9, tzinfo=UTC),
    SENT,
    CAPTURED,
    CAPTURED + timedelta(days=365),
    datetime.min.replace(tzinfo=UTC),
]


@pytest.mark.parametrize("received_at", INTERNALDATES)
def test_what_the_server_tells_never_overrules_the_date(received_at: datetime) -> None:
    found = prepared(letter(1), received_at)
    assert (found.facts.sent_at, found.facts.error) == (SENT, None)
    assert found.document.sent_at == SENT


@pytest.mark.parametrize(
    ("received_at", "sent_at"),
    [
        (SENT, SENT),
        (CAPTURED, CAPTURED),
        (CAPTURED + timedelta(seconds=1), CAPTURED),
        (EPOCH, CAPTURED),
        (EPOCH + timedelta(hours=23, minutes=59), CAPTURED),
        (EPOCH + timedelta(days=1), EPOCH + timedelta(days=1)),
        (EPOCH - timedelta(hours=2), CAPTURED),
    ],
)
def test_without_a_date_the_server_is_believed_where_it_can_be_true(
    received_at: datetime, sent_at: datetime
) -> None:
    assert prepared(WITHOUT_DATE, received_at).facts.sent_at == sent_at
    assert (
        unprocessable(capture(b"", received_at), b"key", error=Remark("process_died")).facts.sent_at
        == sent_at
    )


def test_a_received_comes_before_what_the_server_tells() -> None:
    raw = b"Received: from a by b; Tue, 14 Feb 2023 08:41:05 +0000\r\n" + WITHOUT_DATE
    assert prepared(raw, datetime(2024, 1, 1, tzinfo=UTC)).facts.sent_at == SENT


@pytest.mark.parametrize(
    ("received_at", "owned_at"),
    [
        (SENT + timedelta(hours=1), SENT + timedelta(hours=1)),
        (SENT - timedelta(hours=1), SENT - timedelta(hours=1)),
        (datetime(2001, 9, 9, tzinfo=UTC), SENT),
        (EPOCH, CAPTURED),
        (CAPTURED + timedelta(days=365), CAPTURED),
    ],
)
def test_live_mail_belongs_to_who_holds_the_address_on_arrival(
    received_at: datetime, owned_at: datetime
) -> None:
    assert prepared(letter(1), received_at).owned_at == owned_at


def test_what_only_a_look_into_the_bodies_shows_is_noted_of_the_message() -> None:
    raw = letter(1, text="Grüße aus Köpenick", fields=("Content-Type: text/plain; charset=iso-8859-1",))
    assert prepared(raw).facts.defects == "charset_mislabelled"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "told"), [("2001", datetime(2001, 9, 9, tzinfo=UTC)), ("epoch", EPOCH), ("right", SENT)]
)
def test_trial_03(name: str, told: datetime) -> None:
    raw = shared(f"trials/03-internaldate/{name}.eml").read_bytes()
    assert prepared(raw, told).facts.sent_at == SENT
