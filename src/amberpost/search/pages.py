"""One page of hits in a settled order, from a tantivy searcher."""

import tantivy
from tantivy import Order

from amberpost.search.index import Matches
from amberpost.search.schema import ORDER, message_id_of

_TIES = 64  # hits fetched beyond the page to settle equal relevance at its edge
_MAX_TIES = 4096  # beyond so many equals their order is that of the index's segments


def page_by_date(searcher: tantivy.Searcher, query: tantivy.Query, limit: int, offset: int) -> Matches:
    """Newest first, then the higher number: both are in the sort key."""
    result = searcher.search(
        query, limit=max(limit, 1), offset=offset, order_by_field=ORDER, order=Order.Desc
    )
    return Matches(count=_count(result), ids=tuple(message_id_of(order) for order, _ in result.hits[:limit]))


def page_by_relevance(searcher: tantivy.Searcher, query: tantivy.Query, limit: int, offset: int) -> Matches:
    """Best first, equals newest first. tantivy orders equals by where they lie, which a merge changes."""
    ties, end = _TIES, offset + limit
    while True:
        result = searcher.search(query, limit=end + ties)
        count, hits = _count(result), result.hits
        # Settled when all equals of the page's last hit have been fetched: only then their order is ours.
        if len(hits) == count or not 0 < end < len(hits) or hits[-1][0] < hits[end - 1][0]:
            break
        if ties >= _MAX_TIES:
            break
        ties *= 8
    page = hits[offset:end]
    if not page:
        return Matches(count=count, ids=())
    # The page's first and last hit may have equals before and behind it: all of them are put in order together.
    best, worst = page[0][0], page[-1][0]
    start = next(place for place, hit in enumerate(hits) if hit[0] == best)
    equals = [hit for hit in hits[start:] if hit[0] >= worst]
    orders = [int(order or 0) for order in searcher.fast_field_values(ORDER, [at for _, at in equals])]
    ranked = sorted(zip(equals, orders, strict=True), key=lambda pair: (-pair[0][0], -pair[1]))
    ids = (message_id_of(order) for _, order in ranked[offset - start : end - start])
    return Matches(count=count, ids=tuple(ids))


def _count(result: tantivy.SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # tantivy 0.27 leaves it out of its stubs
