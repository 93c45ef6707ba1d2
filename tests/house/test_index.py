"""The index of the documents: each page once a section, and none forgotten."""

import re
from collections import Counter

from tests.house.tree import ROOT

_LINK = re.compile(r"\]\(([^)#]+\.md)\)")


def test_no_section_of_the_index_names_a_page_twice() -> None:
    for section in (ROOT / "docs/index.md").read_text().split("\n## "):
        twice = [page for page, count in Counter(_LINK.findall(section)).items() if count > 1]
        assert twice == [], section.partition("\n")[0]


def test_the_index_forgets_no_page() -> None:
    docs = ROOT / "docs"
    named = set(_LINK.findall((docs / "index.md").read_text()))
    pages = {str(path.relative_to(docs)) for path in docs.rglob("*.md")} - {"index.md"}
    assert {page for page in pages if not page.startswith("decisions/")} <= named
