"""Opaque S/MIME: signed and compressed mail is opened, encrypted mail is noted."""

import zlib
from base64 import encodebytes

import pytest
from asn1crypto import cms

from amberpost.message import smime
from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.body import shown_text
from amberpost.message.parse import parse
from amberpost.message.smime import kind_of, opened
from amberpost.message.text import index_text
from amberpost.message.types import Flag
from tests.unit.message.mail import mail, multipart

ENTITY = multipart(
    mail("Content-Type: text/plain; charset=utf-8", body="Unterschrieben im Bernsteinhaus"),
    mail("Content-Type: application/pdf; name=vertrag.pdf", "Content-Disposition: attachment", body="%PDF"),
)
OID = {
    "signed": bytes.fromhex("06092a864886f70d010702"),
    "enveloped": bytes.fromhex("06092a864886f70d010703"),
    "data": bytes.fromhex("06092a864886f70d010701"),
}


def signed(content: bytes) -> bytes:
    """SignedData without signers (RFC 5652 5.1), in DER."""
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data", "content": content},
            "signer_infos": [],
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return made


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")


def streamed(content: bytes, piece: int = 40) -> bytes:
    """The same as programs write it that do not know the end: indefinite lengths, octet strings in pieces."""
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    octets = b"\x24\x80" + b"".join(b"\x04" + length(len(p)) + p for p in pieces) + b"\0\0"
    encapsulated = b"\x30\x80" + OID["data"] + b"\xa0\x80" + octets + b"\0\0" + b"\0\0"
    inner = b"\x30\x80" + b"\x02\x01\x01" + b"\x31\x00" + encapsulated + b"\x31\x00" + b"\0\0"
    return b"\x30\x80" + OID["signed"] + b"\xa0\x80" + inner + b"\0\0" + b"\0\0"


def compressed(content: bytes) -> bytes:
    data = cms.CompressedData(
        {
            "version": "v0",
            "compression_algorithm": {"algorithm": "1.2.840.113549.1.9.16.3.8"},
            "encap_content_info": {"content_type": "data", "content": zlib.compress(content)},
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "compressed_data", "content": data}).dump()
    return made


ENCRYPTED = b"\x30\x80" + OID["enveloped"] + b"\xa0\x80\x30\x80\x02\x01\x00\x31\x00" + b"\0" * 40


def letter(
    data: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
) -> bytes:
    return mail(
        "Subject: s",
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="smime.p7m"',
        body=encodebytes(data),
    )


@pytest.mark.parametrize("wrap", [signed, streamed, compressed])
@pytest.mark.parametrize(
    "kind",
    [
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        "application/x-pkcs7-mime",
        "application/octet-stream; name=SMIME.P7M",
    ],
)
def test_what_lies_open_is_read_listed_and_found(wrap: object, kind: str) -> None:
    assert callable(wrap)
    raw = letter(wrap(ENTITY), kind)
    parsed = parse(raw)
    assert shown_text(raw, parsed) == "Unterschrieben im Bernsteinhaus"
    found = index_text(raw, parsed)
    assert "Bernsteinhaus" in found.body
    assert found.filenames == ("smime.p7m", "vertrag.pdf")
    assert [(item.path, item.name) for item in attachments(raw, parsed)] == [
        ("0", "smime.p7m"),
        ("0/in/2", "vertrag.pdf"),
    ]
    assert open_attachment(raw, parsed, "0/in/2") == b"%PDF"
    assert Flag.ENCRYPTED not in parsed.flags


def test_signed_twice_is_opened_twice() -> None:
    raw = letter(signed(letter(streamed(ENTITY))))
    parsed = parse(raw)
    assert shown_text(raw, parsed) == "Unterschrieben im Bernsteinhaus"
    assert open_attachment(raw, parsed, "0/in/0/in/2") == b"%PDF"


def test_signed_mail_with_the_footer_of_a_list_shows_both() -> None:
    raw = multipart(letter(signed(ENTITY)), mail("Content-Type: text/plain", body="Fuss der Liste"))
    assert shown_text(raw, parse(raw)) == "Unterschrieben im Bernsteinhaus\nFuss der Liste"


def test_encrypted_mail_is_only_noted() -> None:
    raw = letter(ENCRYPTED, "application/pkcs7-mime")
    parsed = parse(raw)
    assert parsed.flags == {Flag.ENCRYPTED}
    assert [item.path for item in attachments(raw, parsed)] == ["0"]
    assert shown_text(raw, parsed) == ""


def test_the_kind_is_told_by_the_bytes_not_by_the_label() -> None:
    assert parse(letter(ENCRYPTED)).flags == {Flag.ENCRYPTED}
    assert parse(letter(signed(ENTITY), "application/pkcs7-mime; smime-type=enveloped-data")).flags == {
        Flag.SIGNED
    }
    assert kind_of(b"something else") is None


def test_damaged_signed_data_give_nothing_and_never_raise() -> None:
    whole = streamed(ENTITY)
    for end in range(0, len(whole), 7):
        opened(whole[:end])
    for place in range(0, 60):
        opened(whole[:place] + b"\xff" + whole[place + 1 :])
    assert opened(b"\x30\x80" + OID["signed"] + b"\xa0\x80" + b"\x30\x80" * 20_000) is None


def test_a_compressed_bomb_gives_a_bounded_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smime, "_MAX_INFLATED", 1000)
    content = opened(compressed(b"a" * 1_000_000))
    assert content is not None
    assert len(content) == 1000
