"""Disks without room: one whose calls and statements fail, and, where this process may mount, a real one.

The first is always tested; the second shows that the first is like it.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from amberpost.store.disk import LocalDisk

_ROOMY = "size=400m"
_PAGE = 4096


def _mount(*words: str) -> bool:
    program = shutil.which("mount")
    if program is None or not sys.platform.startswith("linux"):
        return False
    return subprocess.run([program, *words], capture_output=True, check=False).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run([str(shutil.which("umount")), "--lazy", str(folder)], capture_output=True, check=True)


@cache
def can_mount() -> bool:
    """Whether this process may make a small file system, which mostly root alone may."""
    with tempfile.TemporaryDirectory() as folder:
        if not _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder):
            return False
        _unmount(Path(folder))
    return True


class SmallDisk:
    """A file system of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @contextmanager
    def mounted(cls, folder: Path) -> "Iterator[SmallDisk]":
        folder.mkdir()
        assert _mount("-t", "tmpfs", "-o", _ROOMY, "tmpfs", str(folder))
        try:
            yield cls(folder)
        finally:
            _unmount(folder)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Full to the last byte: as small as what is in it."""
        used = shutil.disk_usage(self.folder).used
        assert _mount("-o", f"remount,size={-(-used // _PAGE) * _PAGE}", str(self.folder))
        assert shutil.disk_usage(self.folder).free == 0
        try:
            yield
        finally:
            assert _mount("-o", f"remount,{_ROOMY}", str(self.folder))


class FailingDisk:
    """Statements that write and calls that need room fail in this process, as they do on a full disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    @contextmanager
    def full(self) -> Iterator[None]:
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(LocalDisk, "free_bytes", lambda _disk: 0)
            stack.enter_context(connection.execute_wrapper(_refuse))
            yield


def _refuse(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.split(None, 1)[0] not in {"INSERT", "UPDATE", "DELETE"}:
        return execute(sql, *rest)
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OperationalError(str(cause)) from cause


@contextmanager
def disk_of_kind(kind: str, folder: Path) -> Iterator[SmallDisk | FailingDisk]:
    if kind == "failing":
        yield FailingDisk(folder)
    else:
        with SmallDisk.mounted(folder) as disk:
            yield disk


KINDS = ["failing", *(["mounted"] if can_mount() else [])]
