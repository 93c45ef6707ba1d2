"""amberpost import: files, folders, Maildir and mbox; what is seen is accounted for to the last file."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.archive import Archive, Json
from tests.corpora import shared
from tests.people import ALICE, letter


def take(archive: Archive, *paths: Path | str) -> Json:
    counts = archive.json("import", *paths)
    assert counts["seen"] == sum(counts[k] for k in ("stored", "duplicate", "quarantined", "left")), counts
    return counts


def hashes(archive: Archive, to: Path) -> set[str]:
    return {hashlib.sha256(raw).hexdigest() for raw in archive.exported(to, "--what", "capture").values()}


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def test_folders_are_walked_and_junk_is_named_not_taken(archive: Archive, tmp_path: Path) -> None:
    archive.add_user("alice", *ALICE.addresses)
    for name in ("a.eml", "deep/er/b.eml", "no extension", "Ümläut ✔.eml"):
        path = tmp_path / "mail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(letter(name.encode().hex()))
    for name in (".DS_Store", "._a.eml", "__MACOSX/a.eml", "Thumbs.db"):
        path = tmp_path / "mail" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"junk")
    (tmp_path / "mail" / "link.eml").symlink_to(tmp_path / "mail" / "a.eml")
    counts = take(archive, tmp_path / "mail")
    assert (counts["seen"], counts["stored"], counts["left"]) == (9, 4, 5)
    assert {Path(entry["file"]).name for entry in counts["left_files"]} == {
        ".DS_Store", "._a.eml", "a.eml", "Thumbs.db", "link.eml",
    }  # fmt: skip
    assert take(archive, tmp_path / "mail")["duplicate"] == 4


def test_a_file_name_that_is_no_text_stops_nothing(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (Path(str(folder)) / b"caf\xe9.eml".decode("utf-8", "surrogateescape")).write_bytes(letter(1))
    assert take(archive, folder)["seen"] == 1
    assert archive.json("verify", "--deep")["findings"] == []
    archive.json("rebuild")


def test_files_above_the_ceiling_are_left(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "big.eml").write_bytes(letter("big", text="x" * 5000))
    (tmp_path / "small.eml").write_bytes(letter("small"))
    done = archive.run(
        "import",
        tmp_path / "big.eml",
        tmp_path / "small.eml",
        "--json",
        env={"AMBERPOST_CEILING_BYTES": "4000"},
    )
    assert (done.json["left"], done.json["quarantined"]) == (1, 1)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_loses_its_separators_and_its_quoting_and_nothing_else(
    end: bytes, archive: Archive, tmp_path: Path
) -> None:
    bodies = [b"first" + end, end + b"From the start" + end, b">From once" + end + b">>From twice" + end, b""]
    head = b"From: a@b.example" + end + b"Subject: "
    messages = [head + b"%d" % number + end + end + body for number, body in enumerate(bodies)]
    (tmp_path / "box.mbox").write_bytes(b"".join(_mboxrd(raw, end) for raw in messages))
    assert take(archive, tmp_path / "box.mbox")["seen"] == len(messages)
    got = archive.exported(tmp_path / "out", "--what", "capture").values()
    assert sorted(got) == sorted(messages)


def _mboxrd(raw: bytes, end: bytes) -> bytes:
    lines = raw.split(end)
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    return b"From x@y.example Tue Feb 14 08:41:05 2023" + end + end.join(quoted) + end


@pytest.mark.shared
@pytest.mark.parametrize("name", ["Maildir", "mboxrd.mbox", "mboxo.mbox", "mh"])
def test_mailboxes_of_other_programs_are_taken_whole(name: str, archive: Archive, tmp_path: Path) -> None:
    mailboxes = shared("corpora/formats/mailboxes")
    rows = [json.loads(line) for line in (mailboxes / "truth.jsonl").read_text().splitlines()]
    if name.endswith(".mbox"):
        rows = [
            row for row in rows if not row["fromlines"]
        ]  # a lone >From may be the writer's own: left as it is
    counts = take(archive, mailboxes / name, "--deleted")
    got = hashes(archive, tmp_path / "out")
    missing = [row["n"] for row in rows if not {row["sha256"], row["crlf_sha256"]} & got]
    assert missing == [], (len(missing), counts)


def test_what_is_left_is_counted_by_its_reason(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    box = b"From - Tue Mar 12 10:00:00 2024\n"
    deleted = b"X-Mozilla-Status: 0009\n" + letter(2, end="\n")
    (tmp_path / "mail" / "Inbox").write_bytes(box + letter(1, end="\n") + b"\n" + box + deleted + b"\n")
    (tmp_path / "mail" / "Inbox.msf").write_bytes(b'// <!-- <mdb:mork:z v="1.4"/> -->\n')
    (tmp_path / "mail" / "a\x1b[2Jb.txt").write_bytes(b"Hallo\n")
    (tmp_path / "mail" / "c.txt").write_bytes(b"Hallo\n")
    done = archive.run("import", tmp_path / "mail")
    words = done.out.decode()
    assert "left 2: text without a mail header\n" in words
    assert "left 1: an index of Thunderbird\n" in words
    assert "seen 5 = stored 0 + duplicate 0 + quarantined 1 + left 4" in words
    assert "\x1b" not in words
    counts = take(archive, tmp_path / "mail", "--deleted")
    assert (counts["quarantined"], counts["duplicate"], sum(counts["left_reasons"].values())) == (1, 1, 3)


def test_an_import_into_an_archive_is_seen_there_only(archive: Archive, tmp_path: Path) -> None:
    archive.add_user("alice", *ALICE.addresses)
    archive.add_user("bob", "bob@firma.example")
    (tmp_path / "one.eml").write_bytes(letter(1))
    assert archive.json("import", tmp_path / "one.eml", "--archive", "bob")["stored"] == 1
    assert (len(archive.found("bob")), len(archive.found("alice"))) == (1, 0)
    assert (
        archive.json("import", tmp_path / "one.eml")["stored"] == 1
    )  # another target is another handing-over
    assert (len(archive.found("bob")), len(archive.found("alice"))) == (1, 1)


def test_an_export_names_what_cannot_be_read_and_ends_with_6(archive: Archive, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"{number}.eml").write_bytes(letter(number, text=f"Nummer {number} " * 50))
        archive.json("import", tmp_path / f"{number}.eml")
    assert archive.json("export", "--to", tmp_path / "whole")["unreadable"] == []
    path = archive.data / "mail" / "segments" / "00000000000000000001.seg"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    said = archive.json("export", "--to", tmp_path / "damaged", code=6)
    assert (said["exported"], len(said["unreadable"])) == (2, 1)
    index = said["unreadable"][0]["id"]
    lines = [json.loads(line) for line in (tmp_path / "damaged" / "manifest.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines if "error" in line] == [index]
    done = archive.run("export", "--to", tmp_path / "again")
    assert (done.code, f"cannot be read: message {index}: " in done.out.decode()) == (6, True)
