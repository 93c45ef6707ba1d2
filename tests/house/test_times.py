"""Times have one home: what writes a moment for people asks amberpost.times."""

import re
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE, python_files

# Other ways to write a moment: Django's filters and tags, and a bare field
IN_TEMPLATES = re.compile(
    r"\|\s*(?:date|time|timesince|timeuntil|natural(?:day|time)|localtime|utc|timezone)\b|\{%\s*(?:now|localtime|timezone)\b"
    r"|\{\{[^}|]*(?:_at|(?<!is)_on|_since|_until|\.since|\.until)\s*\}\}|isoformat"
)
IN_CODE = re.compile(r"strftime\(|date_format\(|time_format\(|:%[YmdHMSyBbjaA]|naturaltime|timesince")
MACHINES = re.compile(r"%Y%m%dT%H")  # a stamp in the name of a file
# What no person reads as a page, or what tells of other people's clocks: mail itself, its samples, logs, the wire.
ELSEWHERE = {"times.py", "logs.py"}
ROOMS_OF_MAIL = {"message", "store", "ledger", "demo", "oauth", "sources"}


def in_template(text: str) -> list[str]:
    return IN_TEMPLATES.findall(text)


def in_code(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if IN_CODE.search(line) and not MACHINES.search(line)]


def _is_ours(path: Path) -> bool:
    return path.relative_to(PACKAGE).parts[0] not in ROOMS_OF_MAIL | ELSEWHERE


def test_no_page_writes_a_time_in_a_form_of_its_own() -> None:
    wrong = {str(path): found for path in PACKAGE.rglob("*.html") if (found := in_template(path.read_text()))}
    assert wrong == {}


def test_no_code_writes_a_time_in_a_form_of_its_own() -> None:
    wrong = {
        str(path): found for path in filter(_is_ours, python_files()) if (found := in_code(path.read_text()))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "planted",
    [
        '{{ run.started_at|date:"H:i" }}',
        "{{ run.started_at | time }}",
        "{{ run.started_at|timesince }}",
        '{% now "Y" %}',
        "{{ status.last_success_at }}",
        "{{ seats.grace_until }}",
        "{{ day.isoformat }}",
    ],
)
def test_a_form_of_its_own_in_a_page_is_noticed(planted: str) -> None:
    assert in_template(f"<p>{planted}</p>")


@pytest.mark.parametrize(
    "planted",
    ['at.strftime("%H:%M")', 'date_format(at, "DATE_FORMAT")', 'f"{at:%Y-%m-%d} UTC"', "timesince(at)"],
)
def test_a_form_of_its_own_in_code_is_noticed(planted: str) -> None:
    assert in_code(f"text = {planted}")
