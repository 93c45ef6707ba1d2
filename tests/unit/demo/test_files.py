"""The attachments are what their names say."""

import io
import re
import struct
import zipfile
import zlib

import pytest
import tnefparse

from amberpost.demo.chance import Chance
from amberpost.demo.files import DemoFile, docx, make_file, pdf, png, shared_files, winmail


def test_a_pdf_has_true_offsets_and_its_text() -> None:
    data = pdf("Grüße (an) alle\\", picture=b"\0\xff" * 50)
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start : start + 4] == b"xref"
    offsets = [int(line[:10]) for line in data[start:].split(b"\n")[3:9]]
    assert [data[offset : offset + 7] for offset in offsets] == [b"%d 0 obj" % n for n in range(1, 7)]
    stream = re.search(rb"FlateDecode>>stream\n(.*?)\nendstream", data, re.DOTALL)
    assert stream is not None
    assert "(Grüße \\(an\\) alle\\\\) Tj" in zlib.decompress(stream[1]).decode("cp1252")


def test_a_png_has_right_checksums_and_size() -> None:
    data, at, kinds = png(Chance("x"), size=20), 8, []
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + content)
        kinds.append(kind)
        if kind == b"IDAT":
            assert len(zlib.decompress(content)) == 20 * (1 + 3 * 20)
        at += 12 + size
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_a_docx_is_a_zip_with_the_text() -> None:
    made = docx("eins & zwei\ndrei")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        text = archive.read("word/document.xml").decode("utf-8")
    assert "<w:t>eins &amp; zwei</w:t>" in text
    assert made == docx("eins & zwei\ndrei")


def test_a_winmail_can_be_read() -> None:
    stream = tnefparse.TNEF(winmail("Preise", "Hallo", "preise.csv", b"A;1\r\n"))
    assert [(one.name, one.data) for one in stream.attachments] == [("preise.csv", b"A;1\r\n")]


@pytest.mark.parametrize("name", ["a.pdf", "b.csv", "c.docx", "d.png", "e.txt"])
def test_every_kind_can_be_made(name: str) -> None:
    made = make_file(name, "Text\n", Chance("x"))
    assert made.data
    assert made.content_type


def test_shared_files_repeat_for_a_seed() -> None:
    files = shared_files("x")
    shared_files.cache_clear()
    assert files == shared_files("x")
    assert len({one.data for one in files}) == len(files)
    assert isinstance(files[0], DemoFile)
