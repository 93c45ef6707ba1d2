"""The trials that concern bodies and files of one message; each has a test on mail of our own elsewhere, too."""

import pytest

from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.body import shown_pieces, shown_text
from amberpost.message.parse import parse
from amberpost.message.text import IndexText, index_text
from tests.corpora import shared

pytestmark = pytest.mark.shared


def trial(path: str) -> bytes:
    return shared(f"trials/{path}").read_bytes()


def indexed(raw: bytes) -> IndexText:
    return index_text(raw, parse(raw))


def files(raw: bytes) -> dict[str, bytes]:
    parsed = parse(raw)
    return {item.name: open_attachment(raw, parsed, item.path) for item in attachments(raw, parsed)}


@pytest.mark.parametrize("name", ["clear", "opaque"])
def test_09_signed_mail_is_found_whether_it_is_clear_or_opaque(name: str) -> None:
    raw = trial(f"09-smime-opaque/{name}.eml")
    assert "Bernsteinzimmer" in indexed(raw).body
    assert "vertrag.pdf" in indexed(raw).filenames
    assert files(raw)["vertrag.pdf"] == b"%PDF-1.4\n"


def test_10_rtf_is_read_in_its_code_page() -> None:
    raw = trial("10-tnef-codepage/rtf1251.eml")
    assert indexed(raw).body == shown_text(raw, parse(raw)) == "Привет из Москвы"


def test_10_html_in_tnef_is_read_in_its_code_page() -> None:
    raw = trial("10-tnef-codepage/htmlcpid.eml")
    assert indexed(raw).body == shown_text(raw, parse(raw)) == "Größenänderung in Łódź"


def test_14_the_second_html_part_is_shown_too() -> None:
    raw = trial("14-first-html-only/apple.eml")
    pieces = shown_pieces(raw, parse(raw), prefers_html=True)
    assert [piece.kind for piece in pieces] == ["html", "html"]
    assert "Apfelsaft" in pieces[1].text


def test_15_an_event_is_found_by_its_unfolded_words() -> None:
    raw = trial("15-ics-vcard-folding/ics.eml")
    for word in (
        "Gebaeudesanierung",
        "Tagesordnungspunkte folgen, Vertragsentwurf",
        "ruth.roth@firma.example",
    ):
        assert word in indexed(raw).body
    assert "VEVENT" not in indexed(raw).body


def test_16_padding_in_the_middle_ends_nothing() -> None:
    raw = trial("16-base64-padding/pad.eml")
    assert "Schlusswort" in indexed(raw).body
    assert files(raw)["d.bin"] == b"A" * 100 + b"B" * 100
    assert [item.size_bytes for item in attachments(raw, parse(raw))] == [200]


def test_17_uuencode_downloads_as_its_text() -> None:
    raw = trial("17-uuencode/uu.eml")
    assert files(raw)["plan.txt"].startswith(b"Hallo Welt, das ist der Plan\n")
    assert set(files(raw)["plan.txt"].split(b"\n")) == {b"Hallo Welt, das ist der Plan", b""}


def test_22_a_message_sent_as_a_file_is_found() -> None:
    raw = trial("22-eml-octet/emloct.eml")
    assert "Innenbetreff" in indexed(raw).body
    assert "Quittenbrot" in indexed(raw).body


def test_c01_a_stray_quote_eats_no_words() -> None:
    raw = trial("c01-html-quote/a.eml")
    assert indexed(raw).body == "Vor linktextwort hinterwort zweiterlink endwort"


def test_c06_an_empty_file_is_listed_and_found() -> None:
    raw = trial("c06-tnef-empty-file/a.eml")
    assert files(raw) == {"LEER.TXT": b"", "VOLL.TXT": b"inhalt"}
    assert {"LEER.TXT", "VOLL.TXT"} <= set(indexed(raw).filenames)
