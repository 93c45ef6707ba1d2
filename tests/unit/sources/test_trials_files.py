"""Files that others said broke their archives; the folder beside the checkout says what is right."""

import hashlib
import json
from pathlib import Path

import pytest

from amberpost.sources.files.reader import DELETED, FileReader
from tests.corpora import shared

pytestmark = pytest.mark.shared


def read(path: Path, *, takes_deleted: bool = False) -> tuple[list[bytes], dict[str, str]]:
    reader = FileReader(source_id=1, takes_deleted=takes_deleted)
    raws = [one.raw for batch in reader.fetch([path]) for one in batch]
    return raws, {Path(name).name: reason for name, reason in reader.left}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("02-thunderbird-mbox/Inbox", 3),
        ("02-thunderbird-mbox/Sent", 3),
        ("02-thunderbird-mbox/dash.mbox", 3),
        ("04-from-in-text/prices.mbox", 2),
        ("c04-mbox-no-blank-line/three-messages.mbox", 3),
        ("24-deleted-and-tmp/Archive", 2),
    ],
)
def test_a_mailbox_has_as_many_messages_as_were_put_into_it(name: str, count: int) -> None:
    assert len(read(shared("trials") / name)[0]) == count


def test_a_paragraph_that_begins_with_from_is_whole() -> None:
    raws, _ = read(shared("trials/04-from-in-text/prices.mbox"))
    assert b"\nFrom 1 January 2025 on, prices rise.\nBye\n" in raws[0]


def test_what_is_no_mail_is_named() -> None:
    raws, left = read(shared("trials/13-import-anything/others"))
    assert len(raws) == 2
    assert set(left) == {"bild.png", "brief.msg", "mail.pst", "readme.txt"}
    raws, left = read(shared("trials/13-import-anything/mh"))
    assert (len(raws), left[",3"]) == (2, DELETED)


def test_deleted_mail_is_named_or_taken() -> None:
    raws, left = read(shared("trials/24-deleted-and-tmp"))
    assert {name for name, reason in left.items() if reason == DELETED} == {"Archive#2", ",3"}
    assert len(read(shared("trials/24-deleted-and-tmp"), takes_deleted=True)[0]) == len(raws) + 2


@pytest.mark.parametrize(
    "name", ["Maildir", "mh", "emlx", "eml.zip", "mmdf.mbx", "mboxrd.mbox", "mboxo.mbox"]
)
def test_mailboxes_of_other_programs_give_every_message_as_it_was(name: str) -> None:
    mailboxes = shared("corpora/formats/mailboxes")
    rows = [json.loads(line) for line in (mailboxes / "truth.jsonl").read_text().splitlines()]
    raws, left = read(mailboxes / name, takes_deleted=True)
    assert (len(raws), left) == (len(rows), {})
    found = {hashlib.sha256(raw).hexdigest() for raw in raws}
    missing = [row["n"] for row in rows if not {row["sha256"], row["crlf_sha256"]} & found]
    assert missing == ([row["n"] for row in rows if row["fromlines"]] if name == "mboxo.mbox" else [])


@pytest.mark.parametrize("name", ["mboxcl.mbox", "mboxcl2.mbox", "thunderbird.mbox"])
def test_what_programs_wrote_into_messages_stays_and_nothing_else_differs(name: str) -> None:
    def without_added(raw: bytes) -> list[bytes]:
        added = (b"x-mozilla-status", b"content-length")
        lines = raw.replace(b"\r\n", b"\n").replace(b"\n>From the RFC", b"\nFrom the RFC").split(b"\n")
        return [line for line in lines if not line.lower().startswith(added)]

    mailboxes = shared("corpora/formats/mailboxes")
    expected = [without_added(raw) for raw in read(mailboxes / "mmdf.mbx")[0]]
    assert [without_added(raw) for raw in read(mailboxes / name)[0]] == expected
