"""Query tree to tantivy query objects. User text only ever becomes terms; it is never parsed a second time.

The scope is one more condition that every hit must meet, put around the whole query: nothing inside can widen
it. Conditions do not count towards relevance, words do.
"""

import re
from collections.abc import Sequence

import tantivy
from tantivy import FieldType, Occur

from amberpost.search.document import MAX_MESSAGE_ID
from amberpost.search.index import Scope
from amberpost.search.schema import ORDER, second
from amberpost.search.tree import (
    All,
    Any,
    Everything,
    Field,
    HasAttachment,
    IsTruncated,
    Not,
    Number,
    Query,
    Sent,
    Size,
    Text,
    Thread,
)
from amberpost.search.words import prepare

_WEIGHT = {
    Field.SUBJECT: 3.0,
    Field.FROM: 2.0,
    Field.FILENAME: 1.5,
}  # a word there says more than in the body


class Translator:
    """Makes tantivy queries for one open index."""

    def __init__(self, schema: tantivy.Schema, analyzer: tantivy.TextAnalyzer) -> None:
        self._schema = schema
        self._analyzer = analyzer

    def within(self, query: Query, scope: Scope) -> tantivy.Query:
        """The query under the scope."""
        wanted = self.translate(query)
        if scope.everything:
            return wanted
        allowed = _unranked(self._term_set("archive", sorted(scope.archives)))
        return tantivy.Query.boolean_query([(Occur.Must, allowed), (Occur.Must, wanted)])

    def by_ids(self, ids: Sequence[int]) -> tantivy.Query:
        """Messages with these numbers; a number that no message can have is left out."""
        return self._term_set("id", [number for number in ids if 0 <= number <= MAX_MESSAGE_ID])

    def after(self, message_id: int) -> tantivy.Query:
        """Messages with a higher number."""
        return self._range("id", message_id + 1, None)

    def translate(self, query: Query) -> tantivy.Query:
        """The query alone, as if everything might be seen; recursion is bounded by the parser's MAX_DEPTH."""
        match query:
            case Everything():
                return _everything()
            case All(items):
                return self._all(items)
            case Any(items):
                return _either([self.translate(item) for item in items])
            case Not():
                return self._all((query,))
            case Text():
                return self._text(query)
            case _:
                return _unranked(self._condition(query))

    def _all(self, items: tuple[Query, ...]) -> tantivy.Query:
        """Exclusions stand beside what is wanted; alone they would match nothing: Everything joins them."""
        parts = [
            (Occur.MustNot, self.translate(item.item))
            if isinstance(item, Not)
            else (Occur.Must, self.translate(item))
            for item in items
        ]
        if all(isinstance(item, Not) for item in items):
            parts.append((Occur.Must, _everything()))
        return tantivy.Query.boolean_query(parts)

    def _condition(self, query: Query) -> tantivy.Query:
        match query:
            case Sent(begin=begin, end=end):
                low = 0 if begin is None else second(begin) << 32
                return self._range(ORDER, low, None if end is None else second(end) << 32)
            case Size(larger=larger, smaller=smaller):
                return self._range("size", 0 if larger is None else larger + 1, smaller)
            case Number(message_id):
                return self.by_ids([message_id])
            case Thread(key):
                return self._term("thread", key.encode(errors="replace").decode())
            case HasAttachment():
                return self._term("has", "attachment")
            case IsTruncated():
                return self._term("has", "truncated")
        raise TypeError(f"not a condition: {query!r}")

    def _text(self, query: Text) -> tantivy.Query:
        found = self._analyzer.analyze(prepare(query.text))
        if not found:
            return tantivy.Query.empty_query()
        fields = Field if query.field is None else (query.field,)
        parts = []
        for field in fields:
            made = self._words(field, found, prefix=query.prefix)
            weight = _WEIGHT.get(field)
            parts.append(made if weight is None else tantivy.Query.boost_query(made, weight))
        return _either(parts)

    def _words(self, field: Field, found: list[str], *, prefix: bool) -> tantivy.Query:
        # Escaped although words are letters and digits: what builds a pattern must not have to trust that.
        going_on = re.escape(found[-1]) + ".*"
        if len(found) == 1:
            if prefix:
                return tantivy.Query.regex_query(self._schema, field.value, going_on)
            return tantivy.Query.term_query(self._schema, field.value, found[0], index_option="freq")
        if prefix:
            patterns: list[str | tuple[int, str]] = [*(re.escape(word) for word in found[:-1]), going_on]
            return tantivy.Query.regex_phrase_query(self._schema, field.value, patterns)
        return tantivy.Query.phrase_query(self._schema, field.value, [*found])

    def _term(self, field: str, value: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, value, index_option="basic")

    def _term_set(self, field: str, values: list[int]) -> tantivy.Query:
        if not values:
            return tantivy.Query.empty_query()
        if len(values) == 1:
            return tantivy.Query.term_query(self._schema, field, values[0], index_option="basic")
        return tantivy.Query.term_set_query(self._schema, field, values)

    def _range(self, field: str, low: int, high: int | None) -> tantivy.Query:
        """low <= value < high."""
        return tantivy.Query.range_query(
            self._schema, field, FieldType.Unsigned, low, high, include_upper=high is None
        )


def ranks(query: Query) -> bool:
    """Whether some hits of the query can be more relevant than others."""
    match query:
        case All(items) | Any(items):
            return any(ranks(item) for item in items)
        case Text():
            return True
        case _:
            return False


def _everything() -> tantivy.Query:
    return _unranked(tantivy.Query.all_query())


def _unranked(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)


def _either(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return (
        queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(Occur.Should, q) for q in queries])
    )
