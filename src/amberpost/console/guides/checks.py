"""The check list of a remote account: what the archive has seen of it, step by step, and its self-test."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.clock import now
from amberpost.health.evidence import Evidence, evidence_of, note_evidence
from amberpost.sources.models import MailSystem, OwnDomain, Source, SourceProtocol, SourceStatus
from amberpost.spoken import in_words

_WRITING_REPORTS = {MailSystem.MICROSOFT_365, MailSystem.EXCHANGE, MailSystem.GOOGLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line that ticks itself off."""

    text: str
    at: datetime | None
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Whether the account has been silent for longer than the operator allows."""

    state: str  # off, waiting, well, alarm
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckList:
    """All of one account."""

    source: Source
    checks: tuple[Check, ...]
    self_test: SelfTest
    error: str
    is_paused: bool

    @property
    def done(self) -> int:
        return sum(check.at is not None for check in self.checks)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.checks)


def check_lists(*, of: str = "") -> list[CheckList]:
    """Of every remote account, by name; `of`: only those of this mail system."""
    sources = Source.objects.exclude(protocol=SourceProtocol.FILE).select_related("status")
    if of:
        sources = sources.filter(mail_system=of)
    return [check_list(source) for source in sources]


def check_list(source: Source) -> CheckList:
    """What has been seen at this account; looks once more at its newest mail if something is missing."""
    if not _is_whole(source, evidence_of(source)):
        note_evidence(source)
    seen = evidence_of(source)
    status = SourceStatus.objects.filter(source=source).first() or SourceStatus(source=source)
    return CheckList(
        source=source,
        checks=(*_login_checks(source, status), *_mail_checks(source, seen)),
        self_test=_self_test(source, status, seen),
        error=in_words(status.last_error) if status.failures else "",
        is_paused=not source.enabled,
    )


def waits_for_reports(source: Source, seen: Mapping[Evidence, datetime]) -> bool:
    """True if journal reports are to come: its mail system writes them, or has written one.

    The evaluation alone does not tell: it recognises reports, and takes ordinary mail as well.
    """
    return source.evaluation == "journal" and (
        source.mail_system in _WRITING_REPORTS or Evidence.JOURNAL_REPORT in seen
    )


def _wanted(source: Source, seen: Mapping[Evidence, datetime]) -> set[Evidence]:
    kinds = {Evidence.INCOMING, Evidence.OUTGOING, Evidence.INTERNAL}
    return kinds | {Evidence.JOURNAL_REPORT, Evidence.BCC} if waits_for_reports(source, seen) else kinds


def _is_whole(source: Source, seen: Mapping[Evidence, datetime]) -> bool:
    return _wanted(source, seen) <= seen.keys()


def _login_checks(source: Source, status: SourceStatus) -> list[Check]:
    checks = [Check(text=_("First sign-in at the mailbox"), at=status.first_login_at)]
    if source.kind.uses_oauth:
        checks.insert(0, Check(text=_("First token from Microsoft"), at=status.first_token_at))
    return checks


def _mail_checks(source: Source, seen: dict[Evidence, datetime]) -> list[Check]:
    hint = "" if OwnDomain.objects.exists() else _("Can be told only once your own mail domains are set.")
    texts = {
        Evidence.JOURNAL_REPORT: (_("First journal report"), ""),
        Evidence.INCOMING: (_("First message from outside"), hint),
        Evidence.OUTGOING: (_("First message to the outside"), hint),
        Evidence.INTERNAL: (_("First message within the company"), hint),
        Evidence.BCC: (_("First recipient in Bcc"), _("Send a message to yourself with a colleague in Bcc.")),
    }
    return [
        Check(text=text, at=seen.get(kind), hint=hint)
        for kind, (text, hint) in texts.items()
        if kind in _wanted(source, seen)
    ]


def _self_test(source: Source, status: SourceStatus, seen: dict[Evidence, datetime]) -> SelfTest:
    hours, is_report = source.silence_hours, waits_for_reports(source, seen)
    last = seen.get(Evidence.LAST_REPORT) if is_report else status.last_message_at
    if not hours:
        return SelfTest(state="off", text=_("The self-test is switched off."), at=last)
    if last is None:
        text = _("No journal report has come yet.") if is_report else _("No message has come yet.")
        return SelfTest(state="waiting", text=text)
    if now() - last > timedelta(hours=hours):
        return SelfTest(state="alarm", text=_silence(hours, is_report=is_report), at=last)
    text = ngettext(
        "Well. Silence of more than %(hours)d hour will be an alarm.",
        "Well. Silence of more than %(hours)d hours will be an alarm.",
        hours,
    )
    return SelfTest(state="well", text=text % {"hours": hours}, at=last)


def _silence(hours: int, *, is_report: bool) -> str:
    report = ngettext(
        "No journal report for %(hours)d hour.", "No journal report for %(hours)d hours.", hours
    )
    message = ngettext("No message for %(hours)d hour.", "No message for %(hours)d hours.", hours)
    return (report if is_report else message) % {"hours": hours}
