"""TNEF streams and their compressed RTF."""

from struct import pack

import pytest

from amberpost.message import tnef as tnef_module
from amberpost.message.rtf import rtf_text, uncompress_rtf
from amberpost.message.tnef import read_tnef
from tests.corpora import shared
from tests.unit.message.mail import attribute, mapi, tnef, tnef_file

IMESSAGE = bytes.fromhex("0703020000000000C000000000000046")
MAPI_OF_MESSAGE, MAPI_OF_FILE, START = 0x00069003, 0x00069005, 0x00069002
# MS-OXRTFCP 4.1.1: the specification's own example.
HELLO_RTF = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def stream_of(*properties: tuple[int, int, bytes], kind: int = MAPI_OF_MESSAGE) -> bytes:
    return tnef(attribute(1, kind, mapi(*properties)))


def test_what_is_no_tnef_gives_nothing() -> None:
    assert read_tnef(b"") is None
    assert read_tnef(b"PK\3\4") is None


def test_subject_text_and_files_are_read() -> None:
    found = read_tnef(
        tnef(
            attribute(1, 0x00069007, pack("<II", 1252, 0)),
            attribute(1, 0x00018004, b"Subj\0"),
            attribute(1, 0x0002800C, "Grüße\0".encode("cp1252")),
            tnef_file("a.csv", b"1;2"),
            tnef_file("..\\b.csv", b"3"),
            tnef_file("empty.csv", b""),
        )
    )
    assert found is not None
    assert found.is_complete
    assert found.text == "Subj\nGrüße"
    assert [(file.name, file.data) for file in found.attachments] == [
        ("a.csv", b"1;2"),
        ("b.csv", b"3"),
        ("empty.csv", b""),
    ]


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        (((0x1F, 0x1000, "Grüße\0".encode("utf-16-le")),), "Grüße"),
        (((0x1E, 0x1000, b"plain\0"),), "plain"),
        (((0x102, 0x1013, b"<p>html</p>"),), "html"),
        (((0x102, 0x1009, HELLO_RTF),), "hello world"),
        (((0x1F, 0x0037, "S\0".encode("utf-16-le")), (0x1E, 0x1000, b"B\0")), "S\nB"),
        (((0x02, 1, b"\0" * 4), (0x40, 2, b"\0" * 8), (0x48, 3, b"\0" * 16), (0x1E, 0x1000, b"x\0")), "x"),
        (((0x99, 1, b""), (0x1E, 0x1000, b"x\0")), ""),
    ],
)
def test_mapi_properties_are_read(properties: tuple[tuple[int, int, bytes], ...], text: str) -> None:
    found = read_tnef(stream_of(*properties))
    assert found is not None
    assert found.text == text


def page(number: int) -> bytes:
    return pack("<I", number)


CODEPAGE = 0x00069007
MEINUNG = "Größenänderung in Łódź"


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        # PidTagInternetCodepage is for HTML, and beats what the HTML says of itself; it may stand behind it.
        (mapi((0x102, 0x1013, f"<p>{MEINUNG}".encode("cp1250")), (0x03, 0x3FDE, page(1250))), MEINUNG),
        (mapi((0x03, 0x3FDE, page(65001)), (0x102, 0x1013, f"<p>{MEINUNG}".encode())), MEINUNG),
        (mapi((0x03, 0x3FDE, page(28592)), (0x102, 0x1013, f"<p>{MEINUNG}".encode("iso8859-2"))), MEINUNG),
        (mapi((0x03, 0x3FDE, page(20866)), (0x102, 0x1013, "<p>Привет".encode("koi8-r"))), "Привет"),
        (mapi((0x03, 0x3FDE, page(50220)), (0x102, 0x1013, "<p>日本".encode("iso2022_jp"))), "日本"),
        (
            mapi(
                (0x102, 0x1013, b"<meta charset=koi8-r><p>" + MEINUNG.encode("cp1250")),
                (0x03, 0x3FDE, page(1250)),
            ),
            MEINUNG,
        ),
        (mapi((0x102, 0x1013, b"<meta charset=koi8-r><p>" + "Привет".encode("koi8-r"))), "Привет"),
        (mapi((0x1F, 0x1013, "<p>Łódź\0".encode("utf-16-le"))), "Łódź"),
        # 8-bit texts where no page of the stream is told.
        (mapi((0x1E, 0x1000, "Привет\0".encode("cp1251")), (0x03, 0x3FDE, page(1251))), "Привет"),
        (mapi((0x1E, 0x1000, "Łódź\0".encode("cp1250")), (0x03, 0x3FFD, page(1250))), "Łódź"),
    ],
)
def test_code_pages_of_the_message_are_used(attributes: bytes, text: str) -> None:
    found = read_tnef(tnef(attribute(1, MAPI_OF_MESSAGE, attributes)))
    assert found is not None
    assert found.text == text


def test_the_page_of_the_stream_is_for_its_8_bit_texts() -> None:
    found = read_tnef(
        tnef(
            attribute(1, CODEPAGE, pack("<II", 1251, 0)),
            attribute(1, 0x00018004, "Тема\0".encode("cp1251")),
            attribute(
                1,
                MAPI_OF_MESSAGE,
                mapi((0x03, 0x3FDE, page(1252)), (0x1E, 0x1000, "Привет\0".encode("cp1251"))),
            ),
        )
    )
    assert found is not None
    assert found.text == "Тема\nПривет"


def test_named_and_multi_valued_properties_are_stepped_over() -> None:
    by_number = pack("<HH", 3, 0x8001) + b"\0" * 16 + pack("<II", 0, 7) + pack("<I", 1)
    by_name = pack("<HH", 3, 0x8002) + b"\0" * 16 + pack("<II", 1, 6) + b"a\0b\0\0\0\0\0" + pack("<I", 1)
    many = pack("<HHI", 0x101E, 5, 2) + pack("<I", 2) + b"a\0\0\0" + pack("<I", 2) + b"b\0\0\0"
    body = pack("<HHI", 0x1E, 0x1000, 1) + pack("<I", 2) + b"x\0\0\0"
    found = read_tnef(tnef(attribute(1, MAPI_OF_MESSAGE, pack("<I", 4) + by_number + by_name + many + body)))
    assert found is not None
    assert found.text == "x"


def test_a_file_takes_its_best_name_type_and_data_from_mapi() -> None:
    found = read_tnef(
        tnef(
            attribute(2, START, b""),
            attribute(
                2,
                MAPI_OF_FILE,
                mapi(
                    (0x1E, 0x3001, b"shown\0"),
                    (0x1E, 0x3704, b"SHORT~1.TXT\0"),
                    (0x1F, 0x3707, "länger.txt\0".encode("utf-16-le")),
                    (0x1E, 0x370E, b"Text/Plain\0"),
                    (0x102, 0x3701, b"data"),
                ),
            ),
        )
    )
    assert found is not None
    (file,) = found.attachments
    assert (file.name, file.content_type, file.data) == ("länger.txt", "text/plain", b"data")


def test_embedded_messages_are_read_by_the_same_loop() -> None:
    inner = tnef(attribute(1, 0x0002800C, b"deep text\0"), tnef_file("deep.csv", b"x"))
    properties = mapi((0x1E, 0x3001, b"Forwarded\0"), (0x0D, 0x3701, IMESSAGE + inner))
    found = read_tnef(tnef(attribute(2, START, b""), attribute(2, MAPI_OF_FILE, properties)))
    assert found is not None
    assert found.text == "deep text"
    assert [file.name for file in found.attachments] == ["Forwarded", "deep.csv"]


def test_endless_embedding_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tnef_module, "_MAX_EMBEDDED", 3)
    stream = tnef(attribute(1, 0x0002800C, b"x\0"))
    for _ in range(10):
        stream = tnef(
            attribute(2, START, b""), attribute(2, MAPI_OF_FILE, mapi((0x0D, 0x3701, IMESSAGE + stream)))
        )
    found = read_tnef(stream)
    assert found is not None
    assert len(found.attachments) == 3


def test_a_stream_that_breaks_off_gives_what_came_before() -> None:
    whole = tnef(attribute(1, 0x0002800C, b"text\0"), tnef_file("a.csv", b"1;2"))
    for length in range(len(whole)):
        found = read_tnef(whole[:length])
        assert found is None or found.text in ("", "text")
    cut = read_tnef(whole[:-4])
    assert cut is not None
    assert not cut.is_complete


def test_the_number_of_files_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tnef_module, "_MAX_ATTACHMENTS", 2)
    found = read_tnef(tnef(*[tnef_file(f"{number}", b"x") for number in range(5)]))
    assert found is not None
    assert len(found.attachments) == 2


def test_compressed_rtf_of_the_specification() -> None:
    assert uncompress_rtf(HELLO_RTF) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", b""),
        (b"x" * 16, b""),
        (pack("<IIII", 0, 3, 0x414C454D, 0) + b"abc", b"abc"),
        (pack("<IIII", 0, 3, 0x75465A4C, 0) + b"\x01", b""),
        (pack("<IIII", 0, 3, 0x75465A4C, 0) + b"\x00abc", b"abc"),
    ],
)
def test_damaged_or_stored_rtf(data: bytes, expected: bytes) -> None:
    assert uncompress_rtf(data) == expected


def test_a_reference_may_point_before_the_dictionary() -> None:
    far = pack("<IIII", 0, 3, 0x75465A4C, 0) + b"\x01" + (0xFF0 << 4).to_bytes(2, "big") + b"abcdefg"
    assert uncompress_rtf(far) == b"  abcdefg"


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi hello\par world}", "hello\nworld"),
        (rb"{\rtf1{\fonttbl{\f0 Arial;}}{\*\generator x;}shown}", "shown"),
        (rb"\'fcber \u252? \{x\} a\~b\_c\-d", "über ü {x} a\xa0b-cd"),
        (rb"\u252\'fcx \u-10179? ", "üx \ufffd"),
        (rb"}}{ unbalanced", "unbalanced"),
        (b"ends with \\", "ends with"),
        # The code page of the document, and of each font (\\fcharset); two-byte pages, also with a plain second byte.
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset204 A;}}{\f0 \'cf\'f0} \'cf\'f0}", "Пр Ïð"),
        (rb"{\rtf1\ansi\ansicpg1252\deff1{\fonttbl{\f1\fcharset161 A;}}\plain \'e1\'e2}", "αβ"),
        (
            rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 A;}{\f1\fcharset238 B CE;}}\f1 \'a3\'f3d\'9f\f0  \'fc}",
            "Łódź ü",
        ),
        (rb"{\rtf1\ansi\ansicpg932 \'93\'fa\'96\'7b\'83A\'83\'5c}", "日本アソ"),
        (rb"{\rtf1\ansi{\fonttbl{\f0\fcharset134 A;}}\f0 \'b7\'a2\'c6\'b1}", "发票"),
        (rb"{\rtf1\ansi{\fonttbl{\f0\cpg866 A;}}\f0 \'8f\'e0}", "Пр"),
        (b"{\\rtf1\\ansi\\ansicpg1251 \xcf\xf0}", "Пр"),
        (rb"{\rtf1\mac \'9f}", "ü"),
        # What stands in for a character beyond the page: so many characters as \\uc says.
        (rb"{\rtf1\uc2\u26085\'93\'fa\uc1\u26412?x}", "日本x"),
        (rb"{\rtf1{\uc0\u8364 5}\u8364?6}", "€5€6"),
        (rb"{\rtf1\u-10179?\u-8704?}", "😀"),
        # A damaged or unknown page is still words.
        (rb"{\rtf1\ansicpg99999 \'fcber}", "über"),
        (rb"{\rtf1\ansicpg932 \'93", "\ufffd"),
        (b"", ""),
    ],
)
def test_rtf_gives_its_words(rtf: bytes, text: str) -> None:
    assert rtf_text(rtf) == text


@pytest.mark.shared
def test_tnef_of_the_corpora_agrees_with_a_second_reader() -> None:
    tnefparse = pytest.importorskip("tnefparse")
    compared = 0
    disagreed = []
    for path in sorted(shared("corpora").rglob("*.tnef")) + sorted(shared("corpora").rglob("*winmail*.dat")):
        data = path.read_bytes()
        try:
            theirs = {bytes(file.data) for file in tnefparse.TNEF(data).attachments if file.data}
        except Exception:  # noqa: BLE001 the second reader gives up on damaged streams
            continue
        ours = read_tnef(data)
        compared += 1
        if ours is None or not theirs <= {file.data for file in ours.attachments}:
            disagreed.append(path.name)
    assert compared >= 5
    # OLE objects: the second reader cuts them short; ours are whole compound files of 512-byte sectors.
    assert disagreed == ["winmail.tnef"]


def test_an_ole_object_loses_its_interface_id() -> None:
    properties = mapi((0x0D, 0x3701, b"\x0b" + b"\0" * 15 + b"\xd0\xcf\x11\xe0"))
    found = read_tnef(tnef(attribute(2, START, b""), attribute(2, MAPI_OF_FILE, properties)))
    assert found is not None
    assert found.attachments[0].data == b"\xd0\xcf\x11\xe0"
