"""A package imports only from the rows below it; modules have names from the dictionary."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.figures import module_of, public_types
from tests.house.tree import PACKAGE, ROOT, python_files, repository_files

_FORBIDDEN_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "manager",
    "managers",
    "service",
    "services",
    "core",
    "handler",
    "handlers",
    "constants",
}
# Telling Django where its settings are is writing, not reading.
_READS_ENVIRONMENT = re.compile(r"\bos\.(environ|getenv)\b(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE\")")
LINTER = Path(sys.executable).with_name("lint-imports")


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["env", f"PYTHONPATH={root / 'src'}", LINTER, "--no-logo", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources again, to plant violations in."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "src" / "amberpost", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.fixture
def plant(copy: Path) -> Callable[[str, str], str]:
    """Add a line to a module of the copy for one run of the linter; returns what it says."""

    def planted(module: str, line: str) -> str:
        path = copy / "src" / "amberpost" / module
        before = path.read_text()
        path.write_text(f"{before}\n{line}\n")
        try:
            result = lint_imports(copy)
        finally:
            path.write_text(before)
        assert result.returncode != 0, f"{line} in {module} was not noticed"
        return result.stdout

    return planted


def test_the_layers_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_import_upward_is_noticed(plant: Callable[[str, str], str]) -> None:
    said = plant("errors.py", "import amberpost.ledger.tree")
    assert "amberpost.errors -> amberpost.ledger.tree" in said


def test_an_import_of_a_neighbour_is_noticed(plant: Callable[[str, str], str]) -> None:
    said = plant("ledger/tree.py", "import amberpost.message.types")
    assert "amberpost.ledger.tree -> amberpost.message.types" in said


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("road.assign", "accounts.models"),
        ("reading.find", "health.facts"),
        ("signin.login", "governance.state"),
        ("net.tls", "store.secret"),
    ],
)
def test_the_rooms_above_the_core_keep_their_order(
    plant: Callable[[str, str], str], below: str, above: str
) -> None:
    said = plant(f"{below.replace('.', '/')}.py", f"import amberpost.{above}")
    assert f"amberpost.{below} -> amberpost.{above}" in said


def test_a_framework_in_the_core_is_noticed(plant: Callable[[str, str], str]) -> None:
    assert "amberpost.ledger.tree -> django" in plant("ledger/tree.py", "import django")


def test_a_circle_is_noticed(plant: Callable[[str, str], str]) -> None:
    said = plant("ledger/tree.py", "import amberpost.ledger.log")
    assert "No circles inside a package BROKEN" in said


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if _FORBIDDEN_NAMES
        & {part.removesuffix(".py").strip("_") for part in path.relative_to(PACKAGE).parts}
    ]
    assert not found, "name these after what they hold"


def test_only_config_reads_the_environment() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if path.name != "config.py" and _READS_ENVIRONMENT.search(path.read_text())
    ]
    assert not found


def test_a_public_type_has_a_name_of_its_own() -> None:
    """One word for one thing: what is the same is imported, what differs is called differently."""
    trees = {module_of(path): ast.parse(path.read_text()) for path in python_files()}
    assert {name: places for name, places in public_types(trees).items() if len(places) > 1} == {}


def test_a_name_that_stands_twice_is_noticed() -> None:
    trees = {
        "store.keys": ast.parse("class Place:\n    pass\nRow = tuple[int]\n_CHUNK = 500\nLIMIT = 3"),
        "message.mime": ast.parse("Place = int | str\nclass _Row:\n    pass\nLIMIT = 4"),
    }
    assert public_types(trees)["Place"] == ["store.keys", "message.mime"]
    assert len(public_types(trees)["Row"]) == 1


def test_every_test_file_is_run() -> None:
    """`testpaths` names the folders in the order of their length; a new one must not be forgotten."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = tuple(f"{ROOT}/{path}/" for path in settings["tool"]["pytest"]["ini_options"]["testpaths"])
    found = [
        str(path) for path in repository_files() if path.name.startswith("test_") and path.suffix == ".py"
    ]
    assert len(found) > 100
    assert [path for path in found if not path.startswith(folders)] == []
