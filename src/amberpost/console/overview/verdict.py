"""What the overview says: what is not well, and what is well only but for something; where one does about each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.accounts.installation import SetupStep
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.directory.active import active_directory
from amberpost.health.numbers import Overview
from amberpost.health.verified import Verified
from amberpost.net.security import Security
from amberpost.notice.alarm import Alarm, AlarmKind
from amberpost.notice.configure import current_settings
from amberpost.notice.words import sentence
from amberpost.road.quarantine import count_own_addresses
from amberpost.sources.domains import own_domains
from amberpost.sources.models import Source, SourceProtocol

LONG_WITHOUT = timedelta(
    days=3
)  # the schedule is a day; a machine that is off over the weekend is no neglect
LONG_WITHOUT_WHOLE = timedelta(days=366)  # the drill of docs/operate/backup.md comes once a year

_PLACES: Mapping[str, str] = {
    AlarmKind.PLACE_IN_DOUBT: "console:place",
    AlarmKind.FINDINGS: "console:integrity",
    AlarmKind.VERIFY_FAILED: "console:integrity",
    AlarmKind.NO_SOURCE: "console:source-add",
    AlarmKind.UNPROCESSABLE: "console:quarantine",
    AlarmKind.QUARANTINE_GROWING: "console:quarantine",
    AlarmKind.JOBS_FAILED: "console:jobs",
    AlarmKind.NOTICE_FAILED: "console:notices",
    AlarmKind.DIRECTORY_FAILING: "console:directory",
    AlarmKind.DIRECTORY_WAITS: "console:directory",
    AlarmKind.CLAIMED_TWICE: "console:archives",
    AlarmKind.SEATS_EXCEEDED: "console:archives",
}
_OF_A_SOURCE = {
    AlarmKind.SOURCE_FAILING,
    AlarmKind.SOURCE_SILENT,
    AlarmKind.SECRET_EXPIRES,
    AlarmKind.CERTIFICATE_EXPIRES,
    AlarmKind.MAIL_LEFT,
    AlarmKind.REPORTS_NOT_OPENED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is not well, and the page where one does something about it."""

    text: str
    url: str


def troubles(alarms: Iterable[Alarm]) -> list[Trouble]:
    """What is not well, in the reader's language. That there is no account yet is only a reservation."""
    return [
        Trouble(text=sentence(alarm.kind, alarm.arguments), url=place_of(alarm.kind, alarm.subject))
        for alarm in alarms
        if alarm.kind != AlarmKind.NO_SOURCE
    ]


def place_of(kind: str, subject: str) -> str:
    """The page about an alarm."""
    if kind in _OF_A_SOURCE:
        return reverse("console:source", args=[int(subject)])
    return reverse(_PLACES.get(kind, "console:system"))


def reservations(numbers: Overview, verified: Iterable[Verified]) -> list[Trouble]:
    """Nothing fails, but: what would let somebody down on the day it matters. The gravest first."""
    return [
        *_not_verified(numbers, [run for run in verified if not run.error]),
        *_nothing_collected(numbers),
        *_not_told(),
        *_not_encrypted(),
        *_without_owner(),
    ]


def _not_verified(numbers: Overview, runs: list[Verified]) -> Iterator[Trouble]:
    url, at = reverse("console:integrity"), now()
    last = max((run.at for run in runs), default=None)
    if last is None:
        yield Trouble(text=_("This archive has never been verified."), url=url)
        return
    days = (at - last).days
    if at - last > LONG_WITHOUT:
        text = ngettext(
            "The last verification was %(days)d day ago.",
            "The last verification was %(days)d days ago.",
            days,
        )
        yield Trouble(text=text % {"days": days}, url=url)
    whole = max((run.at for run in runs if run.depth == "deep"), default=numbers.first_capture_at)
    if whole is not None and at - whole > LONG_WITHOUT_WHOLE:
        text = _("For more than a year not every byte has been verified. This does it: %(command)s")
        yield Trouble(text=text % {"command": "amberpost verify --deep"}, url=url)


def _nothing_collected(numbers: Overview) -> Iterator[Trouble]:
    accounts = Source.objects.exclude(protocol=SourceProtocol.FILE)
    if not accounts.exists():
        text, url = sentence(AlarmKind.NO_SOURCE, {}), reverse("console:source-add")
    elif not accounts.filter(enabled=True).exists():
        text, url = _("Every account is paused: nothing is collected."), reverse("console:sources")
    elif not numbers.captures:
        text, url = _("No mail has come yet."), reverse("console:sources")
    else:
        return
    yield Trouble(text=text, url=url)


def _not_told() -> Iterator[Trouble]:
    if not current_settings().channels:
        yield Trouble(text=_("Nobody is notified when something is wrong."), url=reverse("console:notices"))
    if not AuditEvent.objects.filter(action=Action.KEY_COPY_CONFIRMED).exists():
        yield Trouble(
            text=_("No copy of the key file is confirmed."),
            url=reverse("console:assistant-step", args=[int(SetupStep.STORAGE)]),
        )


def _not_encrypted() -> Iterator[Trouble]:
    accounts = Source.objects.exclude(protocol=SourceProtocol.FILE).filter(enabled=True)
    for source in accounts.filter(security=Security.NONE):
        text = _("The connection to %(source)s is not encrypted: password and mail can be read on the way.")
        yield Trouble(
            text=text % {"source": source.name}, url=reverse("console:source-edit", args=[source.pk])
        )
    if active_directory().settings.get("security") == "none":
        yield Trouble(
            text=_("The connection to the directory is not encrypted: its password can be read on the way."),
            url=reverse("console:directory-settings"),
        )
    settings = current_settings()
    if settings.has_mail and settings.security == Security.NONE:
        text = _("The connection to the mail relay is not encrypted: notifications can be read on the way.")
        yield Trouble(text=text, url=reverse("console:notices"))
    if settings.webhook_url.lower().startswith("http:"):
        text = _("The connection to the webhook is not encrypted: notifications can be read on the way.")
        yield Trouble(text=text, url=reverse("console:notices"))


def _without_owner() -> Iterator[Trouble]:
    number = count_own_addresses(own_domains())
    if number:
        text = ngettext(
            "Mail of %(number)d address of your own domains is in quarantine: no archive has this address.",
            "Mail of %(number)d addresses of your own domains is in quarantine: no archive has these addresses.",
            number,
        )
        yield Trouble(text=text % {"number": number}, url=reverse("console:quarantine"))
