"""Why a message belongs to an archive, in words."""

from django.utils.translation import gettext_lazy as _

from amberpost.road.reasons import Reason

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
