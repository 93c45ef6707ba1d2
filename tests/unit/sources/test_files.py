"""Folders of mail as they are on real disks."""

import os
from pathlib import Path
from typing import Any

import pytest

from amberpost.sources import files
from amberpost.sources.files import FileReader


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
    reader = FileReader(source_id=1)
    assert [one.raw for batch in reader.fetch([tmp_path]) for one in batch] == [b"a", b"z"]
    assert reader.left == [(str(tmp_path / "closed"), "cannot be read: Permission denied")]
