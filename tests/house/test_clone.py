"""A clone elsewhere has no shared corpora beside it: no test may need them."""

import re
from pathlib import Path

import pytest

from tests import corpora
from tests.house.tree import ROOT, repository_files

# How a path to the folder could be written: as a component of its own, or as the parent of what is in it
_NAMES_THE_FOLDER = re.compile(r"""/ ?["']shared["']|["'/]shared/|CORPORA\b""")
_DOOR = Path("tests/corpora.py")


def test_the_folder_is_named_by_its_door_alone() -> None:
    others = [
        path.relative_to(ROOT) for path in repository_files() if path.suffix in (".py", ".toml", ".cfg")
    ]
    naming = [path for path in others if _NAMES_THE_FOLDER.search((ROOT / path).read_text())]
    assert set(naming) <= {_DOOR, Path(__file__).relative_to(ROOT)}


def test_the_door_is_shut_to_a_test_without_the_mark() -> None:
    assert not corpora.is_open()
    assert corpora.corpus_files() == []
    with pytest.raises(AssertionError, match=r"pytest\.mark\.shared"):
        corpora.shared("corpora")


@pytest.mark.shared
def test_the_door_is_open_to_a_test_with_the_mark() -> None:
    assert corpora.is_open()
    assert corpora.corpus_files()


def test_continuous_integration_runs_the_suite_of_a_clone_first() -> None:
    said = (ROOT / ".ci/run").read_text()
    assert 0 < said.index("make test SHARED=none") < said.index("make test-shared")
