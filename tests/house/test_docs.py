"""What the code offers has its place in the documents: dependencies, commands, settings, audit actions."""

import dataclasses
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from amberpost.audit.actions import Action
from amberpost.cli.main import COMMANDS
from amberpost.cli.reference import pages
from amberpost.config import Config, settings
from amberpost.errors import FindingKind
from tests.house.tree import ROOT

DOCS = ROOT / "docs"
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


def headings(path: Path) -> set[str]:
    """The texts of a page's headings, without code marks."""
    found = re.findall(r"^#{1,6} +(.+?) *$", path.read_text(), re.MULTILINE)
    return {text.replace("`", "").strip() for text in found}


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
    ]
    return {re.split(r"[\[<>=~! ;]", text)[0] for items in lists for text in items}


def test_each_dependency_has_its_line() -> None:
    text = (DOCS / "dev" / "dependencies.md").read_text()
    explained = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    assert explained == direct_dependencies()


def test_each_line_about_a_dependency_says_why_who_and_what_without() -> None:
    text = (DOCS / "dev" / "dependencies.md").read_text()
    for line in re.findall(r"^\| `.*$", text, re.MULTILINE):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 4, line
        assert all(cells), line


def test_each_command_has_a_heading() -> None:
    assert set(COMMANDS) <= {text.removeprefix("amberpost ") for text in headings(page("commands.md"))}


def test_pages_made_from_the_code_are_fresh() -> None:
    for name, text in pages().items():
        assert page(name).read_text() == text, "run make docs"


def test_each_setting_has_a_sentence_and_a_heading() -> None:
    for setting in dataclasses.fields(Config):
        assert setting.metadata["doc"].endswith("."), setting.name
    assert {name for name, _, _ in settings()} <= headings(page("settings.md"))


def test_each_audit_action_has_a_heading() -> None:
    assert {str(action.value) for action in Action} <= headings(page("audit-actions.md"))


def test_each_kind_of_finding_says_what_it_means_and_what_to_do() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (\S.* \| \S.*) \|$", page, re.MULTILINE))
    assert set(rows) == {kind.value for kind in FindingKind}


def test_kinds_of_findings_are_spelled_alike_everywhere() -> None:
    """With underscores, as alarms and settings are."""
    hyphened = {f'"{kind.replace("_", "-")}"' for kind in FindingKind}
    sources = (ROOT / "src").rglob("*.py")
    assert [path for path in sources if any(word in path.read_text() for word in hyphened)] == []


def test_architecture_fits_on_two_hundred_lines() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 200


def test_each_module_named_in_architecture_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    package = ROOT / "src" / "amberpost"
    for name in re.findall(r"`((?:\w+/)+\w+\.py)`", text):
        assert (package / name).exists() or (ROOT / name).exists(), name


def test_each_function_named_in_the_life_of_a_message_exists() -> None:
    text = (DOCS / "design" / "life-of-a-message.md").read_text()
    names = re.findall(r"`(amberpost(?:\.\w+)+)`", text)
    assert names
    for name in names:
        module, _, member = name.rpartition(".")
        assert hasattr(importlib.import_module(module), member), name


@pytest.mark.parametrize(
    "path",
    sorted(DOCS.rglob("*.md")) + sorted(ROOT.glob("*.md")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(path: Path) -> None:
    for target in _LINK.findall(path.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def page(name: str) -> Path:
    return DOCS / "reference" / name
