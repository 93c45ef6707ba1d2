"""The golden searches against the oracle; the real index runs the same ones in tests/contract."""

from zoneinfo import ZoneInfo

import pytest
from tests.fakes_index import MemoryIndex
from tests.unit.search_query.documents import DOCUMENTS
from tests.unit.search_query.golden import BERLIN, GOLDEN

from amberpost.search.index import Scope
from amberpost.search.query import parse_query


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    index = MemoryIndex()
    index.add(DOCUMENTS, known_new=True)
    index.commit()
    return index


@pytest.mark.parametrize(("text", "expected"), GOLDEN)
def test_the_oracle_finds_what_a_person_expects(index: MemoryIndex, text: str, expected: set[int]) -> None:
    found = index.find(
        parse_query(text, ZoneInfo(BERLIN)), Scope(everything=True), sort="date", limit=100, offset=0
    )
    assert set(found.ids) == expected
