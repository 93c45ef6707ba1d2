"""What every index promises, as tests.

Terms: an *index* holds documents; what is *committed* is seen by every *view* (another reader); a *scope*
says whose mail may be seen. A subclass gives `index` (open for writing, empty) and `view()` (a reader of it).
"""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amberpost.errors import QueryError
from amberpost.search.index import Index, Matches, Scope, Sort
from amberpost.search.query import parse_query
from amberpost.search.tree import Query
from tests.fakes_index import MemoryIndex
from tests.unit.search_query.documents import DOCUMENTS, make
from tests.unit.search_query.golden import BERLIN, GOLDEN

# One word each, in the shapes in which it is written and asked for.
SHAPES = [
    ("µm", "μm", "ΜM"),
    ("ϐιβλίο", "βιβλίο", "ΒΙΒΛΙΟ"),
    ("ϑήτα", "θητα"),
    ("οδός", "ΟΔΌΣ", "οδοσ"),
    ("𝐌𝐚𝐭𝐡𝐞", "𝕸𝖆𝖙𝖍𝖊", "Mathe", "ｍａｔｈｅ"),
    ("Wachſtube", "Wachstube"),
    ("Straße", "STRASSE", "Strasse", "STRAẞE"),
    ("İstanbul", "istanbul", "ISTANBUL", "ıstanbul", "i\u0307stanbul"),
    ("ＡＢ１２", "ab12"),
    ("Oﬃzier", "Offizier"),
    ("Auﬂage", "Auflage"),
    ("x²", "x2"),
    ("Ⅳ", "iv"),
    ("nº", "no"),
    ("Müller", "MULLER", "Mu\u0308ller"),
]
EVERYTHING = Scope(everything=True)
_PIECES = [
    *(
        "server",
        "report",
        "quarterly",
        "müller",
        "Straße",
        "東京",
        "京都",
        "4711",
        "RE/4711",
        "2023-0117",
        "zz",
    ),
    *("from:", "to:", "subject:", "filename:", "body:", "before:", "after:", "on:", "has:", "id:", "larger:"),
    *(
        "OR",
        "AND",
        "NOT",
        "-",
        "(",
        ")",
        '"',
        "*",
        "an*",
        "anna.be*",
        "has:attachment",
        "is:truncated",
        "before:2023-06",
        ":",
    ),
    *(
        "archive:1",
        "archive:[0 TO 9]",
        "+",
        "^2",
        "~",
        "\\",
        "*:*",
        "IN [1 2]",
        "/.*/",
        "\x00",
        "\ud800",
        "attachment",
    ),
]
query_texts = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=9).map(" ".join),
    st.lists(st.sampled_from(_PIECES), max_size=9).map("".join),
    st.text(max_size=40),
)
# Any commit and any search may be slow on a busy machine; that is no fault of the index.
examples = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def find(
    index: Index,
    text: str,
    scope: Scope = EVERYTHING,
    *,
    sort: Sort = "date",
    limit: int = 100,
    offset: int = 0,
) -> Matches:
    return index.find(parse_query(text, ZoneInfo(BERLIN)), scope, sort=sort, limit=limit, offset=offset)


def parsed(text: str) -> Query | None:
    """The query, or None where it is refused: nothing but QueryError may be raised."""
    try:
        return parse_query(text, ZoneInfo(BERLIN))
    except QueryError:
        return None


class IndexContract:
    index: Index

    def view(self) -> Index:
        """Another reader of the same index."""
        raise NotImplementedError

    @pytest.fixture
    def full(self) -> Index:
        self.index.add(DOCUMENTS, known_new=True)
        self.index.commit()
        return self.view()

    def test_what_is_committed_is_seen_by_a_view_that_was_open_before(self) -> None:
        view = self.view()
        assert find(view, "hello") == Matches(count=0, ids=())
        self.index.add([make(1, "hello")], known_new=True)
        assert find(view, "hello").count == 0
        self.index.commit()
        assert find(view, "hello").ids == (1,)
        assert view.count() == 1

    def test_after_a_rest_all_goes_on(self) -> None:
        self.index.add([make(1, "hello")], known_new=True)
        self.index.commit()
        view = self.view()
        for number in (2, 3):
            self.index.rest()
            self.index.rest()
            view.rest()
            assert view.count() == number - 1
            self.index.add([make(number, "hello")], known_new=True)
            self.index.commit()
            assert find(view, "hello").ids == tuple(range(number, 0, -1))
        self.index.rest()
        assert self.index.has_after(2)

    def test_adding_twice_replaces(self) -> None:
        for subject in ("first", "second", "second"):
            self.index.add([make(1, subject), make(2, subject)], known_new=False)
            self.index.commit()
        assert self.view().count() == 2
        assert find(self.view(), "first").count == 0
        assert find(self.view(), "second").ids == (2, 1)

    @pytest.mark.parametrize("words", SHAPES, ids=lambda words: words[0])
    def test_a_word_is_found_by_each_of_its_shapes(self, words: tuple[str, ...]) -> None:
        self.index.add([make(number, body=word) for number, word in enumerate(words, 1)], known_new=True)
        self.index.add(
            [make(100 + n, filenames=(f"{w}.pdf",)) for n, w in enumerate(words, 1)], known_new=True
        )
        self.index.commit()
        for word in words:
            assert find(self.view(), f"body:{word}").count == len(words), word
            assert find(self.view(), f"filename:{word}").count == len(words), word

    def test_a_star_and_an_ending_ask_for_names_of_files_only(self) -> None:
        named, said = make(1, filenames=("plan.pdf",)), make(2, subject="plan.pdf", body="as pdf")
        self.index.add([named, said], known_new=True)
        self.index.commit()
        assert find(self.view(), "*.pdf").ids == (1,)
        assert find(self.view(), "plan -*.pdf").ids == (2,)
        assert find(self.view(), "subject:*.pdf").ids == (2,)

    def test_adding_one_number_twice_in_a_batch_keeps_the_last(self) -> None:
        self.index.add([make(1, "first"), make(1, "second")], known_new=False)
        self.index.commit()
        assert self.view().count() == 1
        assert find(self.view(), "second").count == 1

    def test_replacing_before_the_first_commit(self) -> None:
        self.index.add([make(1, "first")], known_new=True)
        self.index.add([make(1, "second")], known_new=False)
        self.index.commit()
        assert (self.view().count(), find(self.view(), "first").count) == (1, 0)

    def test_replacing_changes_who_sees_a_message(self) -> None:
        self.index.add([make(1, "hello", archives=())], known_new=True)
        self.index.commit()
        scope = Scope(archives=frozenset({7}))
        assert find(self.view(), "hello", scope).count == 0
        self.index.add([make(1, "hello", archives=(6, 7))], known_new=False)
        self.index.commit()
        assert find(self.view(), "hello", scope).count == 1

    def test_messages_with_more_text_than_is_indexed_are_named(self) -> None:
        whole, cut = make(1, "hello"), replace(make(2, "hello"), is_truncated=True)
        self.index.add([whole, cut], known_new=True)
        self.index.commit()
        assert find(self.view(), "is:truncated").ids == (2,)
        assert find(self.view(), "hello -is:truncated").ids == (1,)
        assert find(self.view(), "has:attachment").ids == ()

    def test_removed_is_gone_and_unknown_numbers_do_no_harm(self, full: Index) -> None:
        self.index.remove([3, 4, 5, 4_000_000, 2**40, 3])
        self.index.commit()
        assert full.count() == len(DOCUMENTS) - 3
        assert find(full, "id:4 OR id:6").ids == (6,)

    def test_it_tells_whether_it_has_later_messages(self, full: Index) -> None:
        last = max(document.message_id for document in DOCUMENTS)
        assert full.has_after(-1)
        assert full.has_after(last - 1)
        assert not full.has_after(last)

    def test_what_is_rolled_back_is_forgotten(self, full: Index) -> None:
        self.index.add([make(99, "late")], known_new=True)
        self.index.remove([1])
        self.index.rollback()
        self.index.commit()
        assert full.count() == len(DOCUMENTS)
        assert find(full, "late").count == 0

    @pytest.mark.parametrize(("text", "expected"), GOLDEN)
    def test_golden_searches(self, golden: Index, text: str, expected: set[int]) -> None:
        for sort in ("date", "relevance"):
            found = find(golden, text, sort=sort)
            assert set(found.ids) == expected
            assert found.count == len(expected)

    def test_empty_scope_sees_nothing(self, golden: Index) -> None:
        for text, _ in GOLDEN:
            assert find(golden, text, Scope()) == Matches(count=0, ids=())

    @pytest.mark.parametrize("archives", [{1}, {2, 3}, {1, 999}, set(range(3, 900)), {2**40}])
    def test_a_scope_cuts_every_search_exactly(self, golden: Index, archives: set[int]) -> None:
        allowed = {document.message_id for document in DOCUMENTS if archives & set(document.archives)}
        for text, expected in GOLDEN:
            found = find(golden, text, Scope(archives=frozenset(archives)))
            assert set(found.ids) == expected & allowed
            assert found.count == len(expected & allowed)

    def test_newest_first_and_equal_dates_by_number(self) -> None:
        when = DOCUMENTS[0].sent_at
        days = {1: 3, 2: 1, 3: 3, 4: 2, 5: 3}
        self.index.add(
            [make(number, "x", sent_at=when + timedelta(days=day)) for number, day in days.items()],
            known_new=True,
        )
        self.index.commit()
        assert find(self.view(), "x").ids == (5, 3, 1, 4, 2)
        assert find(self.view(), "x", sort="relevance").ids == (5, 3, 1, 4, 2)

    @pytest.mark.parametrize("sort", ["date", "relevance"])
    def test_pages_put_together_are_the_whole(self, golden: Index, sort: Sort) -> None:
        for text in ("", "firma", "server OR report OR firma"):
            whole = find(golden, text, sort=sort).ids
            pages = [
                find(golden, text, sort=sort, limit=7, offset=start).ids
                for start in range(0, len(whole) + 7, 7)
            ]
            assert tuple(number for page in pages for number in page) == whole

    def test_a_page_beyond_the_end_is_empty_and_still_counts(self, golden: Index) -> None:
        assert find(golden, "server", offset=50) == Matches(count=3, ids=())
        assert find(golden, "server", limit=0) == Matches(count=3, ids=())
        assert find(golden, "server", limit=0, sort="relevance") == Matches(count=3, ids=())

    @examples
    @given(text=query_texts, archives=st.frozensets(st.integers(0, 4), max_size=3))
    def test_no_query_text_widens_the_scope(self, golden: Index, text: str, archives: frozenset[int]) -> None:
        query = parsed(text)
        if query is None:
            return
        owned = {document.message_id for document in DOCUMENTS if archives & set(document.archives)}
        inside = golden.find(query, Scope(archives=archives), sort="relevance", limit=100, offset=0)
        anyone = golden.find(query, EVERYTHING, sort="date", limit=100, offset=0)
        assert set(inside.ids) == set(anyone.ids) & owned
        assert inside.count == len(inside.ids)

    @examples
    @given(text=query_texts)
    def test_the_oracle_finds_the_same(self, golden: Index, text: str) -> None:
        query = parsed(text)
        if query is None:
            return
        oracle = MemoryIndex()
        oracle.add(DOCUMENTS, known_new=True)
        oracle.commit()
        expected = oracle.find(query, EVERYTHING, sort="date", limit=100, offset=0)
        assert golden.find(query, EVERYTHING, sort="date", limit=100, offset=0) == expected
