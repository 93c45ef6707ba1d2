"""How much of one message is looked at.

Bytes are always kept whole; a limit only bounds what is derived from them, and reaching one is noted as a
Defect. All work is linear in the size of the message times these numbers, so no clock is needed to stop it.
"""

DEPTH = 20  # nested multiparts and messages
PARTS = 5_000
HEADER_FIELDS = 10_000  # per header
FIELD_BYTES = 4 * 1024 * 1024  # one address field: some 100,000 addresses
TEXT_FIELD_BYTES = 64 * 1024  # one field that is shown or searched as text
PARAMETER_BYTES = 16 * 1024  # Content-Type and Content-Disposition
SUBJECT_CHARACTERS = 4_000
ADDRESSES = 50_000  # per field
MESSAGE_ID_CHARACTERS = 998  # RFC 5322 §2.1.1
REFERENCES = 200
RECIPIENTS = 100_000  # of one journal report
REPORT_BYTES = 32 * 1024 * 1024
OPENED = (
    200  # messages, signed envelopes and the like inside one message, opened because they lie there encoded
)
INDEX_CHARACTERS = 8 * 1024 * 1024  # text of one message for the index: a book of 4,000 pages
TEXT_PART_BYTES = 16 * 1024 * 1024  # encoded bytes of one text part
HTML_CHARACTERS = 8 * 1024 * 1024
FILENAME_CHARACTERS = 150
