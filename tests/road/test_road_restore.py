"""What docs/operate/backup.md says: a copy of a stopped archive comes back, and what it lacks can be told."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.opened import Opened
from tests.people import ALICE, letter


def entries(opened: Opened) -> int:
    """As an operator reads them: the second line of the checkpoint."""
    return int((opened.config.data / "mail/ledger/checkpoint").read_text().splitlines()[1])


def test_a_copy_without_database_and_index_comes_back_and_its_checkpoint_tells_that_it_is_older(
    opened: Opened, new_opened: Callable[..., Opened], tmp_path: Path
) -> None:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1), letter(2))
    backup = tmp_path / "backup"
    leave_out = shutil.ignore_patterns("catalogue.db*", "index", "keys.db-shm")
    shutil.copytree(opened.config.data, backup / "archive", ignore=leave_out)
    shutil.copy(opened.config.key_file, backup / "archive.key")
    (backup / "archive" / "config.toml").touch()
    opened.take(letter(3))
    written_down = entries(opened)
    restored = new_opened("restored", like=backup)
    assert restored.commands.run("search", "", "--as", "alice").code == 2, "the database is missing"
    restored.commands.json("rebuild")
    assert restored.verify("deep") == []
    assert len(restored.sees("alice")) == 2
    assert (entries(restored), written_down) == (2, 3)


def test_lost_tiles_come_back_with_the_next_mail_and_the_next_entry_of_the_audit_log(opened: Opened) -> None:
    opened.add_user("alice", *ALICE.addresses)
    opened.take(letter(1))
    for log in ("mail", "audit"):
        shutil.rmtree(opened.config.data / log / "ledger/tile")
    assert opened.verify("deep") != []
    opened.take(letter(2))
    opened.add_user("bob", "bob@firma.example")
    opened.process()
    assert opened.verify("deep") == []
