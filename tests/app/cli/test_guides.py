"""The commands in the guides work as they stand there."""

import shlex
from contextlib import chdir
from pathlib import Path

from tests.archive import Archive
from tests.house.tree import ROOT
from tests.people import letter

CLOSED = "localhost:1"  # nobody listens: what asks a server says so at once


def shown_on(page: str) -> list[list[str]]:
    text = (ROOT / f"docs/operate/{page}.md").read_text().replace("\\\n", " ")
    lines = [line.partition(" # ")[0].strip() for line in text.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("amberpost ") and "[" not in line]


def test_the_clock_is_shown_and_confirmed(archive: Archive) -> None:
    assert [archive.run(*words).code for words in shown_on("clock")] == [0, 0]


def test_a_message_is_evaluated(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "message.eml").write_bytes(letter(1))
    with chdir(tmp_path):
        assert [archive.run(*words).code for words in shown_on("header-evaluation")] == [0, 0]


def test_notifications_are_set_up_with_a_password_and_with_a_token(archive: Archive, tmp_path: Path) -> None:
    for name in ("word", "secret"):
        (tmp_path / name).write_text("aB8Q~geheim\n")
    (first, test), (second,) = shown_on("notifications"), shown_on("microsoft-365")
    assert archive.json("notice", "set", "--to", "a@firma.example", "--to", "b@firma.example")["to"][1:]
    with chdir(tmp_path):
        assert archive.run(*first).code == 0
        kept = archive.json("notice", "show")
        assert (kept["to"], kept["user"], kept["password_set"]) == (["it@example.com"], "archive", True)
        archive.json("notice", "set", "--relay", CLOSED)
        assert archive.run(*test).code == 4
        assert archive.run(*second).code == 0
    kept = archive.json("notice", "show")
    assert (kept["relay"], kept["login"], kept["password_set"]) == ("smtp.office365.com", "oauth", False)
    assert kept["client_secret_set"]


def test_a_directory_is_set_and_says_what_is_wrong(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("geheim\n")
    choose, *others = [words for words in shown_on("directory") if words[0] == "directory"]
    with chdir(tmp_path):
        assert archive.run(*choose).code == 0
    assert archive.json("directory", "show")["kind"] == "ad"
    archive.json("directory", "set", "--kind", "ad", "--host", CLOSED)
    assert [archive.run(*words).code for words in others] == [4, 4, 4]


def test_archives_are_listed_released_revoked_handed_over_and_left_out(archive: Archive) -> None:
    archive.json("directory", "set", "--kind", "local", "--public-archives")
    archive.add_user("anna", "anna@company.example")
    archive.add_user("bob", "bob@company.example")
    for origin, address in (("shared", "info@company.example"), ("group", "sales@company.example")):
        archive.json("archive", "add", "--name", address, "--origin", origin, "--address", address)
    archive.json("user", "disable", "--login", "anna")
    for words in shown_on("directory"):
        if words[0] == "archive":
            done = archive.run(*words)
            assert done.code == 0, (words, done)


def test_seats_are_shown_limited_and_unlimited(archive: Archive) -> None:
    for words, limit in (
        (["seats"], None),
        (["seats", "--limit", "50"], 50),
        (["seats", "--no-limit"], None),
    ):
        assert archive.json(*words)["limit"] == limit
