"""The facts of an e-mail, as values.

Nothing here touches a disk, a network or a framework. Offsets are byte offsets into the raw message given
to parse(); `end` is exclusive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RecipientKind(StrEnum):
    """How the transport knew a recipient (journal-report field, or UNKNOWN for a bare RCPT TO)."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"
    RECIPIENT = "recipient"
    UNKNOWN = "unknown"


class RedirectionKind(StrEnum):
    EXPANDED = "expanded"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirection:
    """ ", Expanded: list" or ", Forwarded: user" behind a recipient of a journal report."""

    kind: RedirectionKind
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeRecipient:
    address: str
    kind: RecipientKind = RecipientKind.UNKNOWN
    redirections: tuple[Redirection, ...] = ()  # outermost last


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """RFC 5321 envelope, or what a journal report says of it."""

    mail_from: str | None  # reverse-path; None = not known, "" = null path
    rcpt_to: tuple[EnvelopeRecipient, ...]
    on_behalf_of: str | None = None
    reported_message_id: str | None = None  # what the journal report says, may differ from the field inside
    reported_subject: str | None = None


class Defect(StrEnum):
    """What was odd about a message. Never a reason not to keep it."""

    NO_HEADER = "no_header"
    MALFORMED_HEADER = "malformed_header"
    BEFORE_HEADER = "before_header"  # a mark, empty lines or a line of an mbox before the first field
    HEADER_LIMIT = "header_limit"  # more header fields than we read
    EIGHT_BIT_HEADER = "eight_bit_header"
    BAD_DATE = "bad_date"
    NO_DATE = "no_date"
    UNKNOWN_ZONE = "unknown_zone"  # of the Date field; read as UTC
    ABSURD_DATE = "absurd_date"  # parses, but cannot be true
    NO_MESSAGE_ID = "no_message_id"
    BAD_ADDRESS = "bad_address"
    ADDRESS_LIMIT = "address_limit"
    BAD_ENCODED_WORD = "bad_encoded_word"
    UNKNOWN_CHARSET = "unknown_charset"
    UNDECODABLE_TEXT = "undecodable_text"
    CHARSET_MISLABELLED = "charset_mislabelled"  # the bytes are plainly another charset than they say
    BAD_TRANSFER_ENCODING = "bad_transfer_encoding"
    NO_BOUNDARY = "no_boundary"
    BOUNDARY_NOT_FOUND = "boundary_not_found"
    UNCLOSED_MULTIPART = "unclosed_multipart"
    DEPTH_LIMIT = "depth_limit"
    PART_LIMIT = "part_limit"
    TIME_LIMIT = "time_limit"
    TEXT_LIMIT = "text_limit"  # text for the index was cut
    HTML_LIMIT = "html_limit"  # HTML too deep or too large for a tree; its words were read without one
    BAD_TNEF = "bad_tnef"
    NUL_BYTES = "nul_bytes"


class Flag(StrEnum):
    """Facts of a message or of its journal report that a reader or officer must know."""

    ENCRYPTED = "encrypted"  # S/MIME enveloped, OpenPGP, rpmsg
    SIGNED = "signed"
    TNEF = "tnef"
    BCC_FIELD = "bcc_field"  # its own header names blind copies; not for every owner's eyes
    JOURNAL_REPORT = "journal_report"
    FROM_NDR = "from_ndr"  # the report was found inside a non-delivery report
    SUSPICIOUS = "suspicious"  # the report part holds lines no Exchange writes (journal-reports.md E7)
    ORIGINAL_MISSING = "original_missing"
    REPORT_UNREADABLE = "report_unreadable"  # says it is a journal report, but no envelope can be read in it
    REPORT_NOT_OPENED = "report_not_opened"  # a journal report, but the account's evaluation opens none
    MESSAGE_ID_DIFFERS = "message_id_differs"
    DECRYPTED_BY_EXCHANGE = "decrypted_by_exchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """RFC 5322 §3.4 mailbox."""

    name: str  # decoded display name, may be ""
    address: str  # addr-spec lower-cased, IDN domain as A-label


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes raw[start:end]."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of the MIME tree, in document order."""

    path: str  # "1", "1.2", "1.2.1": stable, shown in URLs; the message itself is "0"
    content_type: str  # lower case "type/subtype", declared or defaulted
    charset: str | None
    encoding: str  # Content-Transfer-Encoding, lower case; "7bit" when absent
    disposition: str  # "inline", "attachment" or ""
    filename: str  # decoded, path parts and control characters removed, may be ""
    content_id: str  # without < >
    header: Span
    body: Span
    depth: int
    flow: str = ""  # RFC 3676 of text/plain: "", "flowed", or "delsp" (DelSp=yes)
    is_multipart: bool = False
    is_attachment: bool = False  # shown in the attachment list


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMessage:
    """All that the catalogue, the index and the pages need to know."""

    subject: str
    from_: tuple[Mailbox, ...]
    sender: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    resent: tuple[Mailbox, ...]  # all Resent-From, -Sender, -To, -Cc, -Bcc
    message_id: str  # without < >, "" when missing; untrusted, not unique
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None  # Date field, else newest sound Received; aware UTC; never an absurd one
    date_offset_minutes: int | None  # the offset the Date field gave
    thread: str  # conversation key, see thread.py; "" never
    header: Span
    parts: tuple[Part, ...]
    # Where the values of the outermost header stand, by the name of the field in small letters.
    fields: Mapping[bytes, Sequence[tuple[int, int]]] = field(default_factory=dict, compare=False, repr=False)
    flags: frozenset[Flag] = field(default_factory=frozenset)
    defects: frozenset[Defect] = field(default_factory=frozenset)
