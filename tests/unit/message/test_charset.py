"""Bytes become text, whatever the label says."""

import pytest
from webencodings.labels import LABELS

from amberpost.message.charset import codec_name, declared_in_html, decode, decode_noting
from amberpost.message.parse import parse
from amberpost.message.types import Defect

LIE = Defect.CHARSET_MISLABELLED
SINGLE_BYTE = (
    "us-ascii iso-8859-1 iso-8859-2 iso-8859-15 windows-1250 windows-1252 windows-1251 koi8-r macintosh"
)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        ('"UTF-8"', "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("latin1", "cp1252"),
        ("latin-1", "cp1252"),
        ("iso_8859_1", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("iso_8859-15", "iso8859-15"),
        ("gb2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("ks_c_5601", "cp949"),
        ("windows-1251", "cp1251"),
        ("cp-1251", "cp1251"),
        ("win-1251", "cp1251"),
        ("Windows1251", "cp1251"),
        ("x-mac-cyrillic", "mac-cyrillic"),
        ("iso-8859-8-i", "iso8859-8"),
        ("x-euc-jp", "euc_jp"),
        ("utf-7", "utf-7"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("cp65001", "utf-8"),
        ("cp28592", "iso8859-2"),
        ("cp20127", "cp1252"),
        ("ibm-850", "cp850"),
        ("ms936", "gb18030"),
        ("hz-gb-2312", "hz"),
        ("iso-2022-kr", "iso2022_kr"),
        ("unknown-8bit", None),
        ("x-user-defined", None),
        ("replacement", None),
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
    ("encoding", "data", "text"),
    [
        ("big5", b"\xa4\xa4\xa4\xe5 \xf9\xd6", "中文 碁"),
        ("euc-jp", b"\xc6\xfc\xcb\xdc \xad\xa1", "日本 ①"),
        ("euc-kr", b"\xc7\xd1\xb1\xb9 \x8c\x63", "한국 똠"),
        ("gb18030", b"\xd6\xd0\xce\xc4 \xfe[", "中文 㘚"),
        ("gbk", b"\xd6\xd0\xce\xc4 \xe9F", "中文 镕"),
        ("ibm866", b"\x8c\xae\xe1\xaa\xa2\xa0", "Москва"),
        ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B \x1b$B-!\x1b(B", "日本 ①"),
        ("iso-8859-2", b"\xa3\xf3d\xbc", "Łódź"),
        ("iso-8859-3", b"\xe6u", "ĉu"),
        ("iso-8859-4", b"\xbe\xe0", "žā"),
        ("iso-8859-5", b"\xbc\xde\xe1\xda\xd2\xd0", "Москва"),
        ("iso-8859-6", b"\xe5\xd1\xcd\xc8\xc7", "مرحبا"),
        ("iso-8859-7", b"\xc1\xe8\xde\xed\xe1", "Αθήνα"),
        ("iso-8859-8", b"\xf9\xec\xe5\xed", "שלום"),
        ("iso-8859-8-i", b"\xf9\xec\xe5\xed", "שלום"),
        ("iso-8859-10", b"\xbe\xfe", "ūþ"),
        ("iso-8859-13", b"\xdeal\xe0", "Žalą"),
        ("iso-8859-14", b"\xf0\xfe", "ŵŷ"),
        ("iso-8859-15", b"5 \xa4 \xbcuvre", "5 € Œuvre"),
        ("iso-8859-16", b"\xba\xde", "șȚ"),
        ("koi8-r", b"\xed\xcf\xd3\xcb\xd7\xc1", "Москва"),
        ("koi8-u", b"\xeb\xc9\xa7\xd7", "Київ"),
        ("macintosh", b"Gr\x9f\xa7e", "Grüße"),
        ("windows-874", b"\xca\xc7\xd1\xca\xb4\xd5", "สวัสดี"),
        ("windows-1250", b"\xa3\xf3d\x9f", "Łódź"),
        ("windows-1251", b"\xcc\xee\xf1\xea\xe2\xe0", "Москва"),
        ("windows-1252", b"Gr\xfc\xdfe \x96 \x80", "Grüße – €"),
        ("windows-1253", b"\xc1\xe8\xde\xed\xe1", "Αθήνα"),
        ("windows-1254", b"\xddstanbul \xfe", "İstanbul ş"),
        ("windows-1255", b"\xf9\xec\xe5\xed", "שלום"),
        ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7", "مرحبا"),
        ("windows-1257", b"\xdeal\xe0", "Žalą"),
        ("windows-1258", b"\xd0\xfd", "Đư"),
        ("x-mac-cyrillic", b"\x8f\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("utf-8", b"\xc5\x81\xc3\xb3d\xc5\xba", "Łódź"),
        ("utf-16be", b"\x01\x41\x00\xf3\x00d\x01\x7a", "Łódź"),
        ("utf-16le", b"\x41\x01\xf3\x00d\x00\x7a\x01", "Łódź"),
    ],
)
def test_every_label_of_the_standard_reads_its_letters(encoding: str, data: bytes, text: str) -> None:
    wrong = []
    for label, name in LABELS.items():
        if name == encoding and label not in ("hz-gb-2312", "iso-2022-kr", "csiso2022kr"):
            wrong += [label] if decode(data, label.upper()) != text else []
    assert wrong == []


def test_no_label_of_the_standard_is_forgotten() -> None:
    assert len(LABELS) == 228
    unreadable = {label for label in LABELS if codec_name(label) is None}
    assert unreadable == {"replacement", "x-user-defined", "iso-2022-cn", "iso-2022-cn-ext"}


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
        ("Grüße".encode(), "x-user-defined", "Grüße", Defect.UNKNOWN_CHARSET),
        (b"\x1b$B", "iso-2022-jp", "", None),
        (b"a\0b", "nope", "a\0b", Defect.UNKNOWN_CHARSET),
        ("für".encode(), "iso-2022-jp", "für", LIE),
        ("für Größe ".encode() + b"\xc3", "utf-8", "für Größe \ufffd", Defect.UNDECODABLE_TEXT),
        (b"gro\xc3", "utf-8", "gro\ufffd", Defect.UNDECODABLE_TEXT),
        ("für Größe öäü".encode("cp1252"), "utf-8", "für Größe öäü", Defect.UNDECODABLE_TEXT),
        ("nur für".encode("cp1252"), "utf-8", "nur für", Defect.UNDECODABLE_TEXT),
        ("nur für".encode("cp1252"), None, "nur für", Defect.UNDECODABLE_TEXT),
        ("日本語".encode("euc-jp"), "euc-jp", "日本語", None),
        ("ﾊﾛｰ ㈱".encode("cp932"), "shift_jis", "ﾊﾛｰ ㈱", None),
        (b"\x1b(IJ[0\x1b(B \x1b$B-j\x1b(B", "iso-2022-jp", "ﾊﾛｰ ㈱", None),
        (b"+2AA-", "utf-7", "\ufffd", None),
        (b"Gr+APwA3w-e", "utf-7", "Grüße", None),
    ],
)
def test_text_is_read_and_doubts_are_noted(
    data: bytes, label: str | None, text: str, defect: Defect | None
) -> None:
    assert decode_noting(data, label) == (text, defect)


@pytest.mark.parametrize("label", SINGLE_BYTE.split())
def test_utf_8_under_the_label_of_a_single_byte_charset_is_utf_8(label: str) -> None:
    text = "Grüße aus Köpenick, Łódź, Привет – 15 €"
    assert decode_noting(text.encode(), label) == (text, LIE)
    assert decode_noting(b"plain", label) == ("plain", None)


@pytest.mark.parametrize("label", ["tis-620", "windows-874", "iso-8859-11", "cp874"])
def test_thai_letters_that_happen_to_be_utf_8_stay_thai(label: str) -> None:
    few, enough = "ยฃ" * 5, "é" * 6
    assert decode_noting(few.encode("cp874"), label)[0] == few
    assert decode_noting(b"\xc2\xa3" * 5, label) == ("ยฃ" * 5, None)
    assert decode_noting(enough.encode(), label) == (enough, LIE)


def test_a_long_text_that_was_cut_inside_a_character_is_still_utf_8() -> None:
    long = ("Grüße " * 20_000).encode()
    text, defect = decode_noting(long[: long.rindex(b"\xc3") + 1], "iso-8859-1")
    assert (text[-9:], defect) == ("rüße Grü\ufffd", LIE)


@pytest.mark.parametrize(
    ("data", "label", "text", "defect"),
    [
        (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", "utf-8", "Grüße", None),
        (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", None, "Grüße", None),
        (b"\xef\xbb\xbfplain", "iso-8859-1", "plain", LIE),
        (b"\xff\xfeG\0r\0\xfc\0", None, "Grü", None),
        (b"\xfe\xff\0G\0r\0\xfc", None, "Grü", None),
        (b"\xff\xfeG\0r\0\xfc\0", "utf-16", "Grü", None),
        (b"\xfe\xff\0G\0r\0\xfc", "utf-16le", "Grü", None),
        (b"\xff\xfeG\0r\0\xfc\0", "us-ascii", "Grü", LIE),
        (b"G\0r\0\xfc\0", "utf-16", "Grü", None),
        (b"\0G\0r\0\xfc", "utf-16", "Grü", None),
        (b"\0G\0r\0\xfc", "unicode", "Grü", None),
        (b"\xff\xfe\0\0G\0\0\0", None, "G", None),
        ("Grü".encode(), "utf-16", "Grü", LIE),
        (b"\xff\xfe na und", "iso-8859-1", "ÿþ na und", None),
        (b"\xef\xbb\xbfGr\xfc", "iso-8859-1", "ï»¿Grü", None),
    ],
)
def test_a_byte_order_mark_says_what_the_text_is(
    data: bytes, label: str | None, text: str, defect: Defect | None
) -> None:
    assert decode_noting(data, label) == (text, defect)


def test_one_letter_of_a_body_tells_no_charset_for_a_header() -> None:
    text = "\r\nSubject: M\xfcller\r\n\r\n" + "Ein Satz in dem nur ein M\xfcller steht und sonst nichts. " * 2
    assert parse(b"From: a@b.example" + text.encode("latin-1")).subject == "Müller"


def test_long_text_in_an_unnamed_charset_is_guessed() -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 20
    assert decode(text.encode("koi8-r"), "x-unknown") == text


def test_what_was_tolerated_is_noted_for_who_asks() -> None:
    defects: set[Defect] = set()
    decode("ü".encode(), "iso-8859-1", defects)
    assert defects == {LIE}


def test_html_may_name_its_charset() -> None:
    assert declared_in_html(b'<META http-equiv=x content="text/html; charset=koi8-r">') == "koi8-r"
    assert declared_in_html(b"<p>charset=x") is None
