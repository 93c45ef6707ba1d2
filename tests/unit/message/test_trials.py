"""The trials that concern the reading of one message; each has a test on mail of our own elsewhere, too."""

import pytest

from amberpost.message.body import shown_text
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Defect
from tests.trials import trial


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
