"""What is shown and what is found."""

from base64 import b64encode

import pytest

from amberpost.message import limits, text
from amberpost.message.body import Piece, decode_part, decode_text, shown_pieces, shown_text
from amberpost.message.contents import places
from amberpost.message.parse import parse
from amberpost.message.text import IndexText, index_text, without_encoded
from tests.unit.message.mail import INNER, attribute, mail, multipart, nested, tnef, tnef_file

PLAIN = mail("Content-Type: text/plain; charset=utf-8", body="plain wörds\r\nhere")
HTML = mail("Content-Type: text/html; charset=utf-8", body="<p>plain wörds</p><p>only <b>h</b>tml</p>")


def indexed(raw: bytes) -> IndexText:
    return index_text(raw, parse(raw))


def shown(raw: bytes) -> str:
    return shown_text(raw, parse(raw))


def page(raw: bytes) -> tuple[Piece, ...]:
    return shown_pieces(raw, parse(raw), prefers_html=True)


def test_plain_text_is_shown_before_html() -> None:
    assert shown(multipart(PLAIN, HTML, kind="alternative")) == "plain wörds\nhere"
    assert shown(multipart(HTML, kind="alternative")) == "plain wörds\nonly html"


def test_all_plain_bodies_are_shown_but_no_files() -> None:
    attached = mail("Content-Type: text/plain", "Content-Disposition: attachment", body="file")
    table = mail("Content-Type: text/csv; name=a.csv", body="1;2")
    assert shown(multipart(PLAIN, PLAIN, attached, table)) == "plain wörds\nhere\nplain wörds\nhere"


def test_a_nested_message_is_not_the_text_of_the_outer_one() -> None:
    raw = multipart(nested(INNER), PLAIN)
    assert shown(raw) == "plain wörds\nhere"
    assert [place.path for place in places(raw, parse(raw)) if place.is_own] == ["0", "1", "2"]
    assert {piece.kind for piece in page(multipart(nested(HTML), PLAIN))} == {"text"}


def test_html_that_is_a_file_is_not_shown() -> None:
    attached = mail("Content-Type: text/html", "Content-Disposition: attachment", body="x")
    assert [piece.text for piece in page(multipart(attached, HTML))] == [
        decode_text(HTML, parse(HTML).parts[0])
    ]


def test_the_text_of_tnef_is_shown_when_there_is_no_other() -> None:
    body = tnef(attribute(1, 0x0002800C, b"from tnef\0"))
    assert shown(mail("Content-Type: application/ms-tnef", body=body)) == "from tnef"
    assert shown(mail("Content-Type: application/ms-tnef", body=b"broken")) == ""


@pytest.mark.parametrize(
    ("fields", "body", "expected"),
    [
        (("Content-Transfer-Encoding: base64",), b64encode(b"abc"), "abc"),
        (("Content-Transfer-Encoding: base64",), b"this is plain text, really, no code\r\n", None),
        (
            ("Content-Transfer-Encoding: base64",),
            b64encode(b"abcdefg") + b"\r\n_____\r\nlist footer",
            "abcdefg",
        ),
        (("Content-Transfer-Encoding: base64",), b"YWJjZ", "abc"),
        (("Content-Transfer-Encoding: quoted-printable",), b"a=\r\nb=zz=C3=BC", "ab=zzü"),
        (("Content-Transfer-Encoding: nonsense",), b"abc", "abc"),
        (("Content-Type: text/html",), b"<meta charset=koi8-r>\xc1", "<meta charset=koi8-r>а"),
        (("X: 1",), b"a\0b\r\nc", "a b\nc"),
    ],
)
def test_text_parts_are_decoded_however_broken(
    fields: tuple[str, ...], body: bytes, expected: str | None
) -> None:
    raw = mail(*fields, body=body)
    assert decode_text(raw, parse(raw).parts[0]) == (
        body.decode().replace("\r", "") if expected is None else expected
    )


def test_decode_part_gives_bytes() -> None:
    raw = mail("Content-Transfer-Encoding: base64", body=b64encode(bytes(range(256))))
    assert decode_part(raw, parse(raw).parts[0]) == bytes(range(256))


def test_html_adds_only_what_the_plain_text_does_not_say() -> None:
    assert indexed(multipart(PLAIN, HTML, kind="alternative")).body == "plain wörds\nhere\nonly html"
    same = mail("Content-Type: text/html; charset=utf-8", body="<p>plain wörds here</p>")
    assert indexed(multipart(PLAIN, same, kind="alternative")).body == "plain wörds\nhere"
    assert indexed(HTML).body == "plain wörds\nonly html"


def test_very_long_alternatives_are_compared_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_MAX_COMPARED", 0)
    assert indexed(multipart(PLAIN, HTML, kind="alternative")).body == "plain wörds\nhere\nonly html"


def test_nested_messages_are_found_by_subject_address_and_text() -> None:
    found = indexed(multipart(PLAIN, nested(INNER)))
    for word in ("Hello", "kim@own.example", "Kim", "lee@other.example", "Lee"):
        assert word in found.body


def test_encoded_nested_messages_are_opened_too() -> None:
    inner = multipart(PLAIN, mail("Content-Type: image/png; name=photo.png"), fields=("Subject: deep",))
    raw = nested(
        b64encode(nested(b64encode(inner), "Content-Transfer-Encoding: base64")),
        "Content-Transfer-Encoding: base64",
    )
    found = indexed(raw)
    assert "deep" in found.body
    assert "plain wörds" in found.body
    assert found.filenames == ("message-0.eml", "deep.eml", "photo.png")


def test_endless_nesting_of_encoded_messages_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = INNER
    for _ in range(30):
        raw = nested(b64encode(raw), "Content-Transfer-Encoding: base64")
    assert indexed(raw).truncated
    monkeypatch.setattr(limits, "OPENED", 20)
    wide = multipart(*[nested(b64encode(INNER), "Content-Transfer-Encoding: base64")] * 40)
    assert indexed(wide).truncated


def test_tnef_gives_its_text_and_names() -> None:
    stream = tnef(attribute(1, 0x0002800C, b"inside\0"), tnef_file("list.csv", b"x"))
    found = indexed(mail("Content-Type: application/ms-tnef", body=stream))
    assert found == IndexText(body="inside", filenames=("list.csv",), truncated=False, attachment_count=1)
    assert indexed(mail("Content-Type: application/ms-tnef", body=b"x")).body == ""


def test_only_text_types_are_indexed() -> None:
    for kind, is_indexed in (
        ("text/csv", True),
        ("text/calendar", True),
        ("message/delivery-status", True),
        ("text/rtf", True),
        ("text/enriched", True),
        ("application/pdf", False),
    ):
        assert ("needle" in indexed(mail(f"Content-Type: {kind}", body="needle")).body) is is_indexed


def test_the_text_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDEX_CHARACTERS", 20)
    found = indexed(multipart(PLAIN, PLAIN, PLAIN))
    assert len(found.body) <= 22
    assert found.truncated
    assert not indexed(PLAIN).truncated


def test_very_long_parts_are_read_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TEXT_PART_BYTES", 10)
    found = indexed(mail("Subject: x", body="a" * 50))
    assert (found.body, found.truncated) == ("a" * 10, True)


def test_characters_are_composed() -> None:
    assert (
        indexed(mail("Content-Type: text/plain; charset=utf-8", body="A\u0308pfel".encode())).body == "Äpfel"
    )


BASE64 = b64encode(bytes(range(250)) * 4).decode()
LINES = "\n".join(BASE64[start : start + 76] for start in range(0, len(BASE64), 76))


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("before\n" + LINES + "\nafter words", "before\nafter words"),
        (LINES + "\nafter words", "after words"),
        ("> " + LINES.replace("\n", "\n> ") + "\nafter words", "after words"),
        ("word " + BASE64, "word  "),
        ("A" * 70 + "\nnormal words follow", "A" * 70 + "\nnormal words follow"),
        (LINES + "\nGruß\nRuth\n", "Gruß\nRuth\n"),
        (LINES + "\nGruss\nRuth\n", "Gruss\nRuth\n"),
        ("A" * 70 + "\n\nnormal words follow", "A" * 70 + "\n\nnormal words follow"),
        ("京都" * 1_000, "京都" * 1_000),
        ("Müller;Straße 1;" * 200, "Müller;Straße 1;" * 200),
        ("Name;Ort;" * 200, "Name;Ort;" * 200),
    ],
)
def test_encoded_rubbish_is_not_indexed(dirty: str, clean: str) -> None:
    assert without_encoded(dirty) == clean


def test_base64_of_attachments_never_reaches_the_index() -> None:
    broken = mail(
        "Content-Type: multipart/mixed; boundary=missing",
        body="--other\r\n\r\n" + LINES.replace("\n", "\r\n"),
    )
    assert BASE64[76:130] not in indexed(broken).body
