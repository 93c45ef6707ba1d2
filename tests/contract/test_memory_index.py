"""The oracle keeps the contract, too."""

import pytest

from amberpost.search.index import Index
from tests.contract.index_contract import IndexContract
from tests.fakes_index import MemoryIndex
from tests.unit.search_query.documents import DOCUMENTS


class TestMemoryIndex(IndexContract):
    @pytest.fixture(autouse=True)
    def _made(self) -> None:
        self.index = MemoryIndex()

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls) -> Index:
        index = MemoryIndex()
        index.add(DOCUMENTS, known_new=True)
        index.commit()
        return index

    def view(self) -> Index:
        return self.index
