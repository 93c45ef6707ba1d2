"""Why a message belongs to an archive, as kept in rows and sealed in records.

The numbers are part of the sealed format: they are never changed or used again. Their words are in reading.reasons:
preparing runs in processes of its own, which need no translations.
"""

from enum import IntEnum
from functools import cache


class Reason(IntEnum):
    SENDER = 1
    ON_BEHALF_OF = 2
    TO = 3
    CC = 4
    BCC = 5
    RECIPIENT = 6
    UNKNOWN = 7
    EXPANDED_FROM = 8
    FORWARDED_FROM = 9
    HEADER_FROM = 20
    HEADER_SENDER = 21
    HEADER_TO = 22
    HEADER_CC = 23
    HEADER_BCC = 24
    HEADER_RESENT = 25
    X_ENVELOPE_TO = 40
    X_ORIGINAL_TO = 41
    DELIVERED_TO = 42
    CUSTOM = 43
    DELIVERED_TO_PREFIXED = 44
    IMPORT = 60
    FORK = 61


@cache
def reason_of(name: str) -> Reason:
    """The Reason for a name that message.evaluate gives, of which there are a few; any other is CUSTOM."""
    return Reason.__members__.get(name.upper().replace("-", "_"), Reason.CUSTOM)
