"""The trials that concern the reading of one message; each has a test on mail of our own elsewhere, too."""

from datetime import UTC, datetime

import pytest

from amberpost.message.body import shown_text
from amberpost.message.evaluate import envelope_addresses
from amberpost.message.journal import unwrap
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Defect
from tests.corpora import shared

pytestmark = pytest.mark.shared


def trial(path: str) -> bytes:
    return shared(f"trials/{path}").read_bytes()


def test_01_a_byte_order_mark_hides_no_field() -> None:
    parsed = parse(trial("01-bom/bom.eml"))
    assert parsed.subject == "Bomtreffer"
    assert parsed.from_[0].address == "bo@x.example"
    assert parsed.sent_at == datetime(2024, 3, 12, 9, tzinfo=UTC)


@pytest.mark.parametrize("name", ["journal-bom", "plain"])
def test_01_a_report_behind_a_byte_order_mark_names_its_recipients(name: str) -> None:
    raw = trial(f"01-bom/{name}.eml")
    unwrapped = unwrap(raw)
    assert unwrapped.envelope is not None
    people = {found.address for found in envelope_addresses(unwrapped.envelope)}
    assert people >= {"alice@firma.example", "bob@firma.example"}
    assert parse(unwrapped.shown_bytes(raw)).subject.startswith("Betreff ")


@pytest.mark.parametrize("name", ["cs0", "cs1", "cs2", "cs3"])
def test_05_text_in_utf_8_under_another_label_is_read(name: str) -> None:
    raw = trial(f"05-utf8-mislabelled/{name}.eml")
    parsed = parse(raw)
    assert shown_text(raw, parsed).strip() == f"Grüße aus Köpenick Łódź Привет — zaehler {name}"
    assert index_text(raw, parsed).defects == {Defect.CHARSET_MISLABELLED}


@pytest.mark.parametrize("name", ["nocomma", "nocomma-bare", "nocomma-names"])
def test_08_a_missing_comma_hides_nobody(name: str) -> None:
    people = [box.address for box in parse(trial(f"08-missing-comma/{name}.eml")).to]
    assert people == ["ana@firma.example", "bob@firma.example"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("he1", "שלום עולם, זוהי הודעת בדיקה"),
        ("ru1", "Привет из Москвы"),
        ("uni1", "Hauptversammlung uniwort"),
    ],
)
def test_11_labels_that_mail_uses_are_known(name: str, text: str) -> None:
    raw = trial(f"11-charset-labels/{name}.eml")
    assert shown_text(raw, parse(raw)).strip() == text


@pytest.mark.parametrize(("number", "hour"), [(0, 8), (1, 15), (2, 7)])
def test_12_zones_as_they_are_written(number: int, hour: int) -> None:
    assert parse(trial(f"12-date-zone/date{number}.eml")).sent_at == datetime(2024, 3, 12, hour, tzinfo=UTC)


def test_18_encoded_words_cut_inside_a_character_are_joined() -> None:
    assert parse(trial("18-split-encoded-word/split2.eml")).subject == "Schlüsselbrett für Königin"


def test_19_a_raw_subject_is_in_the_charset_of_the_body() -> None:
    assert parse(trial("19-raw-header/raw1.eml")).subject == "发票通知"


def test_25_names_of_files() -> None:
    names = [part.filename for part in parse(trial("25-file-names/n1.eml")).parts[1:]]
    assert names == ["Rechnung Müller.pdf", "Angebot.pdf", "Müllerprozent.pdf", "über.pdf", "dispos.pdf"]


def test_c03_raw_letters_in_an_encoded_word_are_in_its_charset() -> None:
    assert parse(trial("c03-encoded-word-8bit/a.eml")).subject == "Die Hasen und die Frösche"
