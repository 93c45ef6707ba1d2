"""What is indexed of a message.

A Document is plain text and numbers; whoever makes it has decoded, cut and named everything. Nothing of it
is stored in the index except numbers: texts become words, the message itself is read from the store.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from amberpost.search.words import prepare

MAX_MESSAGE_ID = 2**32 - 1  # the sort key gives 32 bits to the number and 32 to the second


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One message as the index sees it. `message_id` is our number (ledger index), not the header field."""

    message_id: int
    archives: tuple[int, ...]
    subject: str
    from_: str  # "Name <address>, ..." of From
    to: str  # the same of To and Cc, never Bcc: a recipient must not find by it
    body: str
    filenames: tuple[str, ...]
    sent_at: datetime  # aware; never an absurd one
    thread: str = ""
    size_bytes: int = 0
    has_attachment: bool | None = None  # None: there is one if there are file names
    is_truncated: bool = False  # the message has more text than `body`
    is_settled: bool = False  # its texts have been through settled() already, perhaps in another process

    def settled(self) -> "Document":
        """The same with its texts made ready for the index; the costly part of adding it."""
        if self.is_settled:
            return self
        return replace(
            self,
            subject=prepare(self.subject),
            from_=prepare(self.from_),
            to=prepare(self.to),
            body=prepare(self.body),
            filenames=tuple(map(prepare, self.filenames)),
            is_settled=True,
        )

    @property
    def attached(self) -> bool:
        """Whether it is found by has:attachment."""
        return bool(self.filenames) if self.has_attachment is None else self.has_attachment
