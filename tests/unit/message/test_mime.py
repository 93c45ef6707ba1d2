"""The MIME tree: parts, their byte ranges, limits and repairs."""

import pytest

from amberpost.message import limits
from amberpost.message.parse import parse
from amberpost.message.types import Defect, Flag, ParsedMessage
from tests.unit.message.mail import INNER, mail, multipart, nested

TEXT = mail("Content-Type: text/plain", body="hello")
HTML = mail("Content-Type: text/html", body="<p>hello")


def shape(parsed: ParsedMessage) -> list[tuple[str, str]]:
    return [(part.path, part.content_type) for part in parsed.parts]


def test_parts_come_in_document_order_with_stable_paths() -> None:
    inner = multipart(TEXT, HTML, kind="alternative", boundary="in")
    parsed = parse(multipart(inner, nested(INNER), boundary="out"))
    assert shape(parsed) == [
        ("0", "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "message/rfc822"),
        ("2.1", "text/plain"),
    ]
    assert [part.depth for part in parsed.parts] == [0, 1, 2, 2, 1, 2]


def test_ranges_lie_in_the_raw_bytes_without_the_line_break_before_the_delimiter() -> None:
    raw = multipart(TEXT, HTML)
    parsed = parse(raw)
    assert [raw[part.body.start : part.body.end] for part in parsed.parts[1:]] == [b"hello", b"<p>hello"]
    assert raw[parsed.parts[1].header.start : parsed.parts[1].header.end] == b"Content-Type: text/plain\r\n"


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_any_line_end_will_do(line_end: bytes) -> None:
    parsed = parse(multipart(TEXT, HTML, fields=("Subject: s",)).replace(b"\r\n", line_end))
    assert [kind for _, kind in shape(parsed)] == ["multipart/mixed", "text/plain", "text/html"]
    assert parsed.subject == "s"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("TEXT/HTML", "text/html"),
        ("text", "text/plain"),
        ("nonsense", "text/plain"),
        ("/x", "text/plain"),
        ("a/b/c", "text/plain"),
        ("", "text/plain"),
        ("application/x-foo+bar.1", "application/x-foo+bar.1"),
    ],
)
def test_unusable_content_types_count_as_the_default(value: str, kind: str) -> None:
    assert parse(mail(f"Content-Type: {value}")).parts[0].content_type == kind


def test_the_parts_of_a_digest_are_messages() -> None:
    parsed = parse(multipart(mail(body=INNER), kind="digest"))
    assert shape(parsed)[1:] == [("1", "message/rfc822"), ("1.1", "text/plain")]


def test_a_message_may_be_a_message_itself() -> None:
    assert shape(parse(nested(INNER))) == [("0", "message/rfc822"), ("1", "text/plain")]


def test_an_encoded_nested_message_is_one_leaf() -> None:
    assert shape(parse(nested(b"RnJvbTog", "Content-Transfer-Encoding: base64"))) == [("0", "message/rfc822")]


def test_a_boundary_that_begins_like_another_is_another() -> None:
    inner = multipart(TEXT, HTML, boundary="b0-inner")
    parsed = parse(multipart(inner, TEXT, boundary="b0"))
    assert [path for path, _ in shape(parsed)] == ["0", "1", "1.1", "1.2", "2"]


def test_delimiters_count_at_line_starts_only() -> None:
    raw = multipart(mail("Content-Type: text/plain", body="see --b0 and --b0--\r\nmore"))
    parsed = parse(raw)
    assert raw[parsed.parts[1].body.start : parsed.parts[1].body.end] == b"see --b0 and --b0--\r\nmore"


def test_blanks_may_follow_a_delimiter() -> None:
    raw = multipart(TEXT, HTML).replace(b"--b0\r\n", b"--b0 \t\r\n")
    assert len(parse(raw).parts) == 3


def test_an_empty_part_is_a_part_but_two_delimiters_in_succession_hold_none() -> None:
    raw = mail("Content-Type: multipart/mixed; boundary=b", body="--b\r\n--b\r\n\r\n--b\n--b--\r\n")
    parsed = parse(raw)
    assert len(parsed.parts) == 3
    assert all(part.body.start <= part.body.end for part in parsed.parts)


def test_a_multipart_without_boundary_is_guessed() -> None:
    raw = multipart(TEXT, HTML).replace(b'; boundary="b0"', b"")
    parsed = parse(raw)
    assert len(parsed.parts) == 3
    assert Defect.NO_BOUNDARY in parsed.defects


@pytest.mark.parametrize("body", ["no border here", "--x\r\n\r\nnever closed", ""])
def test_a_multipart_without_any_boundary_is_text(body: str) -> None:
    parsed = parse(mail("Content-Type: multipart/mixed", body=body))
    assert shape(parsed) == [("0", "text/plain")]
    assert Defect.NO_BOUNDARY in parsed.defects


def test_a_boundary_that_never_comes_leaves_text() -> None:
    parsed = parse(mail("Content-Type: multipart/mixed; boundary=x", body="hello"))
    assert shape(parsed) == [("0", "text/plain")]
    assert Defect.BOUNDARY_NOT_FOUND in parsed.defects


def test_a_missing_end_is_noted_and_the_last_part_kept() -> None:
    parsed = parse(multipart(TEXT, HTML).removesuffix(b"--b0--\r\n"))
    assert len(parsed.parts) == 3
    assert Defect.UNCLOSED_MULTIPART in parsed.defects


def test_depth_is_limited_and_the_rest_stays_text() -> None:
    raw = TEXT
    for level in range(60):
        raw = multipart(raw, boundary=f"b{level}.")
    parsed = parse(raw)
    assert parsed.parts[-1].depth == limits.DEPTH
    assert parsed.parts[-1].content_type == "text/plain"
    assert Defect.DEPTH_LIMIT in parsed.defects


def test_nested_messages_count_for_the_depth() -> None:
    raw = INNER
    for _ in range(60):
        raw = nested(raw)
    parsed = parse(raw)
    assert parsed.parts[-1].depth == limits.DEPTH
    assert Defect.DEPTH_LIMIT in parsed.defects


def test_the_number_of_parts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PARTS", 10)
    wide = parse(multipart(*[TEXT] * 30))
    assert len(wide.parts) <= 10
    assert Defect.PART_LIMIT in wide.defects
    tree = multipart(*[multipart(*[nested(TEXT)] * 5, boundary="in") for _ in range(5)], boundary="out")
    assert len(parse(tree).parts) <= 10
    assert Defect.PART_LIMIT in parse(tree).defects


@pytest.mark.parametrize(
    ("value", "encoding", "is_noted"),
    [
        ("BASE64", "base64", False),
        ('"quoted-printable" (x)', "quoted-printable", False),
        ("", "7bit", False),
        ("8bit; x", "8bit", False),
        ("x-uuencode", "x-uuencode", False),
        ("UUENCODE", "x-uuencode", False),
        ("x-uue", "x-uuencode", False),
        ("nonsense", "unknown", True),
    ],
)
def test_transfer_encodings(value: str, encoding: str, is_noted: bool) -> None:
    parsed = parse(mail(f"Content-Transfer-Encoding: {value}"))
    assert parsed.parts[0].encoding == encoding
    assert (Defect.BAD_TRANSFER_ENCODING in parsed.defects) is is_noted


@pytest.mark.parametrize(
    ("fields", "disposition", "filename", "is_attachment"),
    [
        (("Content-Type: text/plain",), "", "", False),
        (("Content-Type: text/plain; name=a.txt",), "", "a.txt", True),
        (("Content-Type: text/plain", "Content-Disposition: attachment"), "attachment", "", True),
        (("Content-Type: text/html", "Content-Disposition: inline"), "inline", "", False),
        (("Content-Type: image/png", "Content-Disposition: form-data; name=x"), "attachment", "x", True),
        (
            ("Content-Type: image/png; name=b.png", "Content-Disposition: inline; filename=a.png"),
            "inline",
            "a.png",
            True,
        ),
        (("Content-Type: application/pdf; filename=c.pdf",), "", "c.pdf", True),
        (("Content-Type: message/delivery-status",), "", "", False),
        (("Content-Type: text/calendar",), "", "", True),
        (("Content-Type: a/b; name==?utf-8?Q?=C3=BC.txt?=",), "", "ü.txt", True),
    ],
)
def test_what_is_an_attachment(
    fields: tuple[str, ...], disposition: str, filename: str, is_attachment: bool
) -> None:
    part = parse(mail(*fields)).parts[0]
    assert (part.disposition, part.filename, part.is_attachment) == (disposition, filename, is_attachment)


def test_images_of_the_text_are_no_attachments() -> None:
    image = mail("Content-Type: image/png; name=logo.png", "Content-ID: <logo@x>")
    parsed = parse(multipart(HTML, image, kind="related"))
    assert (parsed.parts[2].content_id, parsed.parts[2].is_attachment) == ("logo@x", False)
    assert parse(multipart(HTML, image)).parts[2].is_attachment


@pytest.mark.parametrize(
    ("raw", "flags"),
    [
        (mail("Content-Type: application/pkcs7-mime; smime-type=enveloped-data"), {Flag.ENCRYPTED}),
        (mail("Content-Type: application/x-pkcs7-mime; smime-type=signed-data"), {Flag.SIGNED}),
        (mail("Content-Type: application/pkcs7-mime"), {Flag.ENCRYPTED}),
        (multipart(TEXT, kind="encrypted"), {Flag.ENCRYPTED}),
        (multipart(TEXT, kind="signed"), {Flag.SIGNED}),
        (mail("Content-Type: application/x-microsoft-rpmsg-message"), {Flag.ENCRYPTED}),
        (mail("Content-Type: application/octet-stream; name=message.rpmsg"), {Flag.ENCRYPTED}),
        (mail("Content-Type: application/ms-tnef"), {Flag.TNEF}),
        (mail("Content-Type: application/octet-stream; name=WINMAIL.DAT"), {Flag.TNEF}),
        (mail("Subject: x", body="-----BEGIN PGP MESSAGE-----\r\n"), {Flag.ENCRYPTED}),
        (mail("Subject: x", body="-----BEGIN PGP SIGNED MESSAGE-----\r\n"), {Flag.SIGNED}),
        (multipart(TEXT, nested(mail("Content-Type: application/pkcs7-mime"))), set()),
        (mail("Content-Type: image/png"), set()),
    ],
)
def test_flags_tell_what_protects_the_message_itself(raw: bytes, flags: set[Flag]) -> None:
    assert parse(raw).flags == flags


def test_an_unknown_charset_is_noted() -> None:
    assert Defect.UNKNOWN_CHARSET in parse(mail("Content-Type: text/plain; charset=nope")).defects
    assert parse(mail("Content-Type: text/plain; charset=utf-8")).parts[0].charset == "utf-8"
