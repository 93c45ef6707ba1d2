"""What the newest message of a mailbox tells about the account. Counts only: an operator reads no mail."""

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.message.evaluate import addresses, envelope_addresses
from amberpost.message.journal import Unwrapped, unwrap
from amberpost.message.parse import parse
from amberpost.message.types import Flag
from amberpost.net.certificates import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a step of the test found."""

    text: str
    state: Literal["ok", "warning", "failed"] = "ok"
    advice: str = ""
    certificate: Certificate | None = None
    may_trust: bool = False


def judge_sample(raw: bytes, evaluation: str) -> Said:
    """Is it a journal report, and does the header evaluation find addresses in it?"""
    unwrapped = unwrap(raw)
    if Flag.JOURNAL_REPORT in unwrapped.flags:
        return _report(unwrapped, evaluation)
    count = len({found.address for found in addresses(raw, parse(raw), evaluation)})
    if evaluation == "journal":
        return Said(
            text=_("no journal report, but an ordinary message; %(found)s") % {"found": _found(count)},
            advice=_(
                "Right for a mailbox that gets plain copies: sender and recipients of the header decide, and "
                "Bcc recipients are not found. If you expect journal reports, check the journal rule."
            ),
        )
    text = _("an ordinary message; %(found)s by this header evaluation") % {"found": _found(count)}
    if count:
        return Said(text=text)
    return Said(
        state="warning",
        text=text,
        advice=_("The chosen field is not in this message. Such mail waits in quarantine; nothing is lost."),
    )


def _report(unwrapped: Unwrapped, evaluation: str) -> Said:
    if evaluation != "journal":
        return Said(
            state="warning",
            text=_("a journal report"),
            advice=_(
                "With this header evaluation a journal report is treated as an ordinary message and mostly fits "
                "nobody. Choose “Enable MS Journal-Envelope autodetection”."
            ),
        )
    if unwrapped.envelope is None or Flag.REPORT_UNREADABLE in unwrapped.flags:
        return Said(
            state="warning",
            text=_("a journal report that cannot be read"),
            advice=_("It would wait in quarantine; nothing is lost."),
        )
    count = len({found.address for found in envelope_addresses(unwrapped.envelope)})
    return Said(text=_("a journal report; %(found)s") % {"found": _found(count)})


def _found(count: int) -> str:
    return ngettext("%(number)d address found", "%(number)d addresses found", count) % {"number": count}
