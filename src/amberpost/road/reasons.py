"""Why a message belongs to an archive, as kept in rows and sealed in records.

The numbers are part of the sealed format: they are never changed or used again.
"""

from enum import IntEnum
from functools import cache

from django.utils.translation import gettext_lazy as _


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


LABELS = {
    Reason.SENDER: _("sender"),
    Reason.ON_BEHALF_OF: _("sent on behalf of"),
    Reason.TO: _("recipient (To)"),
    Reason.CC: _("recipient (Cc)"),
    Reason.BCC: _("recipient (Bcc)"),
    Reason.RECIPIENT: _("recipient"),
    Reason.UNKNOWN: _("recipient (envelope)"),
    Reason.EXPANDED_FROM: _("addressed list"),
    Reason.FORWARDED_FROM: _("addressed, then forwarded"),
    Reason.HEADER_FROM: _("From"),
    Reason.HEADER_SENDER: _("Sender"),
    Reason.HEADER_TO: _("To"),
    Reason.HEADER_CC: _("Cc"),
    Reason.HEADER_BCC: _("Bcc"),
    Reason.HEADER_RESENT: _("resent"),
    Reason.X_ENVELOPE_TO: "X-Envelope-To",
    Reason.X_ORIGINAL_TO: "X-Original-To",
    Reason.DELIVERED_TO: "Delivered-To",
    Reason.DELIVERED_TO_PREFIXED: _("Delivered-To, without its prefix"),
    Reason.CUSTOM: _("chosen header field"),
    Reason.IMPORT: _("imported into this archive"),
    Reason.FORK: _("another copy of the same mail"),
}


@cache
def reason_of(name: str) -> Reason:
    """The Reason for a name that message.evaluate gives, of which there are a few; any other is CUSTOM."""
    return Reason.__members__.get(name.upper().replace("-", "_"), Reason.CUSTOM)
