"""Calendar entries and contacts as a person reads them."""

import pytest

from amberpost.message.body import shown_pieces
from amberpost.message.cards import CardEntry, read_entries
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from tests.unit.message.mail import mail, multipart

INVITATION = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Irgendwas//EN\r\nMETHOD:REQUEST\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:4711@x.example\r\n"
    "SUMMARY;LANGUAGE=de:Baubespr\r\n echung\\, zweiter Termin\r\n"
    "DTSTART;TZID=Europe/Berlin:20240517T100000\r\nDTEND:20240517T090000Z\r\n"
    'ORGANIZER;CN="Roth, Ruth":mailto:ruth.r\r\n\toth@firma.example\r\n'
    "ATTENDEE;CN=Kim;PARTSTAT=NEEDS-ACTION:MAILTO:kim@own.example\r\nATTENDEE:mailto:lee@other.example\r\n"
    "LOCATION:Haus 3\\; Raum 12\r\nDESCRIPTION:Erstens\\nZweitens \\\\n bleibt\r\n"
    "BEGIN:VALARM\r\nDESCRIPTION:Erinnerung\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Müller;Ruth;;Dr.;\r\nFN:Dr. Ruth Müller\r\nORG:Firma;Einkauf\r\n"
    "item1.EMAIL;type=INTERNET:ruth@firma.example\r\nTEL;TYPE=work:+49 30 1234\r\n"
    "ADR;TYPE=work:;;Hofgasse 1\\, links;Berlin;;10115;\r\nNOTE:nur vormit\r\n tags\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAA\r\n AQABAAD\r\nEND:VCARD\r\n"
)


def only(text: str) -> CardEntry:
    (entry,) = read_entries(text) or []
    return entry


@pytest.mark.parametrize("kind", ["text/calendar; charset=utf-8", "text/calendar", "application/ics"])
def test_a_fold_in_the_middle_of_a_letter_breaks_no_word(kind: str) -> None:
    text = INVITATION.encode().replace(b"zweiter", b"Geb\xc3\r\n \xa4ude \xe6\x97\r\n\t\xa5")
    raw = mail(f"Content-Type: {kind}", body=text)
    assert "Baubesprechung, Gebäude 日 Termin" in index_text(raw, parse(raw)).body


def test_an_invitation_is_unfolded_and_unescaped() -> None:
    entry = only(INVITATION)
    assert (entry.kind, entry.method) == ("event", "request")
    assert entry.lines == [
        ("title", "Baubesprechung, zweiter Termin"),
        ("when", "2024-05-17 10:00 (Europe/Berlin)"),
        ("until", "2024-05-17 09:00 UTC"),
        ("place", "Haus 3; Raum 12"),
        ("person", "Roth, Ruth <ruth.roth@firma.example>"),
        ("person", "Kim <kim@own.example>"),
        ("person", "lee@other.example"),
        ("text", "Erstens\nZweitens \\n bleibt"),
    ]


def test_a_contact_is_unfolded_and_unescaped() -> None:
    entry = only(CARD)
    assert entry.kind == "contact"
    assert entry.lines == [
        ("title", "Dr. Ruth Müller"),
        ("place", "Hofgasse 1, links, Berlin, 10115"),
        ("text", "Firma, Einkauf"),
        ("text", "nur vormittags"),
        ("address", "ruth@firma.example"),
        ("address", "+49 30 1234"),
    ]


def test_a_contact_of_version_2_1_is_read_in_its_encoding() -> None:
    entry = only(
        "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen=\r\n Groß\r\n"
        "TEL;HOME;VOICE:12\r\nNOTE;QUOTED-PRINTABLE:a=0D=0Ab\r\nEND:VCARD\r\n"
    )
    assert [text.split() for _, text in entry.lines] == [["Jürgen", "Groß"], ["a", "b"], ["12"]]


@pytest.mark.parametrize(
    "broken",
    [
        INVITATION.replace("END:VEVENT\r\nEND:VCALENDAR\r\n", ""),
        INVITATION.replace("UID:", "KAPUTT\r\n;;;:::\r\n\r\nUID"),
        INVITATION.replace("\r\n", "\n"),
        INVITATION.replace("\r\n", "\r"),
        INVITATION.replace("PARTSTAT=NEEDS-ACTION", 'X="offen'),
        INVITATION.replace("BEGIN:VCALENDAR\r\n", ""),
        INVITATION.replace("BEGIN:V", "begin:v"),
        "\ufeff" + INVITATION,
    ],
)
def test_a_malformed_calendar_is_read_as_far_as_it_goes(broken: str) -> None:
    text = only(broken).text
    for word in ("Baubesprechung, zweiter Termin", "ruth.roth@firma.example", "kim@own.example", "Raum 12"):
        assert word in text
    assert "BEGIN" not in text


def test_what_is_no_calendar_is_none() -> None:
    assert read_entries("BEGIN with something") is None
    assert read_entries("") is None
    assert read_entries("BEGIN:VCALENDAR\nEND:VCALENDAR\n") == []


INVITING = multipart(
    mail("Content-Type: text/plain; charset=utf-8", body="Bitte kommen"),
    mail("Content-Type: text/html; charset=utf-8", body="<p>Bitte kommen</p>"),
    mail("Content-Type: text/calendar; charset=utf-8; method=REQUEST", body=INVITATION),
    kind="alternative",
)


def test_an_event_is_shown_beside_the_text_whichever_alternative_is_read() -> None:
    for prefers_html in (True, False):
        pieces = shown_pieces(INVITING, parse(INVITING), prefers_html=prefers_html)
        assert [piece.kind for piece in pieces] == ["html" if prefers_html else "text", "entry"]


def test_the_same_event_attached_again_is_shown_once() -> None:
    file = mail(
        "Content-Type: application/ics; name=invite.ics", "Content-Disposition: attachment", body=INVITATION
    )
    raw = multipart(INVITING, file, boundary="b1")
    pieces = shown_pieces(raw, parse(raw), prefers_html=True)
    assert [piece.kind for piece in pieces] == ["html", "entry"]


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Type: text/calendar; charset=utf-8",),
        ("Content-Type: application/ics; name=a.ics",),
        ("Content-Type: application/octet-stream; name=TERMIN.ICS", "Content-Disposition: attachment"),
        ("Content-Type: text/calendar; charset=utf-8", "Content-Transfer-Encoding: 8bit"),
    ],
)
def test_an_event_is_found_by_its_words_and_never_as_source(fields: tuple[str, ...]) -> None:
    raw = multipart(mail("Content-Type: text/plain", body="x"), mail(*fields, body=INVITATION))
    body = index_text(raw, parse(raw)).body
    for word in ("Baubesprechung", "ruth.roth@firma.example", "Raum 12", "Zweitens"):
        assert word in body
    for source in ("BEGIN", "VEVENT", "SUMMARY", "Irgendwas", "TZID", "mailto", "4711"):
        assert source not in body


def test_a_contact_is_found_by_its_words_and_never_as_source() -> None:
    raw = mail("Content-Type: text/x-vcard; charset=utf-8; name=ruth.vcf", body=CARD)
    body = index_text(raw, parse(raw)).body
    assert "Dr. Ruth Müller" in body
    assert "vormittags" in body
    assert "VCARD" not in body
    assert "4AAQ" not in body
