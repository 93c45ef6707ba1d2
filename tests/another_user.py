"""Commands run by other users of this machine. Only root can do that, with a Python that everybody may run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from tests.archive import ROOT, TIMEOUT, Archive, Done, environment
from tests.ready import Starter

OWNER, STRANGER = 65533, 65532  # numbers without a name, which nobody else uses


@lru_cache
def _python() -> str | None:
    """A Python of our version that another user can start our command with."""
    names = (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
    for python in names if os.geteuid() == 0 else ():
        try:
            subprocess.run(
                [python, "-c", "import amberpost.cli.main, django, tantivy, tests.ready"],
                env={"PYTHONPATH": _modules()}, cwd="/", user=STRANGER, group=STRANGER, extra_groups=[],
                check=True, capture_output=True,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None


def _modules() -> str:
    return os.pathsep.join(
        [str(ROOT / "src"), str(ROOT), *(path for path in sys.path if path.endswith("-packages"))]
    )


def need_other_users() -> None:
    """Skip the test where nobody else can be asked to run a command."""
    if _python() is None:
        pytest.skip("only root, with a Python that others may run, can be somebody else")


def run_as(uid: int, archive: Archive, *words: str | Path, env: Mapping[str, str] | None = None) -> Done:
    """Run a command to its end as the user with this number; root with the same Python."""
    variables = environment({**archive.settings, "PYTHONPATH": _modules(), **(env or {})})
    code, out, errors = _starter(uid).run(archive.words(*words), variables, timeout=TIMEOUT)
    return Done(code=code, out=out, words=errors.decode("utf-8", "replace"))


def start_as(uid: int, archive: Archive, *words: str | Path) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own, genuinely."""
    python = _python()
    assert python is not None
    return subprocess.Popen(
        [python, "-m", "amberpost.cli.main", *archive.words(*words)],
        env=environment({**archive.settings, "PYTHONPATH": _modules()}), cwd="/", user=uid,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


@lru_cache
def _starter(uid: int) -> Starter:
    python = _python()
    assert python is not None
    return Starter(python, _modules(), uid or None)


def give_to(uid: int, *paths: Path) -> None:
    """Make everything under the paths belong to this user."""
    for path in paths:
        for file in (path, *path.rglob("*")):
            shutil.chown(file, uid, uid)


def open_to_all(*folders: Path) -> None:
    """Let everybody look into these folders and what is above them, as pytest's own folders do not."""
    for folder in folders:
        for above in (folder, *folder.parents):
            mode = above.stat().st_mode
            if mode & 0o055 != 0o055:
                above.chmod(mode | 0o055)
