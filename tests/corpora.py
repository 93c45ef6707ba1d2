"""The only door to the folder `shared` beside the checkout: corpora, trials and reference of others.

A clone elsewhere has no such folder, and the suite of a clone is the suite. So the door is shut to every test
without the mark `shared`: what has no mark runs the same everywhere. Marked tests come in addition; where the
folder is not there, or SHARED=none hides it, they are left out, and the end of the run says so.
"""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"

SHARED: Path | None = _BESIDE if _BESIDE.is_dir() and os.environ.get("SHARED") != "none" else None

# A test with this parameter runs on our own mail always, and on that of the corpora in addition.
own_and_shared = pytest.mark.parametrize(
    "sample", ["own mail", pytest.param("shared corpora", marks=pytest.mark.shared)]
)

_is_open = False


def open_for(test: pytest.Item) -> None:
    """Let this test in if it is marked; called before the fixtures of each test."""
    global _is_open  # noqa: PLW0603 the door of one process, as is the test that runs
    _is_open = SHARED is not None and test.get_closest_marker("shared") is not None


def is_open() -> bool:
    """True within a marked test, where the folder is there."""
    return _is_open


def shared(path: str) -> Path:
    """A file or folder behind the door, as in `shared("corpora/hostile")`."""
    assert _is_open, f"shared/{path} is not in a clone: mark the test with pytest.mark.shared"
    assert SHARED is not None
    return SHARED / path


def corpus_files() -> list[Path]:
    """Every file of the corpora in a stable order; none for a test without the mark."""
    return sorted(path for path in shared("corpora").rglob("*") if path.is_file()) if _is_open else []
