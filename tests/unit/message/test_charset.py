"""Bytes become text, whatever the label says."""

import pytest

from amberpost.message.charset import codec_name, declared_in_html, decode, decode_noting
from amberpost.message.types import Defect


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("latin1", "cp1252"),
        ("gb2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-1251", "cp1251"),
        ("unknown-8bit", None),
        ("zlib", None),
        ("hex", None),
        ("rot13", None),
        ("idna", None),
        ("punycode", None),
        ("unicode_escape", None),
        ("raw-unicode-escape", None),
        ("ebcdic-cp-us", None),
        ("", None),
        ("???", None),
        ("x" * 500, None),
    ],
)
def test_labels_name_charsets_only(label: str, codec: str | None) -> None:
    assert codec_name(label) == codec


@pytest.mark.parametrize(
    ("data", "label", "text", "defect"),
    [
        (b"abc", None, "abc", None),
        ("ü".encode(), None, "ü", None),
        (b"\xfc \x96", "iso-8859-1", "ü –", None),
        (b"\x81", "iso-8859-1", "\x81", None),
        ("ü".encode("utf-16"), "utf-16", "ü", None),
        (b"only ascii", "utf-16", "only ascii", None),
        (b"only ascii", "nope", "only ascii", Defect.UNKNOWN_CHARSET),
        ("Grüße".encode(), "nope", "Grüße", Defect.UNKNOWN_CHARSET),
        (b"\x1b$B", "iso-2022-jp", "", None),
        (b"a\0b", "nope", "a\0b", Defect.UNKNOWN_CHARSET),
        ("für".encode(), "iso-2022-jp", "für", Defect.UNDECODABLE_TEXT),
        ("für Größe ".encode() + b"\xc3", "utf-8", "für Größe \ufffd", Defect.UNDECODABLE_TEXT),
        ("für Größe öäü".encode("cp1252"), "utf-8", "für Größe öäü", Defect.UNDECODABLE_TEXT),
        ("日本語".encode("euc-jp"), "euc-jp", "日本語", None),
        (b"+2AA-", "utf-7", "\ufffd", None),
    ],
)
def test_text_is_read_and_doubts_are_noted(
    data: bytes, label: str | None, text: str, defect: Defect | None
) -> None:
    assert decode_noting(data, label) == (text, defect)


def test_long_text_in_an_unnamed_charset_is_guessed() -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 20
    assert decode(text.encode("koi8-r"), "x-unknown") == text


def test_html_may_name_its_charset() -> None:
    assert declared_in_html(b'<META http-equiv=x content="text/html; charset=koi8-r">') == "koi8-r"
    assert declared_in_html(b"<p>charset=x") is None
