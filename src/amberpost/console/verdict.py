"""Is all well? The two-second answer of the overview, and exactly what is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.sources.models import Source, SourceProtocol, SourceStatus
from amberpost.vault.models import Work, WorkerStatus, WorkKind
from amberpost.vault.numbers import Overview

SILENT_AFTER = timedelta(seconds=60)
LITTLE_SPACE = 0.05
FAR_BEHIND = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is not well, and the page where one does something about it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a verdict is made of."""

    numbers: Overview
    disk_bytes: int
    has_index: bool
    last_verify: Work | None
    failed_jobs: int
    at: datetime


def troubles(facts: Facts) -> list[Trouble]:
    """Everything that is not well, the gravest first; empty if all is."""
    return [
        *_integrity(facts),
        *_processes(facts),
        *_sources(facts),
        *_space(facts),
        *_queues(facts),
    ]


def is_silent(worker: WorkerStatus, at: datetime) -> bool:
    """True if a process has not given a sign of life for too long."""
    return at - worker.seen_at > SILENT_AFTER


def last_verify() -> Work | None:
    """The last verification that has ended."""
    return (
        Work.objects.filter(kind=WorkKind.VERIFY, finished_at__isnull=False).order_by("-finished_at").first()
    )


def _integrity(facts: Facts) -> Iterator[Trouble]:
    work = facts.last_verify
    findings = len(work.result.get("findings", [])) if work else 0
    if work and (findings or work.error):
        text = ngettext(
            "The last verification has %(number)d finding.",
            "The last verification has %(number)d findings.",
            findings,
        )
        failed = _("The last verification could not be finished.")
        yield Trouble(
            text=failed if work.error else text % {"number": findings}, url=reverse("console:integrity")
        )
    if not facts.has_index:
        yield Trouble(
            text=_("The search index is missing or damaged. All mail is safe; make it anew with: %(command)s")
            % {"command": "amberpost rebuild --index"},
            url=reverse("console:system"),
        )


def _processes(facts: Facts) -> Iterator[Trouble]:
    running = {worker.name for worker in facts.numbers.workers if not is_silent(worker, facts.at)}
    texts = {
        "work": _("The worker is not running. What was collected is safe and waits."),
        "fetch": _("Collecting is not running. Mail waits on its servers."),
    }
    for name, text in texts.items():
        if name not in running:
            yield Trouble(text=text, url=reverse("console:system"))


def _sources(facts: Facts) -> Iterator[Trouble]:
    accounts = [
        n.source
        for n in facts.numbers.sources
        if n.source.protocol != SourceProtocol.FILE and not n.source.removed_at
    ]
    if not accounts:
        yield Trouble(
            text=_("No e-mail server is set up yet: nothing is collected."), url=reverse("console:source-add")
        )
    yield from _closed_reports(facts)
    for source in accounts:
        status = status_of(source)
        if source.enabled and status is not None and status.failures:
            text = _("%(source)s cannot be collected: %(error)s") % {
                "source": source.name,
                "error": status.last_error or _("unknown error"),
            }
            yield Trouble(text=text, url=reverse("console:source", args=[source.pk]))


def _closed_reports(facts: Facts) -> Iterator[Trouble]:
    """Nearly always a mistake: a report's own header names Exchange and the journal mailbox, and no user."""
    for numbers in facts.numbers.sources:
        if numbers.closed_reports and numbers.source.evaluation != "journal":
            text = _(
                "%(source)s delivers journal reports, but its header evaluation does not open them: they go to "
                "quarantine."
            )
            yield Trouble(
                text=text % {"source": numbers.source.name},
                url=reverse("console:source", args=[numbers.source.pk]),
            )


def status_of(source: Source) -> SourceStatus | None:
    """What happened last at a source; None if it was never tried."""
    return getattr(source, "status", None)


def _space(facts: Facts) -> Iterator[Trouble]:
    free = facts.numbers.free_bytes
    if facts.disk_bytes and free < facts.disk_bytes * LITTLE_SPACE:
        text = _("Less than 5 % of the disk is free. Collecting stops before it is full.")
        yield Trouble(text=text, url=reverse("console:system"))


def _queues(facts: Facts) -> Iterator[Trouble]:
    bad = facts.numbers.unprocessable
    if bad:
        text = ngettext(
            "%(number)d message could not be processed. It is kept.",
            "%(number)d messages could not be processed. They are kept.",
            bad,
        )
        yield Trouble(text=text % {"number": bad}, url=reverse("console:quarantine"))
    if facts.numbers.index_lag > FAR_BEHIND:
        text = _("The search index is %(number)d messages behind.") % {"number": facts.numbers.index_lag}
        yield Trouble(text=text, url=reverse("console:system"))
    if facts.failed_jobs:
        text = ngettext("%(number)d job failed.", "%(number)d jobs failed.", facts.failed_jobs)
        yield Trouble(text=text % {"number": facts.failed_jobs}, url=reverse("console:jobs"))
