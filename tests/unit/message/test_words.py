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
        ("=?utf-8?Q?K=C3?= =?UTF-8?Q?=B6nig?=", "König"),
        ("=?utf-8?Q?K=C?= =?utf-8?Q?3=B6nig?=", "König"),
        ("=?utf-8?Q?K=?= =?utf-8?Q?C3=B6nig?=", "König"),
        ("=?utf-8?B?S8M=?= =?utf-8?B?tm5pZw==?=", "König"),
        ("=?utf-8?B?S8O2b?= =?utf-8?B?mln?=", "König"),
        ("=?utf-8?B?S8O2bm?= =?utf-8?B?ln?=", "König"),
        ("=?utf-8?B?S8O2b?= =?utf-8?B?ml?= =?utf-8?B?n?=", "König"),
        ("=?utf-8?B?S8O2?= =?utf-8?Q?nig?=", "König"[:2] + "nig"),
        ("=?utf-8?B?TQ?= =?utf-8?B?TQ?=", "MM"),
        ("=?utf-8?B?TcO8?= =?utf-8?B?bGxlcg?=", "Müller"),
        ("=?utf-8?B?TQ==?= =?utf-8?B?TcO8?=", "MMü"),
        ("=?iso-8859-1?Q?M=C3=BCller?=", "Müller"),
        ("=?iso-8859-1?Q?M=C3?= =?iso-8859-1?Q?=BCller?=", "Müller"),
        ("=?iso-8859-8-i?B?+ezl7SD44Q==?=", "שלום רב"),
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
        ("=?utf-8?B?S8O2b?= =?utf-8?B?mln?=", Defect.BAD_ENCODED_WORD),
        ("=?utf-8?Q?K=C3?= =?utf-8?Q?=B6nig?=", Defect.BAD_ENCODED_WORD),
        ("=?utf-8?Q?K=C?= =?utf-8?Q?3=B6nig?=", Defect.BAD_ENCODED_WORD),
        ("=?iso-8859-1?Q?M=C3=BCller?=", Defect.CHARSET_MISLABELLED),
    ],
)
def test_broken_words_are_noted(text: str, defect: Defect) -> None:
    defects: set[Defect] = set()
    decode_words(text, defects)
    assert defects == {defect}


def test_a_parameter_in_another_charset_than_it_says_is_noted() -> None:
    for _ in range(2):  # the second answer comes from memory
        defects: set[Defect] = set()
        _, parameters = parse_parameters("attachment; filename*=iso-8859-1''M%C3%BCller.pdf", defects)
        assert (parameters, defects) == ({"filename": "Müller.pdf"}, {Defect.CHARSET_MISLABELLED})


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
        ('attachment; filename="C:\\Users\\eva\\a.pdf"', "attachment", {"filename": "C:\\Users\\eva\\a.pdf"}),
        ('attachment; filename="C:\\\\Users\\\\a.pdf"', "attachment", {"filename": "C:\\Users\\a.pdf"}),
        ('attachment; filename="docs\\a \\(1\\).pdf"', "attachment", {"filename": "docs\\a (1).pdf"}),
        ('attachment; filename="a \\"b\\".pdf"', "attachment", {"filename": 'a "b".pdf'}),
        (
            'attachment; filename*0="=?UTF-8?Q?Rechnung_M=C3="; filename*1="BCller.pdf?="',
            "attachment",
            {"filename": "=?UTF-8?Q?Rechnung_M=C3=BCller.pdf?="},
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
        ("\\\\server\\share\\a.txt", "a.txt"),
        ("C:\\dir/a.txt", "a.txt"),
        ("Macintosh HD:Users:eva:a.txt", "a.txt"),
        ("file:///C:/dir/a.txt", "a.txt"),
        ("dir/sub/", "sub"),
        ("Anruf 10:20:30.wav", "Anruf 10_20_30.wav"),
        ("Re: AW: a.txt", "Re_ AW_ a.txt"),
        ("M%C3%BCller.pdf", "Müller.pdf"),
        ("100%25.pdf", "100%25.pdf"),
        ("50%E4.pdf", "50%E4.pdf"),
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
