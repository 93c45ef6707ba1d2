"""Files in the text, as mail had them before MIME."""

import binascii
from base64 import encodebytes

import pytest

from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.body import shown_text
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.uuencode import take_files
from tests.unit.message.mail import mail, multipart

DATA = bytes(range(256)) * 3 + b"Ende"
PLAN = b"Der Plan vom Dienstag\r\n" * 9


def uuencoded(data: bytes, name: str = "plan.txt", *, trimmed: bool = False) -> str:
    lines = [binascii.b2a_uu(data[start : start + 45]).decode() for start in range(0, len(data), 45)]
    text = f"begin 644 {name}\n{''.join(lines)}`\nend\n"
    return "\n".join(line.rstrip(" ") for line in text.split("\n")) if trimmed else text


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def test_a_file_in_the_text_is_an_attachment_and_the_text_around_it_stays() -> None:
    raw = mail("Content-Type: text/plain", body=crlf("Hallo\n\n" + uuencoded(DATA) + "Gruß, Kim\n"))
    parsed = parse(raw)
    (file,) = attachments(raw, parsed)
    assert (file.path, file.name, file.size_bytes) == ("0/uu/0", "plan.txt", len(DATA))
    assert open_attachment(raw, parsed, "0/uu/0") == DATA
    assert shown_text(raw, parsed) == "Hallo\n\nplan.txt\nGruß, Kim\n"
    assert index_text(raw, parsed).filenames == ("plan.txt",)
    assert index_text(raw, parsed).body == "Hallo\n\nplan.txt\nGruß, Kim\n"


def test_several_files_have_their_numbers() -> None:
    raw = mail("Content-Type: text/plain", body=uuencoded(DATA) + "und\n" + uuencoded(PLAN, "b c.txt"))
    parsed = parse(raw)
    assert [(file.path, file.name) for file in attachments(raw, parsed)] == [
        ("0/uu/0", "plan.txt"),
        ("0/uu/1", "b c.txt"),
    ]
    assert open_attachment(raw, parsed, "0/uu/1") == PLAN


@pytest.mark.parametrize("encoding", ["x-uuencode", "uuencode", "X-UUE", "x-uue"])
def test_uuencode_is_a_transfer_encoding(encoding: str) -> None:
    part = mail(
        "Content-Type: application/octet-stream; name=plan.txt",
        f"Content-Transfer-Encoding: {encoding}",
        body=crlf("\n" + uuencoded(PLAN)),
    )
    raw = multipart(mail("Content-Type: text/plain", body="hier"), part)
    parsed = parse(raw)
    (file,) = attachments(raw, parsed)
    assert (file.path, file.name, file.size_bytes) == ("2", "plan.txt", len(PLAN))
    assert open_attachment(raw, parsed, "2") == PLAN


def test_a_part_without_a_name_has_that_of_its_code() -> None:
    raw = mail(
        "Content-Type: application/octet-stream",
        "Content-Transfer-Encoding: x-uuencode",
        body=uuencoded(PLAN, r"C:\tmp\plan.doc"),
    )
    assert [file.name for file in attachments(raw, parse(raw))] == ["plan.doc"]


def test_a_text_in_uuencode_is_read_and_text_around_a_file_is_kept() -> None:
    alone = mail("Content-Type: text/plain", "Content-Transfer-Encoding: x-uuencode", body=uuencoded(PLAN))
    assert "Der Plan vom Dienstag" in shown_text(alone, parse(alone))
    around = mail(
        "Content-Type: text/plain",
        "Content-Transfer-Encoding: x-uuencode",
        body="Hallo Ana\n" + uuencoded(DATA),
    )
    assert shown_text(around, parse(around)) == "Hallo Ana\nplan.txt\n"
    assert open_attachment(around, parse(around), "0/uu/0") == DATA


@pytest.mark.parametrize(
    ("text", "data", "rest"),
    [
        (uuencoded(DATA, trimmed=True), DATA, "plan.txt\n"),
        (uuencoded(DATA).replace("`", " "), DATA, "plan.txt\n"),
        (uuencoded(PLAN).replace("\nend\n", "\n\nend\n"), PLAN, "plan.txt\n"),
        # Lines that are no code, between: a page break of a gateway.
        (
            "\n".join([*uuencoded(DATA).split("\n")[:3], "---- 8< ----", *uuencoded(DATA).split("\n")[3:]]),
            DATA,
            None,
        ),
        # Cut off.
        ("\n".join(uuencoded(DATA).split("\n")[:4]), DATA[:135], "plan.txt\n"),
        ("begin 644 leer\n`\nend\n", b"", "leer\n"),
        ("begin-base64 644 b.bin\n" + encodebytes(DATA).decode() + "====\nrest", DATA, "b.bin\nrest"),
    ],
)
def test_damaged_and_other_forms_give_their_bytes(text: str, data: bytes, rest: str | None) -> None:
    around, (file,) = take_files(text)
    assert file.data == data
    assert around == rest or rest is None


def test_lines_between_that_are_no_code_stay_text() -> None:
    lines = uuencoded(DATA).split("\n")
    around, _ = take_files("\n".join([*lines[:3], "ein Zwischenruf, klein geschrieben", *lines[3:]]))
    assert "ein Zwischenruf" in around


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 days after the fire\nwe came back and found nothing.\nend\n",
        "begin with a short word",
        "begin 644 x.txt\n",
        "we begin 644 x\n#0V%T\n`\nend",
    ],
)
def test_a_sentence_that_begins_so_is_no_file(text: str) -> None:
    assert take_files(text) == (text, [])
