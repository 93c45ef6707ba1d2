"""Tiny writers of the files that hang on office mail: real enough to be opened, and quickly made."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from amberpost.demo.chance import Chance

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "png": "image/png",
    "docx": _DOCX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFile:
    name: str
    data: bytes

    @property
    def content_type(self) -> str:
        return TYPES[self.name.rpartition(".")[2]]


def make_file(name: str, text: str, chance: Chance) -> DemoFile:
    """A file of the kind its name says, with this text in it; pictures have a pattern."""
    match name.rpartition(".")[2]:
        case "pdf":
            data = pdf(text)
        case "csv":
            data = csv(chance, rows=chance.between(5, 120))
        case "docx":
            data = docx(text)
        case "png":
            data = png(chance, size=chance.between(24, 64))
        case _:
            data = text.replace("\n", "\r\n").encode("utf-8")
    return DemoFile(name=name, data=data)


@lru_cache(maxsize=4)
def shared_files(seed: str) -> tuple[DemoFile, ...]:
    """Files that are sent again and again: brochures, terms, price lists, forms."""
    chance = Chance(f"{seed}/files")
    files = []
    for number in range(24):
        kind = ("pdf", "docx", "csv", "png", "txt")[number % 5]
        text = "\n".join(
            f"Lindenhof {number}.{line} {chance.hex(40)}" for line in range(chance.between(20, 200))
        )
        name = f"{chance.one_of(('Prospekt', 'AGB', 'Preisliste', 'Brochure', 'Übersicht'))}-{number}.{kind}"
        data = pdf(text, picture=chance.data(chance.between(10_000, 120_000))) if kind == "pdf" else None
        files.append(DemoFile(name=name, data=data) if data else make_file(name, text, chance))
    return tuple(files)


def pdf(text: str, *, picture: bytes = b"") -> bytes:
    """One page of Helvetica; `picture` is an unused stream that gives the file some weight."""
    # In a string parentheses and backslashes are escaped; 60 lines of 12 points fill a page.
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    shown = "".join(f"({line}) Tj T*\n" for line in escaped.splitlines()[:60])
    page = zlib.compress(f"BT /F1 10 Tf 12 TL 50 800 Td\n{shown}ET".encode("cp1252", "replace"))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(picture), picture),
    ]
    # ISO 32000-1 §7.5: objects, the table of where they begin, and where that table is.
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(
        out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    )


def png(chance: Chance, *, size: int) -> bytes:
    """A square RGB picture."""
    red, green, blue = chance.below(256), chance.below(256), chance.below(256)
    noise = chance.data(size)
    rows = bytearray()
    for y in range(size):
        rows += b"\0"  # the filter of the row: none
        for x in range(size):
            rows += bytes(value & 255 for value in (red + x, green ^ noise[y], blue + y))
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)  # eight bits each of red, green and blue
    out = bytearray(b"\x89PNG\r\n\x1a\n")
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")):
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return bytes(out)


def csv(chance: Chance, *, rows: int) -> bytes:
    lines = ["Artikel;Menge;Preis;Lagerort"]
    for _ in range(rows):
        article, price = chance.between(1000, 9999), chance.below(90_000) / 100
        lines.append(f"A-{article};{chance.below(500)};{price:.2f};R{chance.below(40)}")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def docx(text: str) -> bytes:
    """A WordprocessingML document with one paragraph a line."""
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())
    members = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONSHIPS,
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # ZipInfo: always 1980, so bytes repeat
    return out.getvalue()


_FORMATS = "http://schemas.openxmlformats.org"
_WORD = f"{_FORMATS}/wordprocessingml/2006/main"
_CONTENT_TYPES = (
    f'<Types xmlns="{_FORMATS}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_DOCX}.main+xml"/></Types>'
)
_RELATIONSHIPS = (
    f'<Relationships xmlns="{_FORMATS}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_FORMATS}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def winmail(subject: str, text: str, name: str, data: bytes) -> bytes:
    """A TNEF stream (MS-OXTNEF) with one attachment, as Outlook wraps mail for Outlook."""
    items = [
        (1, 0x00089006, struct.pack("<I", 0x00010000)),  # attTnefVersion
        (1, 0x00069007, struct.pack("<II", 1252, 0)),  # attOemCodepage
        (1, 0x00078008, b"IPM.Microsoft Mail.Note\0"),  # attMessageClass
        (1, 0x00018004, subject.encode("cp1252", "replace") + b"\0"),  # attSubject
        (1, 0x0002800C, text.replace("\n", "\r\n").encode("cp1252", "replace") + b"\0"),  # attBody
        (2, 0x00069002, b"\x01\0" + b"\xff\xff\xff\xff" + b"\x20\0\x20\0" + b"\0\0\0\0"),  # attAttachRenddata
        (2, 0x00018010, name.encode("cp1252", "replace") + b"\0"),  # attAttachTitle
        (2, 0x0006800F, data),  # attAttachData
    ]
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(
        struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
        for level, kind, value in items
    )
