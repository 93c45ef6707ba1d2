"""Files as they are on real disks: what is mail is taken, whatever it is called; the rest is named with its reason."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from amberpost.sources.files import reader as files
from amberpost.sources.files import unpack
from amberpost.sources.files.reader import DELETED, FileReader, printable
from tests.people import letter

DATED = b"From ana@firma.example Tue Mar 12 10:00:00 2024\n"
EMPTY_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
Files = dict[str, bytes]


def read(*paths: Path, **options: Any) -> tuple[list[bytes], FileReader]:
    reader = FileReader(source_id=1, **options)
    return [one.raw for batch in reader.fetch(paths) for one in batch], reader


def laid(folder: Path, files_in_it: Files) -> Path:
    for name, content in files_in_it.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def left(reader: FileReader, folder: Path) -> dict[str, str]:
    return {name.removeprefix(f"{folder}/"): str(reason) for name, reason in reader.left}


def mbox(*messages: bytes) -> bytes:
    return b"".join(DATED + message + b"\n" for message in messages)


def zipped(content: Files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, one in content.items():
            packed.writestr(name, one)
    return file.getvalue()


def tarred(content: Files) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for name, one in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(one)
            packed.addfile(info, io.BytesIO(one))
    return file.getvalue()


def lf(number: int) -> bytes:
    return letter(number, end="\n")


# Folders


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "closed", "z"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.eml").write_bytes(name.encode())
    real = os.scandir

    def scandir(folder: str) -> Any:  # permissions do not stop root, who runs some of our tests
        if folder.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(files.os, "scandir", scandir)
    raws, reader = read(tmp_path)
    assert raws == [b"a", b"z"]
    assert [(name, str(why)) for name, why in reader.left] == [
        (str(tmp_path / "closed"), "cannot be read: Permission denied")
    ]


def test_links_and_pipes_in_a_folder_are_named_and_not_followed(tmp_path: Path) -> None:
    folder = laid(tmp_path / "mail", {"1.eml": lf(1)})
    (tmp_path / "elsewhere.eml").write_bytes(lf(2))
    (folder / "link.eml").symlink_to(tmp_path / "elsewhere.eml")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    raws, reader = read(folder)
    assert raws == [lf(1)]
    assert {name: reason.split(":")[0] for name, reason in left(reader, folder).items()} == {
        "link.eml": "a symbolic link",
        "loop": "a symbolic link",
        "pipe": "no file",
    }


def test_a_name_says_nothing_about_what_is_inside(tmp_path: Path) -> None:
    names = ["a", "a.txt", "a.dat", "a.mbox", "a.zip", "2024", "a.msg", "a.jpg", ".hidden", "cache.db"]
    single = laid(tmp_path / "single", {name: lf(number) for number, name in enumerate(names)})
    assert sorted(read(single)[0]) == sorted(lf(number) for number in range(len(names)))
    boxes = laid(
        tmp_path / "boxes", {f"{name}.eml": mbox(lf(number), lf(number)) for number, name in enumerate(names)}
    )
    assert len(read(boxes)[0]) == 2 * len(names)


NO_MAIL = {
    "empty": (b"", "empty"),
    "brief.msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "Outlook message"),
    "mail.pst": (b"!BDN" + bytes(500), "Outlook data file"),
    "mail.eml": (b"!BDN" + bytes(500), "Outlook data file"),
    "Inbox.dbx": (b"\xcf\xad\x12\xfe" + bytes(500), "Outlook Express"),
    "Inbox.msf": (b'// <!-- <mdb:mork:z v="1.4"/> -->\n< <(a=c)>\n', "index of Thunderbird"),
    "global.sqlite": (b"SQLite format 3\x00" + bytes(100), "a database"),
    "bild.png": (EMPTY_PICTURE, "a picture"),
    "bild.eml": (EMPTY_PICTURE, "a picture"),
    "foto": (b"\xff\xd8\xff\xe0" + bytes(100), "a picture"),
    "popstate.dat": (b"# POP3 State File\n# This is a generated file!\n*pop.x ana\nk abc 1\n", "text"),
    "msgFilterRules.dat": (b'version="9"\nlogging="no"\n', "text"),
    "readme.txt": (b"Anleitung zum Export\n", "text"),
    "einkauf.txt": (b"To: do\nMilk\n", "text"),
    "changes.txt": (b"Date: 2024-03-12\nVersion: 2\n\nBetter.\n", "text"),
    "notiz.yaml": (b"title: x\ndate: 2024-01-01\n", "text"),
    "termin.ics": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n", "text"),
    "karte.vcf": (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana\r\nEND:VCARD\r\n", "text"),
    "seite.html": (b"<html><body>From: ana</body></html>", "text"),
    ".mh_sequences": (b"cur: 5\nunseen: 3-7\n", "text"),
    "dovecot-uidlist": (b"3 V1234567890 N5 Gabc\n1 :1704189600.M0P1.host\n", "text"),
    "dovecot.index.cache": (b"\x01\x08\x0c\x00" + b"From: ana@firma.example\n" * 5, "binary"),
    "maildirfolder": (b"", "empty"),
    ".DS_Store": (b"\x00\x00\x00\x01Bud1", "file manager"),
    "._a.eml": (b"\x00\x05\x16\x07" + bytes(40), "file manager"),
    "__MACOSX/a.eml": (b"junk", "file manager"),
    "brief.docx": (
        zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
        "document or program",
    ),
    "brief.odt": (zipped({"mimetype": b"application/x", "content.xml": b"<x/>"}), "document or program"),
    "mail.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), "7-Zip"),
    "mail.rar": (b"Rar!\x1a\x07\x01\x00" + bytes(40), "RAR"),
    "kaputt.zip": (b"PK\x03\x04" + b"x" * 100, "damaged"),
    "kaputt.gz": (gzip.compress(lf(1) * 50)[:-20], "damaged"),
    "kaputt.bz2": (bz2.compress(lf(1))[:-9], "damaged"),
    "kaputt.xz": (lzma.compress(lf(1))[:-9], "damaged"),
    "utf-16.eml": (lf(1).decode().encode("utf-16"), "binary"),
}


@pytest.mark.parametrize("name", NO_MAIL)
def test_what_is_no_mail_is_named_with_its_reason(name: str, tmp_path: Path) -> None:
    content, reason = NO_MAIL[name]
    raws, reader = read(laid(tmp_path, {name: content}))
    assert raws == []
    assert [(file, reason in str(why)) for file, why in reader.left] == [(str(tmp_path / name), True)], (
        reader.left
    )


BAD_MAIL = {
    "mark": b"\xef\xbb\xbf" + lf(1),
    "empty lines": b"\n\r\n" + lf(1),
    "stray": b"From the desk of Ana\n" + lf(1),
    "quoted": b">From ana@firma.example Tue Mar 12 10:00:00 2024\n" + lf(1),
    "old mac": lf(1).replace(b"\n", b"\r"),
    "one field": b"Subject: x\n\nText\n",
    "only a header": b"Content-Type: text/plain",
    "breaks off": b"Subject: x\nThis is no field\nTo: ana\n\nText\n",
    "no header.eml": b"Hallo\n",
    "only line ends.eml": b"\r\n\r\n",
    "with its separator.eml": DATED + lf(1),
    "cur/1704189600.M0P1.host:2,S": DATED + lf(1),
    "new/1704189600.M0P1.host": b"Hallo\n",
}


@pytest.mark.parametrize("name", BAD_MAIL)
def test_bad_mail_is_taken_byte_for_byte(name: str, tmp_path: Path) -> None:
    raws, reader = read(laid(tmp_path, {name: BAD_MAIL[name]}))
    assert (raws, reader.left) == ([BAD_MAIL[name]], [])


# Mailboxes of programs


def test_of_a_maildir_the_unfinished_and_the_trashed_is_left(tmp_path: Path) -> None:
    inside = [
        "cur/1.M1P1.h:2,S",
        "cur/1.M2P1.h:2,FST",
        "cur/1.M3P1.h;2,T",
        "new/17041.M4P1.h",
        "tmp/17041.M5P1.h",
    ]
    inside += [
        ".Sent/cur/1.M6P1.h:2,",
        ".Sent/new/17041.M7",
        ".A.B/cur/1.M8P1.h!2,ST",
        ".A.B/tmp/17041.M9P1.h",
    ]
    folder = laid(tmp_path, {name: lf(number) for number, name in enumerate(inside)})
    raws, reader = read(folder)
    assert sorted(raws) == sorted(lf(number) for number in (0, 3, 5, 6))
    reasons = left(reader, folder)
    assert {name for name, why in reasons.items() if why == str(DELETED)} == {inside[1], inside[2], inside[7]}
    assert {name for name, why in reasons.items() if "Maildir tmp" in why} == {inside[4], inside[8]}
    raws, reader = read(folder, takes_deleted=True)
    assert (len(raws), len(reader.left)) == (7, 2)


def test_a_folder_called_tmp_or_new_is_no_maildir(tmp_path: Path) -> None:
    folder = laid(
        tmp_path, {"tmp/box": mbox(lf(1), lf(2)), "new/archive": mbox(lf(3), lf(4)), "cur/x": lf(5)}
    )
    assert sorted(read(folder)[0]) == [lf(number) for number in (1, 2, 3, 4, 5)]


def test_of_an_mh_folder_the_removed_is_left(tmp_path: Path) -> None:
    folder = laid(tmp_path, {"1": lf(1), "2": lf(2), ",3": lf(3), "#4": lf(4), ".mh_sequences": b"cur: 1\n"})
    raws, reader = read(folder)
    assert raws == [lf(1), lf(2)]
    assert {name for name, why in left(reader, folder).items() if why == str(DELETED)} == {",3", "#4"}
    assert len(read(folder, takes_deleted=True)[0]) == 4


def emlx(raw: bytes, flags: int = 1, length: int | None = None) -> bytes:
    plist = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n'
        b"\t<key>flags</key>\n\t<integer>%d</integer>\n</dict>\n</plist>\n" % flags
    )
    return b"%-10d\n" % (len(raw) if length is None else length) + raw + plist


def test_length_and_property_list_of_apple_mail_are_not_the_message(tmp_path: Path) -> None:
    html = lf(2) + b'<?xml version="1.0"?><plist>in the text</plist>\n'
    folder = laid(
        tmp_path,
        {"1.emlx": emlx(lf(1)), "2": emlx(html), "3.emlx": emlx(lf(3), length=3), "4": emlx(lf(4), 3)},
    )
    raws, reader = read(folder)
    assert raws == [lf(1), html, lf(3)]
    assert left(reader, folder) == {"4": str(DELETED)}
    assert read(folder, takes_deleted=True)[0][3] == lf(4)


def test_a_partial_message_of_apple_mail_is_said_to_be_one(tmp_path: Path) -> None:
    raws, reader = read(laid(tmp_path, {"1.partial.emlx": emlx(lf(1))}))
    assert raws == [lf(1)]
    assert "attachments" in str(reader.notes[0][1])


MMDF = b"\x01\x01\x01\x01\n"


@pytest.mark.parametrize(
    "content",
    [
        b"".join(MMDF + lf(number) + MMDF for number in (1, 2, 3)),
        b"\n" + b"".join(MMDF + lf(number) + MMDF for number in (1, 2, 3)),
        MMDF + MMDF.join(lf(number) for number in (1, 2, 3)) + MMDF,
        b"".join(MMDF + DATED + lf(number) + MMDF for number in (1, 2, 3)),
        b"".join(MMDF + lf(number) + MMDF for number in (1, 2)) + MMDF + lf(3),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_mmdf_is_cut_at_its_lines(content: bytes, end: bytes, tmp_path: Path) -> None:
    raws, _ = read(laid(tmp_path, {"box": content.replace(b"\n", end)}))
    assert raws == [lf(number).replace(b"\n", end) for number in (1, 2, 3)]


def test_a_line_of_mmdf_within_a_letter_cuts_nothing(tmp_path: Path) -> None:
    odd = lf(1) + MMDF + b"is such a line.\n"
    raws, _ = read(laid(tmp_path, {"box": MMDF + odd + MMDF + MMDF + lf(2) + MMDF}))
    assert raws == [odd, lf(2)]


def test_an_mboxrd_is_unquoted_and_others_are_left_as_they_are_with_a_note(tmp_path: Path) -> None:
    quoted = lf(1) + b">From me\n"
    folder = laid(tmp_path, {"a.mboxrd": mbox(quoted), "b": mbox(quoted), "c": mbox(lf(1))})
    raws, reader = read(folder)
    assert raws == [lf(1) + b"From me\n", quoted, lf(1)]
    assert [(Path(name).name, "mboxo" in str(note)) for name, note in reader.notes] == [("b", True)]


def test_lines_of_another_writer_are_noted(tmp_path: Path) -> None:
    other = b"\nFrom - Tue Mar 12 10:00:00 2024\n" + lf(2)
    raws, reader = read(laid(tmp_path, {"box": mbox(lf(1) + other)}))
    assert len(raws) == 1
    assert str(reader.notes[0][1]).startswith("1 lines look like separators")


# Packed

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("pack", PACKERS)
def test_compressed_files_hold_whatever_they_held(pack: str, tmp_path: Path) -> None:
    packed = PACKERS[pack]
    boxes = {
        "a": packed(mbox(lf(1), lf(2))),
        "b": packed(lf(3)),
        "c": packed(tarred({"x/d": lf(4), "e.png": EMPTY_PICTURE})),
    }
    folder = laid(tmp_path, boxes)
    raws, reader = read(folder)
    assert raws == [lf(1), lf(2), lf(3), lf(4)]
    assert left(reader, folder) == {"c!/e.png": "a picture"}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_zip_and_tar_hold_mailboxes_of_every_kind(pack: Callable[[Files], bytes], tmp_path: Path) -> None:
    content = {
        "Maildir/cur/1.M1P1.h:2,S": lf(1), "Maildir/cur/1.M2P1.h:2,T": lf(2), "Maildir/tmp/17041.M3P1.h": lf(3),
        "box": mbox(lf(4), lf(5)), "a.emlx": emlx(lf(6)), "mh/,7": lf(7),
        "deep.zip": zipped({"a.gz": gzip.compress(lf(8))}), "readme.txt": b"Hallo\n", "__MACOSX/._a": b"x",
        "mmdf": MMDF + lf(9) + MMDF,
    }  # fmt: skip
    folder = laid(tmp_path, {"export": pack(content)})
    raws, reader = read(folder)
    assert sorted(raws) == sorted(lf(number) for number in (1, 4, 5, 6, 8, 9))
    reasons = left(reader, folder)
    assert {name for name, why in reasons.items() if why == str(DELETED)} == {
        "export!/Maildir/cur/1.M2P1.h:2,T", "export!/mh/,7",
    }  # fmt: skip
    assert len(reasons) == 5


def test_a_compressed_message_in_a_maildir_keeps_its_flags(tmp_path: Path) -> None:
    folder = laid(tmp_path, {"cur/1.M1.h:2,T": gzip.compress(lf(1)), "cur/1.M2.h:2,S": gzip.compress(lf(2))})
    raws, reader = read(folder)
    assert raws == [lf(2)]
    assert set(left(reader, folder).values()) == {str(DELETED)}


def test_large_things_are_inflated_outside_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "IN_MEMORY_BYTES", 1000)
    letters = [lf(number) for number in range(50)]
    raws, _ = read(laid(tmp_path, {"a.zip": zipped({"box": mbox(*letters)})}))
    assert raws == letters


def test_what_is_packed_too_often_is_left(tmp_path: Path) -> None:
    content = lf(1)
    for _ in range(4):
        content = gzip.compress(content)
    assert read(laid(tmp_path / "four", {"a": content}))[0] == [lf(1)]
    raws, reader = read(laid(tmp_path / "five", {"a": gzip.compress(content)}))
    assert (raws, [str(why) for _, why in reader.left]) == ([], ["packed more than 4 times"])


def test_a_bomb_goes_off_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "UNSUSPECTED_BYTES", 1024 * 1024)
    bomb = gzip.compress(bytes(3 * 1024 * 1024), 9)
    content = zipped({"a.eml": lf(1), "bomb": bomb, "b.eml": lf(2)})
    folder = laid(tmp_path, {"1.zip": content, "2.zip": zipped({"c.eml": lf(3)})})
    raws, reader = read(folder)
    assert raws == [lf(1), lf(3)]  # what came before it, and other files
    assert left(reader, folder) == {"1.zip": "unpacks to more than 200 times its size: the rest is not read"}


def test_a_bomb_in_many_small_pieces_goes_off_nowhere_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "UNSUSPECTED_BYTES", 1024 * 1024)
    _, reader = read(
        laid(tmp_path, {"1": gzip.compress(tarred({str(n): bytes(100_000) for n in range(40)}), 9)})
    )
    assert [why for _, why in reader.left if "200 times" in str(why)]
    monkeypatch.setattr(unpack, "ENTRIES", 3)
    raws, reader = read(laid(tmp_path / "many", {"1": zipped({f"{n}.eml": lf(n) for n in range(9)})}))
    assert (len(raws), str(reader.left[0][1])) == (3, "holds more than 3 files: the rest is not read")


def test_the_rest_of_a_damaged_tar_is_said_to_be_missing(tmp_path: Path) -> None:
    whole = tarred({"1": lf(1), "2": lf(2), "3": lf(3)})
    damaged = whole[:1024] + b"x" * 512 + whole[1536:]
    raws, reader = read(laid(tmp_path, {"a.tar": damaged}))
    assert (raws, [str(why)[:7] for _, why in reader.left]) == ([lf(1)], ["damaged"])


def test_an_encrypted_entry_and_a_link_are_named(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.eml": lf(1)}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
    folder = laid(tmp_path, {"a.zip": bytes(content), "b.tar": file.getvalue()})
    raws, reader = read(folder)
    assert raws == []
    assert left(reader, folder) == {"a.zip!/a.eml": "encrypted", "b.tar!/link": "a link or device"}


def test_names_from_inside_lead_nowhere_and_move_no_cursor(tmp_path: Path) -> None:
    names = ["../../../escaped.eml", "/absolute.eml", "a\x1b[2Jb\r\nc.txt", "re\u202elmth.txt"]
    content = {names[0]: lf(1), names[1]: lf(2), names[2]: b"x", names[3]: b"x"}
    for number, pack in enumerate((zipped, tarred)):
        folder = laid(tmp_path / str(number), {"a": pack(content)})
        raws, reader = read(folder)
        assert raws == [lf(1), lf(2)]
        assert sorted(left(reader, folder)) == ["a!/a\\x1b[2Jb\\r\\nc.txt", "a!/re\\u202elmth.txt"]
        assert [path.name for path in folder.rglob("*")] == ["a"]


def test_where_a_message_came_from_is_written_out_and_so_is_a_file_that_is_left(tmp_path: Path) -> None:
    folder = laid(tmp_path, {"a": zipped({"b\x1b.eml": lf(1)}), "c\x1b.txt": b"Hallo\n"})
    reader = FileReader(source_id=1)
    batches = list(reader.fetch([folder]))
    assert [one.origin.remote_id for batch in batches for one in batch] == [f"{folder}/a!/b\\x1b.eml"]
    assert left(reader, folder) == {"c\\x1b.txt": "text without a mail header"}


def test_names_are_written_out_where_they_are_no_text() -> None:
    assert printable("Ümläut ✔.eml") == "Ümläut ✔.eml"
    assert printable("caf\udce9\n") == "caf\\udce9\\n"


# Amounts


def test_files_of_every_size_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAPPED_BYTES", 10)
    folder = laid(
        tmp_path, {"a": lf(1), "b": mbox(lf(2), lf(3)), "c": zipped({"d": lf(4)}), "e": EMPTY_PICTURE}
    )
    raws, reader = read(folder)
    assert raws == [lf(1), lf(2), lf(3), lf(4)]
    assert left(reader, folder) == {"e": "a picture"}


def test_messages_above_the_ceiling_are_left_wherever_they_lie(tmp_path: Path) -> None:
    big = letter(0, text="x" * 5000, end="\n")
    folder = laid(tmp_path, {"a": big, "b": mbox(lf(1), big), "c": zipped({"d": big})})
    raws, reader = read(folder, ceiling_bytes=4000)
    assert raws == [lf(1)]
    assert left(reader, folder) == dict.fromkeys(["a", "b#2", "c!/d"], "larger than 4000 bytes")


def batches(paths: Iterable[Path]) -> list[int]:
    return [len(batch) for batch in FileReader(source_id=1).fetch(list(paths))]


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BATCH_MESSAGES", 4)
    assert batches([laid(tmp_path, {"box": mbox(*[lf(number) for number in range(10)])})]) == [4, 4, 2]
