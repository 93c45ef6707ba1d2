"""A new archive on the real disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys


@pytest.fixture
def disk(tmp_path: Path) -> LocalDisk:
    return LocalDisk(tmp_path / "data")


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    opened = create_keys(tmp_path / "data", tmp_path / "keys" / "archive.key")
    yield opened
    opened.close()
