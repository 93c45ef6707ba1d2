"""One archive with mail and people in it, shared by the tests that only look."""

from pathlib import Path

import pytest

from tests.archive import Archive
from tests.people import ALICE, BOB, CHARLIE, letter, report

SECRET = "Quartalsplanung"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """alice has five messages, bob one of them as Bcc, charlie none; one message waits in quarantine."""
    folder = tmp_path_factory.mktemp("filled")
    archive = Archive(data=folder / "archive").init()
    archive.add_user("alice", *ALICE.addresses)
    archive.add_user("bob", *BOB.addresses)
    archive.add_user("charlie", *CHARLIE.addresses)
    write_mail(folder / "mail")
    counts = archive.json("import", folder / "mail")
    assert {name: counts[name] for name in ("seen", "stored", "quarantined")} == {
        "seen": 6, "stored": 5, "quarantined": 1,
    }  # fmt: skip
    return archive


def write_mail(folder: Path) -> None:
    folder.mkdir()
    for number in range(4):
        day = f"Tue, {14 + number} Feb 2023 08:41:05 +0000"
        (folder / f"{number}.eml").write_bytes(letter(number, date=day, text=f"Text Nummer{number}"))
    inner = letter("hidden", subject=SECRET, date="Wed, 1 Mar 2023 10:00:00 +0000")
    lines = ["To: alice@firma.example", "Bcc: bob@firma.example"]
    (folder / "report.eml").write_bytes(report(inner, recipients=lines))
    (folder / "stranger.eml").write_bytes(letter("stranger", to="niemand@nirgends.example"))
