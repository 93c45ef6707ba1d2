"""Encoded words, parameters and file names."""

import pytest

from amberpost.message.types import Defect
from amberpost.message.words import clean_filename, decode_words, parse_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?M=C3=BCller?=", "Müller"),
        ("=?UTF-8?b?TcO8bGxlcg==?=", "Müller"),
        ("=?utf-8*de?Q?M=C3=BCller?=", "Müller"),
        ("a =?utf-8?Q?b?= c", "a b c"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?= =?iso-8859-1?Q?=FC?=", "aü"),
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        ("=?iso-8859-1?Q?caf=E9_=96_x?=", "café – x"),
        ("=?utf-8?Q?a b?=", "a b"),
        ("=?utf-8?Q?x?=?utf-8?Q?y?=", "x?utf-8?Q?y?="),
        ("=?utf-8?Q?what?up?=", "what?up"),
        ("=?utf-8?B?TcO8bGxlcg?=", "Müller"),
        ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed"),
        ("=?utf-8?Q?open =?utf-8?Q?b?=", "=?utf-8?Q?open b"),
        ("=?x-unknown?Q?a=C3=BC?=", "aü"),
        ("=?zlib?Q?abc?=", "abc"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("x=?utf-8?Q?y?=z", "xyz"),
        ("a\tb\x1b[31m", "a b [31m"),
        ("=?utf-8?Q?x=0D=0ABcc:_evil@x?=", "x Bcc: evil@x"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-7?Q?+2AA-?=", "\ufffd"),
    ],
)
def test_encoded_words_become_text(text: str, expected: str) -> None:
    assert decode_words(text, set()) == expected


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("=?utf-8?B?@@@?=", Defect.BAD_ENCODED_WORD),
        ("=?utf-8?Q?open", Defect.BAD_ENCODED_WORD),
        ("=?nope?Q?x?=", Defect.UNKNOWN_CHARSET),
    ],
)
def test_broken_words_are_noted(text: str, defect: Defect) -> None:
    defects: set[Defect] = set()
    decode_words(text, defects)
    assert defects == {defect}


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/HTML; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('multipart/mixed; boundary="a;b\\"c"', "multipart/mixed", {"boundary": 'a;b"c'}),
        ("multipart/mixed\n\tboundary=x", "multipart/mixed", {"boundary": "x"}),
        ("text/plain; charset=us-ascii boundary=x", "text/plain", {"charset": "us-ascii", "boundary": "x"}),
        ("a/b; name=two words.pdf; x=1", "a/b", {"name": "two words.pdf", "x": "1"}),
        ("a/b; name=; x=", "a/b", {"name": "", "x": ""}),
        ("a/b; x=1; x=2", "a/b", {"x": "1"}),
        ('a/b; x="open', "a/b", {"x": "open"}),
        ("attachment; filename*=utf-8''%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename=u.txt; filename*=utf-8'de'%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename*=%C3%BC.txt", "attachment", {"filename": "ü.txt"}),
        ("attachment; filename*0*=iso-8859-1''%FC; filename*1=b.txt", "attachment", {"filename": "üb.txt"}),
        ("attachment; filename*1=b; filename*0=a; filename*7=c", "attachment", {"filename": "abc"}),
        ("attachment; filename*0=a; filename*0=x", "attachment", {"filename": "a"}),
        (
            "attachment; filename*-1=a; filename*99999=b",
            "attachment",
            {"filename*-1": "a", "filename*99999": "b"},
        ),
        ("", "", {}),
        (";;;", "", {}),
    ],
)
def test_parameters_are_read_as_they_are_sent(value: str, main: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(value) == (main, parameters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\a.txt", "a.txt"),
        ("x.txt:stream", "x.txt_stream"),
        ("..", ""),
        ("a\r\nb\0.txt", "ab.txt"),
        ("gpj\u202etxt.exe", "gpjtxt.exe"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("console.txt", "console.txt"),
        (" . a . ", "a"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        ("a." + "x" * 300, ("a." + "x" * 300)[:150]),
        ("", ""),
    ],
)
def test_file_names_are_bare_and_safe(name: str, expected: str) -> None:
    assert clean_filename(name) == expected
