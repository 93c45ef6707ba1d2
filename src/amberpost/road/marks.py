"""What people are told about the flags of a message. Says nothing of its content, so operators may see it."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from amberpost.message.types import Flag

MARKS = {
    Flag.FROM_NDR: _("came back as undeliverable on its way to the archive"),
    Flag.SUSPICIOUS: _("journal report with lines that no Exchange writes"),
    Flag.REPORT_UNREADABLE: _("says it is a journal report, but none can be read in it"),
    Flag.REPORT_NOT_OPENED: _("journal report that the account's header evaluation does not open"),
    Flag.ORIGINAL_MISSING: _("journal report without the original"),
    Flag.DECRYPTED_BY_EXCHANGE: _("protected; this is the copy that Exchange decrypted"),
}


def marks_of(flags: Collection[str]) -> tuple[str, ...]:
    """The flags that somebody must know of, in words."""
    return tuple(str(text) for flag, text in MARKS.items() if flag in flags)
