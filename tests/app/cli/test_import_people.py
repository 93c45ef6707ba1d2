"""Files that hold the mail of many: what is one person's never becomes part of another's."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from amberpost.sources.files.reader import FileReader
from tests.opened import Opened
from tests.people import letter

PEOPLE = [f"person{number:02}" for number in range(20)]
MESSAGES = 200


def address(person: str) -> str:
    return f"{person}@firma.example"


def attached_mailbox(person: str) -> str:
    """A mailbox as a text part, with a letter to somebody else in it."""
    other = PEOPLE[(PEOPLE.index(person) + 7) % len(PEOPLE)]
    inner = letter("inner", to=address(other), end="\n").decode()
    return f"Anbei:\n\nFrom kunde@customer.example Tue Mar 12 10:00:00 2024\n{inner}\nEnde.\n"


TEXTS: list[Callable[[str], str]] = [
    lambda person: f"Nur für {person}.",
    lambda person: f"Guten Tag,\n\nFrom 1 January 2025 on, prices rise.\nNote: {person} pays.\n",
    lambda person: f"From here on\nSubject: {person}\nDate: open\n\n",
    lambda person: f"> Ana wrote:\n>From me\n>>From you\n>> to {person}\n",
    attached_mailbox,
    lambda person: f"Zwei Zeilen am Ende.\n{person}\n\n\n",
    lambda person: "",
]


def letters(kind: str) -> list[tuple[str, bytes]]:
    """Two hundred letters, each to one of twenty people, none twice in all kinds."""
    people = [PEOPLE[number * 13 % len(PEOPLE)] for number in range(MESSAGES)]
    return [
        (
            person,
            letter(f"{kind}-{number}", to=address(person), text=TEXTS[number % len(TEXTS)](person), end="\n"),
        )
        for number, person in enumerate(people)
    ]


DATED = "From kunde@customer.example Tue Mar 12 10:00:00 2024"


def box(*messages: bytes, line: str, between: bytes = b"\n") -> bytes:
    return b"".join(line.encode() + b"\n" + message + between for message in messages)


def quoted(raw: bytes, *, all_of_them: bool) -> bytes:
    def begins(line: bytes) -> bool:
        return (line.lstrip(b">") if all_of_them else line).startswith(b"From ")

    return b"".join(b">" + line if begins(line) else line for line in raw.splitlines(keepends=True))


def with_length(raw: bytes) -> bytes:
    head, empty, body = raw.partition(b"\n\n")
    return head + b"\nContent-Length: %d" % len(body) + empty + body


def write_files(folder: Path) -> dict[str, set[str]]:
    """Every kind of file into the folder; whose messages (by hash) are in them."""
    owned: dict[str, set[str]] = {person: set() for person in PEOPLE}

    def of(kind: str, change: Callable[[bytes], bytes] = lambda raw: raw) -> list[bytes]:
        changed = [(person, change(raw)) for person, raw in letters(kind)]
        for person, raw in changed:
            owned[person].add(hashlib.sha256(raw).hexdigest())
        return [raw for _, raw in changed]

    def write(name: str, content: bytes) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    def as_mboxo(raw: bytes) -> bytes:
        return quoted(raw, all_of_them=False)

    write("bare", box(*of("bare"), line="From ", between=b""))
    write("dash", box(*of("dash"), line="From - Tue Mar 12 10:00:00 2024"))
    write("address", box(*of("address"), line="From kunde@customer.example"))
    write("year", box(*of("year"), line="From kunde@customer.example Tue Mar 12 10:00:00"))
    write("list", box(*of("list", as_mboxo), line="From kunde at customer.example  Tue Mar 12 10:00:00 2024"))
    write("mboxo", box(*of("mboxo", as_mboxo), line=DATED))
    write("joined", box(*of("joined", as_mboxo), line=DATED, between=b""))
    write("mboxrd", box(*[quoted(raw, all_of_them=True) for raw in of("mboxrd")], line=DATED))
    write("mboxcl2", box(*of("mboxcl2", with_length), line=DATED))
    write("crlf", box(*of("crlf", as_mboxo), line=DATED).replace(b"\n", b"\r\n"))
    write("mmdf", b"".join(b"\1\1\1\1\n" + raw + b"\1\1\1\1\n" for raw in of("mmdf")))
    for number, raw in enumerate(of("emlx")):
        write(f"apple/{number}.emlx", b"%d\n%s<?xml version='1.0'?>\n<plist></plist>\n" % (len(raw), raw))
    for number, raw in enumerate(of("maildir")):
        write(f"Maildir/cur/17041896{number:02}.M{number}.host:2,S", raw)
    for number, raw in enumerate(of("mh")):
        write(f"mh/{number}", raw)
    write("gz", gzip.compress(box(*of("gz", as_mboxo), line=DATED)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened_zip:
        for number, raw in enumerate(of("zip")):
            opened_zip.writestr(f"{number}.eml", raw)
    write("zip", packed.getvalue())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as opened_tar:
        for number, raw in enumerate(of("tar")):
            info = tarfile.TarInfo(str(number))
            info.size = len(raw)
            opened_tar.addfile(info, io.BytesIO(raw))
    write("tar", packed.getvalue())
    # What was CRLF in its file is CRLF in the archive.
    for person in PEOPLE:
        owned[person] -= {hashlib.sha256(as_mboxo(raw)).hexdigest() for _, raw in letters("crlf")}
    for person, raw in letters("crlf"):
        owned[person].add(hashlib.sha256(as_mboxo(raw).replace(b"\n", b"\r\n")).hexdigest())
    return owned


def test_everybody_finds_exactly_what_is_theirs_whatever_file_it_came_in(
    opened: Opened, tmp_path: Path
) -> None:
    owned = write_files(tmp_path / "files")
    for person in PEOPLE:
        opened.add_user(person, address(person))
    reader = FileReader(source_id=opened.files)
    for batch in reader.fetch([tmp_path / "files"]):
        opened.accept(batch)
    opened.process()
    assert reader.left == []
    assert {person: opened.sees(person) == owned[person] for person in PEOPLE} == dict.fromkeys(PEOPLE, True)
    assert sum(len(hashes) for hashes in owned.values()) == 17 * MESSAGES
