"""The list of files and their bytes; which ranges the store keeps once."""

from base64 import b64encode, encodebytes

import pytest

from amberpost.errors import NotFound
from amberpost.message import limits
from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.cuts import attachment_cuts
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Span
from tests.unit.message import examples
from tests.unit.message.mail import INNER, mail, multipart, nested, tnef, tnef_file

DATA = bytes(range(256)) * 20
PDF = mail(
    'Content-Type: application/pdf; name="a.pdf"', "Content-Transfer-Encoding: base64", body=encodebytes(DATA)
)


def test_names_types_and_sizes() -> None:
    quoted = mail(
        "Content-Type: text/csv; name=t.csv", "Content-Transfer-Encoding: quoted-printable", body="=C3=BC"
    )
    raw = multipart(
        mail("Content-Type: text/plain", body="hi"),
        PDF,
        quoted,
        nested(INNER),
        mail("Content-Type: image/png"),
    )
    found = attachments(raw, parse(raw))
    assert [(item.path, item.name, item.content_type, item.size_bytes) for item in found] == [
        ("2", "a.pdf", "application/pdf", len(DATA)),
        ("3", "t.csv", "text/csv", 2),
        ("4", "Hello.eml", "message/rfc822", len(INNER)),
        ("5", "attachment-5.png", "image/png", 6),
    ]
    assert open_attachment(raw, parse(raw), "2") == DATA
    assert open_attachment(raw, parse(raw), "4") == INNER


@pytest.mark.parametrize("room", [limits.INDEX_CHARACTERS, 1])
def test_as_many_are_counted_as_are_listed(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDEX_CHARACTERS", room)  # also where the text for the index is cut
    uuencoded = "begin 644 cat.txt\n#0V%T\n`\nend\n"
    in_tnef = tnef(tnef_file("a.txt", b"a"), tnef_file("b.txt", b"b"))
    encoded = mail("Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", body=encodebytes(PDF))
    raw = multipart(
        mail("Content-Type: text/plain", body=uuencoded * 2),
        PDF,
        nested(multipart(PDF, boundary="inner")),
        encoded,
        mail("Content-Type: application/ms-tnef", body=in_tnef),
        mail("Content-Type: application/ms-tnef", body="no tnef"),
    )
    assert index_text(raw, parse(raw)).attachment_count == len(attachments(raw, parse(raw))) >= 8
    assert index_text(INNER, parse(INNER)).attachment_count == 0


def test_attachments_of_nested_messages_are_listed_too() -> None:
    raw = nested(multipart(PDF))
    assert [item.path for item in attachments(raw, parse(raw))] == ["0", "1.1"]
    assert attachments(raw, parse(raw))[0].name == "message-0.eml"


def test_the_files_inside_tnef_stand_for_it() -> None:
    raw = examples.PRICES
    (found,) = attachments(raw, parse(raw))
    assert (found.path, found.name, found.size_bytes) == ("2/tnef/0", "prices.csv", 22)
    assert open_attachment(raw, parse(raw), "2/tnef/0") == b"Item;Price\r\nA-1;9.90\r\n"


def test_nameless_files_inside_tnef_get_a_name() -> None:
    raw = mail("Content-Type: application/ms-tnef", body=tnef(tnef_file("", b"x")))
    assert attachments(raw, parse(raw))[0].name == "attachment-1.bin"


def test_an_unreadable_winmail_dat_is_listed_itself() -> None:
    raw = mail("Content-Type: application/ms-tnef; name=winmail.dat", body=b"broken")
    assert [item.name for item in attachments(raw, parse(raw))] == ["winmail.dat"]
    with pytest.raises(NotFound):
        open_attachment(raw, parse(raw), "0/tnef/0")


@pytest.mark.parametrize(
    "path", ["", "9", "0", "2/tnef/0", "3/tnef/1", "3/tnef/x", "3/tnef/99999", "../2", "2/"]
)
def test_a_path_that_names_nothing_is_not_found(path: str) -> None:
    stream = mail("Content-Type: application/ms-tnef", body=tnef(tnef_file("a", b"x")))
    raw = multipart(mail("Content-Type: text/plain", body="hi"), PDF, stream)
    with pytest.raises(NotFound):
        open_attachment(raw, parse(raw), path)


def test_cuts_are_the_encoded_bodies_without_blanks_around_them() -> None:
    body = b"\r\n" + encodebytes(DATA) + b"\r\n"
    raw = multipart(mail("Content-Type: a/b", "Content-Transfer-Encoding: base64", body=body), PDF)
    first, second = attachment_cuts(raw, parse(raw), minimum=100)
    assert raw[first.start : first.end] == raw[second.start : second.end] == encodebytes(DATA).strip()


def test_small_plain_and_multipart_bodies_are_no_cuts() -> None:
    assert attachment_cuts(PDF, parse(PDF), minimum=10_000) == ()
    plain = mail("Subject: x", body="y" * 50_000)
    assert attachment_cuts(plain, parse(plain)) == ()
    blank = mail("Content-Transfer-Encoding: base64", body=b" " * 50_000)
    assert attachment_cuts(blank, parse(blank)) == ()
    odd = multipart(PDF, fields=("Content-Transfer-Encoding: base64",))
    assert all(isinstance(span, Span) for span in attachment_cuts(odd, parse(odd), minimum=100))
    assert len(attachment_cuts(odd, parse(odd), minimum=100)) == 1


def test_big_bodies_are_cut_by_default() -> None:
    raw = mail("Content-Type: a/b", "Content-Transfer-Encoding: base64", body=b64encode(DATA * 10))
    assert len(attachment_cuts(raw, parse(raw))) == 1
