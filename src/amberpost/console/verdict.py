"""What the overview says about alarms: their sentences, and where one does something about each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from amberpost.notice.alarm import Alarm, Kind
from amberpost.notice.words import sentence

_PLACES: Mapping[str, str] = {
    Kind.FINDINGS: "console:integrity",
    Kind.VERIFY_FAILED: "console:integrity",
    Kind.NO_SOURCE: "console:source-add",
    Kind.UNPROCESSABLE: "console:quarantine",
    Kind.QUARANTINE_GROWING: "console:quarantine",
    Kind.JOBS_FAILED: "console:jobs",
    Kind.NOTICE_FAILED: "console:notices",
    Kind.DIRECTORY_FAILING: "console:directory",
    Kind.DIRECTORY_WAITS: "console:directory",
    Kind.CLAIMED_TWICE: "console:archives",
    Kind.SEATS_EXCEEDED: "console:archives",
}
_OF_A_SOURCE = {
    Kind.SOURCE_FAILING,
    Kind.SOURCE_SILENT,
    Kind.SECRET_EXPIRES,
    Kind.CERTIFICATE_EXPIRES,
    Kind.MAIL_LEFT,
    Kind.REPORTS_NOT_OPENED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is not well, and the page where one does something about it."""

    text: str
    url: str


def troubles(alarms: Iterable[Alarm]) -> list[Trouble]:
    """The same, for a page in the reader's language."""
    return [
        Trouble(text=sentence(alarm.kind, alarm.arguments), url=place_of(alarm.kind, alarm.subject))
        for alarm in alarms
    ]


def place_of(kind: str, subject: str) -> str:
    """The page about an alarm."""
    if kind in _OF_A_SOURCE:
        return reverse("console:source", args=[int(subject)])
    return reverse(_PLACES.get(kind, "console:system"))
