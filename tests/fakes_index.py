"""MemoryIndex: the contract of the index in the simplest code that can be right. An oracle, not fast."""

from collections.abc import Sequence

from amberpost.search.document import Document
from amberpost.search.index import Matches, Scope, Sort
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
from amberpost.search.words import words


class MemoryIndex:
    def __init__(self) -> None:
        self._committed: dict[int, Document] = {}
        self._pending: dict[int, Document | None] = {}

    def add(self, documents: Sequence[Document], *, known_new: bool) -> None:
        self._pending |= {document.message_id: document for document in documents}

    def remove(self, ids: Sequence[int]) -> None:
        self._pending |= dict.fromkeys(ids)

    def commit(self) -> None:
        self._committed |= {number: found for number, found in self._pending.items() if found}
        for number, found in self._pending.items():
            if found is None:
                self._committed.pop(number, None)
        self._pending = {}

    def rollback(self) -> None:
        self._pending = {}

    def find(self, query: Query, scope: Scope, *, sort: Sort, limit: int, offset: int = 0) -> Matches:
        hits = [d for d in self._committed.values() if scope.allows(d.archives) and matches(query, d)]
        hits.sort(key=lambda d: (int(d.sent_at.timestamp()), d.message_id), reverse=True)
        ids = tuple(document.message_id for document in hits)
        return Matches(count=len(ids), ids=ids[offset : offset + limit])

    def count(self) -> int:
        return len(self._committed)

    def has_after(self, message_id: int) -> bool:
        return any(number > message_id for number in self._committed)

    def rest(self) -> None:
        self._pending = {}

    def close(self) -> None:
        self._pending = {}


def matches(query: Query, document: Document) -> bool:
    match query:
        case Everything():
            return True
        case All(items):
            return all(matches(item, document) for item in items)
        case Any(items):
            return any(matches(item, document) for item in items)
        case Not(item):
            return not matches(item, document)
        case Text():
            return any(_stands_in(query, text) for text in _texts(query.field, document))
        case Sent(begin=begin, end=end):
            return (begin is None or document.sent_at >= begin) and (end is None or document.sent_at < end)
        case Size(larger=larger, smaller=smaller):
            return document.size_bytes > (larger if larger is not None else -1) and (
                smaller is None or document.size_bytes < smaller
            )
        case IsTruncated():
            return document.is_truncated
        case HasAttachment():
            return document.attached
        case Number(message_id):
            return document.message_id == message_id
        case Thread(key):
            return document.thread == key
    raise TypeError(query)


def _texts(field: Field | None, document: Document) -> list[str]:
    texts = {
        Field.SUBJECT: [document.subject],
        Field.FROM: [document.from_],
        Field.TO: [document.to],
        Field.BODY: [document.body],
        Field.FILENAME: list(document.filenames),
    }
    return texts[field] if field else [text for field_texts in texts.values() for text in field_texts]


def _stands_in(query: Text, text: str) -> bool:
    wanted = [word.text for word in words(query.text)]
    found = [word.text for word in words(text)]
    return any(
        _same(wanted, found[place : place + len(wanted)], prefix=query.prefix) for place in range(len(found))
    )


def _same(wanted: list[str], found: list[str], *, prefix: bool) -> bool:
    if len(found) < len(wanted) or not wanted or found[:-1] != wanted[:-1]:
        return False
    return found[-1].startswith(wanted[-1]) if prefix else found[-1] == wanted[-1]
