"""The contract of the full-text index: what any implementation promises.

Rights are part of every question: find() takes the Scope of the asking user and enforces it inside the index
query, so counts and pages are exact under it. The index is disposable; it can always be made anew from the
store. What is unusable says so with IndexDamaged and never answers from a part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from amberpost.errors import StoreError
from amberpost.search.document import Document
from amberpost.search.tree import Query

Sort = Literal["relevance", "date"]


class IndexDamaged(StoreError):
    """The index is missing, damaged or of another version: it needs a rebuild. No message is affected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose mail may be seen. The empty scope sees nothing."""

    everything: bool = False
    archives: frozenset[int] = field(default_factory=frozenset)

    def allows(self, archives: Iterable[int]) -> bool:
        """Whether a message of these archives may be seen; one of them is enough."""
        return self.everything or not self.archives.isdisjoint(archives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """`count` of all matches under the scope, and the message ids of the asked page, best first."""

    count: int
    ids: tuple[int, ...]


class Index(Protocol):
    def add(self, documents: Sequence[Document], *, known_new: bool) -> None:
        """Index documents. known_new=True promises that none of the ids is in the index (the fast way);
        False replaces what is there under the same message_id, so repeating is harmless."""

    def remove(self, ids: Sequence[int]) -> None:
        """Forget these messages; unknown ids are ignored."""

    def commit(self) -> None:
        """Make all that was added and removed durable and visible to every reader."""

    def rollback(self) -> None:
        """Forget what was added and removed since the last commit."""

    def find(self, query: Query, scope: Scope, *, sort: Sort, limit: int, offset: int = 0) -> Matches:
        """Matches within the scope. "date" is newest first; equal relevance is newest first, too; then the
        higher message_id. A query that ranks nothing (everything, only dates) is sorted by date."""

    def count(self) -> int:
        """Number of messages in the index, as of the last commit."""

    def has_after(self, message_id: int) -> bool:
        """Whether it has messages with a higher number, as of the last commit."""

    def rest(self) -> None:
        """Until the next use hold neither locks nor memory. What was not committed is forgotten."""

    def close(self) -> None:
        """Give up locks and memory. What was not committed is forgotten."""
