"""Every inline text is shown, in order; what lies inside a part is opened; nothing is said twice."""

from base64 import b64encode

import pytest

from amberpost.message import limits
from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.body import shown_pieces, shown_text
from amberpost.message.parse import parse
from amberpost.message.text import IndexText, index_text
from amberpost.message.transfer import base64_size, decode_base64
from amberpost.message.types import Defect
from tests.unit.message.mail import INNER, mail, multipart, nested


def plain(text: str, *fields: str) -> bytes:
    return mail("Content-Type: text/plain; charset=utf-8", *fields, body=text)


def html(text: str) -> bytes:
    return mail("Content-Type: text/html; charset=utf-8", body=f"<p>{text}</p>")


PDF = mail(
    "Content-Type: application/pdf; name=a.pdf", "Content-Disposition: inline; filename=a.pdf", body="%PDF"
)


def shown(raw: bytes) -> tuple[list[str], str]:
    """(what the page shows, what the plain view shows)."""
    parsed = parse(raw)
    pieces = shown_pieces(raw, parsed, prefers_html=True)
    return [f"{piece.kind}: {piece.text}" for piece in pieces], shown_text(raw, parsed)


def indexed(raw: bytes) -> IndexText:
    return index_text(raw, parse(raw))


@pytest.mark.parametrize(
    ("raw", "page", "text"),
    [
        (  # Apple Mail: text, file, text
            multipart(
                plain("eins zwei"),
                multipart(html("eins"), PDF, html("zwei"), boundary="b1"),
                kind="alternative",
            ),
            ["html: <p>eins</p>", "html: <p>zwei</p>"],
            "eins zwei",
        ),
        (  # the same without a plain alternative
            multipart(html("eins"), PDF, html("zwei")),
            ["html: <p>eins</p>", "html: <p>zwei</p>"],
            "eins\nzwei",
        ),
        (  # a gateway's legal footer
            multipart(
                multipart(plain("text"), html("html"), kind="alternative", boundary="b1"),
                plain("Rechtliches"),
            ),
            ["html: <p>html</p>", "text: Rechtliches"],
            "text\nRechtliches",
        ),
        (
            multipart(
                multipart(plain("text"), html("html"), kind="alternative", boundary="b1"), html("Rechtliches")
            ),
            ["html: <p>html</p>", "html: <p>Rechtliches</p>"],
            "text\nRechtliches",
        ),
        (multipart(plain("a"), plain("b"), PDF, plain("c")), ["text: a", "text: b", "text: c"], "a\nb\nc"),
        (multipart(plain("a"), html("b"), plain("c")), ["text: a", "html: <p>b</p>", "text: c"], "a\nb\nc"),
        (  # the last alternative is the best
            multipart(plain("a"), html("b"), html("c"), kind="alternative"),
            ["html: <p>c</p>"],
            "a",
        ),
        (  # an empty plain alternative is none
            multipart(plain(" "), html("b"), kind="alternative"),
            ["html: <p>b</p>"],
            "b",
        ),
        (
            multipart(
                multipart(plain("a"), html("b"), kind="alternative", boundary="b1"),
                PDF,
                kind="related",
                boundary="b2",
            ),
            ["html: <p>b</p>"],
            "a",
        ),
        (  # an alternative inside an alternative
            multipart(
                plain("a"),
                multipart(plain("a2"), html("b"), kind="alternative", boundary="b1"),
                kind="alternative",
            ),
            ["html: <p>b</p>"],
            "a",
        ),
        (
            mail("Content-Type: text/enriched", body="<bold>fett</bold> <<x>\n\nneu<param>no</param>"),
            None,
            "fett <x>\nneu",
        ),
        (mail("Content-Type: text/rtf", body=r"{\rtf1\ansi W\'f6rter}"), None, "Wörter"),
    ],
)
def test_all_inline_texts_are_shown_in_order(raw: bytes, page: list[str] | None, text: str) -> None:
    assert shown(raw)[1] == text
    assert page is None or shown(raw)[0] == page


def test_a_whole_message_that_is_an_encoded_message_is_shown_and_found() -> None:
    inner = plain("Innentext Quitte", "Subject: Innenbetreff", "From: Lee <lee@other.example>")
    for fields, body in (
        (("Content-Transfer-Encoding: base64",), b64encode(inner)),
        (("Content-Transfer-Encoding: quoted-printable",), inner.replace(b"=", b"=3D")),
        ((), inner),
    ):
        raw = mail("Subject: aussen", "Content-Type: message/rfc822", *fields, body=body)
        assert shown(raw)[1] == "Innentext Quitte"
        assert "Innenbetreff Lee lee@other.example" in indexed(raw).body
        assert "Quitte" in indexed(raw).body


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Type: application/octet-stream; name=weiter.eml", "Content-Transfer-Encoding: base64"),
        ("Content-Type: application/octet-stream; name=WEITER.EML",),
        ("Content-Type: text/plain; name=weiter.eml", "Content-Disposition: attachment"),
        ("Content-Type: application/x-eml",),
    ],
)
def test_a_message_sent_as_a_file_is_opened(fields: tuple[str, ...]) -> None:
    inner = multipart(plain("Quitte"), PDF, boundary="in", fields=("Subject: =?utf-8?q?Innen=C3=BCber?=",))
    body = b64encode(inner) if "base64" in fields[-1] else inner
    raw = multipart(plain("siehe"), mail(*fields, body=body))
    assert shown(raw)[1] == "siehe"
    assert "Innenüber" in indexed(raw).body
    assert "Quitte" in indexed(raw).body
    assert [file.path for file in attachments(raw, parse(raw))] == ["2", "2/in/2"]
    assert open_attachment(raw, parse(raw), "2") == inner
    assert open_attachment(raw, parse(raw), "2/in/2") == b"%PDF"
    assert "a.pdf" in indexed(raw).filenames


def test_a_file_that_only_has_the_name_of_a_message_is_a_file() -> None:
    raw = multipart(plain("x"), mail("Content-Type: application/octet-stream; name=a.eml", body=b"\0\1\2\3"))
    assert [file.path for file in attachments(raw, parse(raw))] == ["2"]


def test_messages_within_messages_are_opened_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = INNER
    for number in range(6):
        raw = multipart(
            plain(f"Stufe {number}"),
            mail("Content-Type: application/octet-stream; name=a.eml", body=raw),
            boundary=f"b{number}.",
        )
    assert "Hello Lee" in indexed(raw).body
    assert not indexed(raw).truncated
    monkeypatch.setattr(limits, "OPENED", 3)
    assert indexed(raw).truncated
    with_path = attachments(raw, parse(raw))[-1].path
    assert with_path.count("/in/") == 3


def test_header_of_a_returned_message_is_read_but_for_blind_copies() -> None:
    header = mail(
        "Subject: =?utf-8?q?zur=C3=BCck?=", "From: Kim <kim@own.example>", "Bcc: geheim@own.example", body=b""
    )
    raw = multipart(
        plain("nicht zugestellt"), mail("Content-Type: text/rfc822-headers", body=header), kind="report"
    )
    assert "zurück" in indexed(raw).body
    assert "kim@own.example" in indexed(raw).body
    assert "geheim" not in indexed(raw).body


def test_pieces_of_a_message_are_found() -> None:
    first = mail(
        'Content-Type: message/partial; id="x"; number=1; total=2', body=plain("Anfang", "Subject: Stueck")
    )
    second = mail('Content-Type: message/partial; id="x"; number=2; total=2', body="Schluss der Rede")
    assert "Stueck" in indexed(first).body
    assert shown(first)[1] == "Anfang"
    assert "Schluss der Rede" in indexed(second).body
    assert shown(second)[1] == "Schluss der Rede"


def test_what_stands_around_the_parts_is_found_behind_all_else() -> None:
    raw = multipart(plain("Mitte"), PDF)
    raw = raw.replace(b"--b0\r\n", b"Vorwort der Liste\r\n--b0\r\n", 1) + b"Nachwort der Liste\r\n"
    assert indexed(raw).body == "Mitte\nVorwort der Liste\nNachwort der Liste"
    assert shown(raw)[1] == "Mitte"


def test_what_programs_write_there_is_not() -> None:
    for text in (
        b"This is a multi-part message in MIME format.",
        b"This is a multipart message in MIME format",
        b"This is a cryptographically signed message in MIME format.",
        b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)",
        b"This is an S/MIME signed message",
    ):
        raw = multipart(plain("Mitte")).replace(b"--b0\r\n", text + b"\r\n--b0\r\n", 1)
        assert indexed(raw).body == "Mitte"


@pytest.mark.parametrize(
    ("parameters", "body", "text"),
    [
        ("format=flowed", "eins \r\nzwei\r\ndrei", "eins zwei\ndrei"),
        ("format=flowed; delsp=yes", "Donaudampf \r\nschiff \r\n fahrt", "Donaudampfschifffahrt"),
        ("format=Flowed; DelSp=Yes", "京 \r\n都", "京都"),
        ("format=flowed", "> eins \r\n> zwei\r\nich", "> eins zwei\nich"),
        ("format=flowed", ">> a \r\n> b", ">> a \n> b"),
        ("format=flowed", "-- \r\nKim", "-- \nKim"),
        ("format=flowed", " From a\r\n > kein Zitat", "From a\n> kein Zitat"),
        ("format=fixed", "eins \r\nzwei", "eins \nzwei"),
    ],
)
def test_flowed_text_is_made_whole(parameters: str, body: str, text: str) -> None:
    raw = mail(f"Content-Type: text/plain; charset=utf-8; {parameters}", body=body)
    assert shown(raw)[1] == text
    assert indexed(raw).body == text


ENCODED = b64encode(b"vorne am Anfang")
SECOND = b64encode(b"hinten am Ende, und noch etwas mehr")


@pytest.mark.parametrize(
    ("data", "decoded"),
    [
        (b"dm9ybg==\r\naGludGVu", b"vornhinten"),  # padded in the middle
        (b"dm9ybg==aGludGVu\r\n", b"vornhinten"),
        (b"dm9ybmU\r\n=aGludGVu", b"vornehinten"),
        (ENCODED[:-2], b"vorne am Anfa"),  # cut
        (ENCODED[:-3], b"vorne am Anf"),
        (ENCODED + b"\r\n-- \r\nListe vom Dienstag, http://x.example/\r\n", b"vorne am Anfang"),
        (ENCODED + b"\r\n_______\r\nListe vom Dienstag\r\nImpressum\r\n", b"vorne am Anfang"),
        (b"dm9ybg\r\n_______\r\nListe vom Dienstag\r\n", b"vorn"),
        (b"dm9y!bg==", b"vorn"),
        (
            ENCODED + b"\r\n[ein Hinweis der Schleuse]\r\n" + SECOND,
            b"vorne am Anfanghinten am Ende, und noch etwas mehr",
        ),
    ],
)
def test_damaged_base64_gives_all_its_bytes(data: bytes, decoded: bytes) -> None:
    assert decode_base64(data) == (decoded, False)
    assert base64_size(data) == len(decoded)


def test_a_damaged_transfer_encoding_is_noted_in_the_message() -> None:
    raw = mail("Content-Type: text/plain", "Content-Transfer-Encoding: base64", body=b"dm9ybg==\r\naGludGVu")
    assert indexed(raw).defects == {Defect.BAD_TRANSFER_ENCODING}


def test_long_text_is_found_to_its_last_word() -> None:
    text = "Wort " * 680_000 + "Schlusswort"
    assert len(text) > 3_400_000
    for raw in (
        plain(text),
        html(text),
        mail("Content-Type: text/plain", "Content-Transfer-Encoding: base64", body=b64encode(text.encode())),
    ):
        found = indexed(raw)
        assert "Schlusswort" in found.body
        assert not found.truncated
        assert Defect.TEXT_LIMIT not in found.defects


def test_text_beyond_the_limit_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDEX_CHARACTERS", 20)
    assert indexed(plain("Wort " * 10)).defects == {Defect.TEXT_LIMIT}
    monkeypatch.undo()
    monkeypatch.setattr(limits, "HTML_CHARACTERS", 20)
    assert indexed(html("Wort " * 10)).defects == {Defect.TEXT_LIMIT}


def test_html_too_deep_for_a_tree_is_a_defect() -> None:
    assert indexed(html("<div>" * 6_000 + "unten")).defects == {Defect.HTML_LIMIT}
    assert indexed(html("<div>" * 4_000 + "unten")).defects == set()


def test_a_nested_message_in_its_own_bytes_has_no_second_path() -> None:
    raw = multipart(plain("x"), nested(multipart(PDF, boundary="b1")))
    assert [file.path for file in attachments(raw, parse(raw))] == ["2", "2.1.1"] or attachments(
        raw, parse(raw)
    )
