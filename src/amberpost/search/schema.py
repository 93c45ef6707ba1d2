"""How a Document lies in the tantivy index: fields, tokenizers, sort key.

Any change here that an existing index would not understand needs a new SCHEMA_VERSION: the folder carries it,
and an index of another version is rebuilt, never guessed at.
"""

from datetime import datetime

import tantivy

from amberpost.search.document import MAX_MESSAGE_ID, Document
from amberpost.search.tree import Field

SCHEMA_VERSION = "v2"
WORDS = "words"  # name of our tokenizer; registered anew in each process that opens the index
ORDER = "order"
_LAST_SECOND = 2**32 - 1  # in February 2106; the other half of the sort key


def make_schema() -> tantivy.Schema:
    """Positions in all texts: addresses, codes, file names are phrases of their pieces. Nothing is stored."""
    builder = tantivy.SchemaBuilder()
    for field in Field:
        builder.add_text_field(field.value, tokenizer_name=WORDS, index_option="position")
    builder.add_text_field("has", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("thread", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("id", indexed=True)
    builder.add_unsigned_field("archive", indexed=True)
    builder.add_unsigned_field(ORDER, fast=True)
    builder.add_unsigned_field("size", fast=True)
    return builder.build()


def make_analyzer() -> tantivy.TextAnalyzer:
    """Letters and digits, accents folded before case: "İ" must become "i" and not "i" with a dot above."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(tantivy.Filter.ascii_fold()).filter(tantivy.Filter.lowercase()).build()


def order_key(sent_at: datetime, message_id: int) -> int:
    """Second and number in one: sorts by date, then by number, gives the number back, and bounds dates."""
    return (second(sent_at) << 32) | message_id


def message_id_of(order: int) -> int:
    """The number in a sort key."""
    return order & MAX_MESSAGE_ID


def second(moment: datetime) -> int:
    """Seconds since 1970, which e-mail is younger than, and before 2106."""
    return min(max(int(moment.timestamp()), 0), _LAST_SECOND)


def to_tantivy(document: Document) -> tantivy.Document:
    """The document as the schema has it; ValueError for a number that the sort key has no room for."""
    if not 0 <= document.message_id <= MAX_MESSAGE_ID:
        raise ValueError(f"message_id out of range: {document.message_id}")
    document = document.settled()
    made = tantivy.Document()
    made.add_text("subject", document.subject)
    made.add_text("from", document.from_)
    made.add_text("to", document.to)
    made.add_text("body", document.body)
    for filename in document.filenames:
        made.add_text("filename", filename)
    if document.attached:
        made.add_text("has", "attachment")
    if document.is_truncated:
        made.add_text("has", "truncated")
    if document.thread:
        made.add_text("thread", document.thread)
    made.add_unsigned("id", document.message_id)
    for archive in document.archives:
        made.add_unsigned("archive", archive)
    made.add_unsigned(ORDER, order_key(document.sent_at, document.message_id))
    made.add_unsigned("size", document.size_bytes)
    return made
