from tests.people import ALICE, BOB, letter, report
from tests.opened import Opened
from pathlib import Path


def test_smoke(opened: Opened, tmp_path: Path) -> None:
    opened.add_user("alice", ALICE.address)
    opened.add_user("bob", BOB.address)
    print(opened.take(letter(1), letter(2), report(letter(3), recipients=["To: alice@firma.example", "Bcc: bob@firma.example"])))
    assert len(opened.sees("alice")) == 3
    assert len(opened.sees("bob")) == 1
    assert len(opened.export(tmp_path / "out", "capture")) == 3
    assert opened.verify() == []
    assert opened.commands.json("search", "", "--as", "alice")["count"] == 3
    import time
    t = time.time(); opened.verify(); print("verify", time.time() - t)
