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
_LONG_FUNCTION = 40
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


def test_long_functions_are_reported(record_property: Callable[[str, object], None]) -> None:
    """A report, not a police: each is a question, what is the second thing it does?"""
    lengths = [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    for length, where in sorted(lengths, reverse=True):
        if length > _LONG_FUNCTION:
            record_property(where, length)
            print(f"{length} lines: {where}")
    assert lengths


def test_every_test_file_is_run() -> None:
    """`testpaths` names the folders in the order of their length; a new one must not be forgotten."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = tuple(f"{ROOT}/{path}/" for path in settings["tool"]["pytest"]["ini_options"]["testpaths"])
    found = [
        str(path) for path in repository_files() if path.name.startswith("test_") and path.suffix == ".py"
    ]
    assert len(found) > 100
    assert [path for path in found if not path.startswith(folders)] == []
