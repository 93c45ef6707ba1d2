"""The trials that concern the reading of one message; each has a test on mail of our own elsewhere, too."""

from datetime import UTC, datetime

import pytest

from amberpost.message.body import shown_text
from amberpost.message.evaluate import envelope_addresses
from amberpost.message.journal import unwrap
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Defect
from tests.trials import trial


@pytest.mark.parametrize("raw", trial("01-bom", "bom.eml"))
def test_01_a_byte_order_mark_hides_no_field(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.subject == "Bomtreffer"
    assert parsed.from_[0].address == "bo@x.example"
    assert parsed.sent_at == datetime(2024, 3, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize("raw", trial("01-bom", "journal-bom.eml") + trial("01-bom", "plain.eml"))
def test_01_a_report_behind_a_byte_order_mark_names_its_recipients(raw: bytes) -> None:
    unwrapped = unwrap(raw)
    assert unwrapped.envelope is not None
    people = {found.address for found in envelope_addresses(unwrapped.envelope)}
    assert people >= {"alice@firma.example", "bob@firma.example"}
    assert parse(unwrapped.shown_bytes(raw)).subject.startswith("Betreff ")


@pytest.mark.parametrize("raw", trial("05-utf8-mislabelled"))
def test_05_text_in_utf_8_under_another_label_is_read(raw: bytes) -> None:
    parsed = parse(raw)
    text = "Grüße aus Köpenick Łódź Привет — zaehler " + parsed.subject
    assert shown_text(raw, parsed).strip() == text
    assert index_text(raw, parsed).defects == {Defect.CHARSET_MISLABELLED}


@pytest.mark.parametrize(
    ("raw", "text"),
    list(
        zip(
            trial("11-charset-labels"),
            ("שלום עולם, זוהי הודעת בדיקה", "Привет из Москвы", "Hauptversammlung uniwort"),
            strict=False,
        )
    ),
)
def test_11_labels_that_mail_uses_are_known(raw: bytes, text: str) -> None:
    assert shown_text(raw, parse(raw)).strip() == text
