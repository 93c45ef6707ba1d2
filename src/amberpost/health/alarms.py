"""Is all well? The one place that decides: the overview shows these alarms, notifications tell them.

Pure: facts in, alarms out. What is gathered for it stands in health.facts; the sentences in notice.words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from amberpost.accounts.seats import Seats
from amberpost.notice.alarm import Alarm, AlarmKind, Kept, Level
from amberpost.notice.models import NoticeSettings
from amberpost.notice.words import PROCESSES
from amberpost.road.accept import MIN_FREE_BYTES
from amberpost.road.clock_judge import ClockFault, Judgement
from amberpost.store.place import Doubt

SILENT_AFTER = timedelta(seconds=60)
NEARLY_FULL_BYTES = 2 * 1024**3  # a day's mail of a busy company, so that nobody is told only after the end
_CLOCK = {
    ClockFault.AHEAD: AlarmKind.CLOCK_AHEAD,
    ClockFault.BEHIND: AlarmKind.CLOCK_BEHIND,
    ClockFault.STEPPED: AlarmKind.CLOCK_STEPPED,
}
_SECRET_DAYS = (30, 7, 1, -1)  # before its end; the last: it has ended
_CERTIFICATE_DAYS = (7, 1, -1)  # many servers renew theirs 30 days before its end, by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """One remote account, as it is now."""

    source_id: int
    name: str
    is_enabled: bool
    host: str = ""  # of its server
    failures: int = 0
    last_error: Kept = field(default_factory=dict)
    left: int = 0
    unopened_reports: int = 0  # in quarantine, because the header evaluation does not open them
    secret_expires_on: date | None = None
    certificate_expires_at: datetime | None = None
    silence_hours: int = 0  # 0: its silence is no alarm
    quiet_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFacts:
    """The directory in use, as its last reading left it."""

    failures: int = 0
    last_error: Kept = field(default_factory=dict)
    is_waiting: bool = False  # for an operator to look at changes
    claimed_twice: int = 0  # addresses that nobody gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the alarms are made of."""

    at: datetime
    seen_at: Mapping[str, datetime] = field(default_factory=dict)  # process -> its last sign of life
    is_worker_busy: bool = False  # with a job, during which it gives no sign
    sources: tuple[SourceFacts, ...] = ()
    disk_percent: int = 0  # used
    disk_free_bytes: int = 2**50
    clock: Judgement | None = None  # the worker's
    has_index: bool = True
    index_lag: int = 0
    unfindable_since: datetime | None = None  # when the oldest message that cannot be found was captured
    unprocessed_since: datetime | None = None
    quarantined_today: int = 0
    unprocessable: int = 0
    findings: int = 0
    has_failed_verify: bool = False
    failed_jobs: int = 0
    failed_channels: Mapping[str, Kept] = field(default_factory=dict)  # channel -> remark
    directory: DirectoryFacts = DirectoryFacts()
    seats: Seats | None = None
    doubts: tuple[Doubt, ...] = ()  # whether this folder is the archive


def alarms(facts: Facts, limits: NoticeSettings) -> list[Alarm]:
    """Everything that is not well, the gravest first; empty if all is."""
    found = [
        *_place(facts),
        *_integrity(facts),
        *clock_alarms(facts.clock),
        *_processes(facts),
        *_sources(facts, limits),
        *_directory(facts.directory, limits),
        *_seats(facts),
        *_disk(facts, limits),
        *_queues(facts, limits),
        *_channels(facts),
    ]
    return sorted(found, key=lambda alarm: -alarm.level)


def is_silent(seen_at: datetime | None, at: datetime) -> bool:
    """True if a process has not given a sign of life for too long."""
    return seen_at is None or at - seen_at > SILENT_AFTER


def _place(facts: Facts) -> Iterator[Alarm]:
    """Never told, since a copy tells nobody; shown until somebody says that this is the archive."""
    if facts.doubts:
        is_imported = Doubt.IMPORTED in facts.doubts
        yield Alarm(
            kind=AlarmKind.PLACE_IN_DOUBT, level=Level.GRAVE, arguments={"is_imported": int(is_imported)}
        )


def _integrity(facts: Facts) -> Iterator[Alarm]:
    if facts.has_failed_verify:
        yield Alarm(kind=AlarmKind.VERIFY_FAILED, level=Level.GRAVE)
    elif facts.findings:
        yield Alarm(
            kind=AlarmKind.FINDINGS,
            level=Level.GRAVE,
            stage=facts.findings,
            arguments={"number": facts.findings},
        )
    if not facts.has_index:
        yield Alarm(kind=AlarmKind.NO_INDEX, level=Level.GRAVE)


def clock_alarms(clock: Judgement | None) -> Iterator[Alarm]:
    """Grave where sealing waits for somebody; else it is reported."""
    if clock is None or clock.fault is None or clock.known is None:
        return
    yield Alarm(
        kind=_CLOCK[clock.fault],
        level=Level.GRAVE if clock.waits else Level.WARNING,
        stage=int(clock.waits),
        arguments={
            "ours": clock.ours.isoformat(),
            "known": clock.known.isoformat(),
            "who": clock.who,
            "waits": int(clock.waits),
        },
    )


def _processes(facts: Facts) -> Iterator[Alarm]:
    for name in PROCESSES:
        is_excused = name == "work" and facts.is_worker_busy
        if is_silent(facts.seen_at.get(name), facts.at) and not is_excused:
            yield Alarm(
                kind=AlarmKind.PROCESS_SILENT, level=Level.GRAVE, subject=name, arguments={"process": name}
            )


def _sources(facts: Facts, limits: NoticeSettings) -> Iterator[Alarm]:
    if not facts.sources:
        yield Alarm(kind=AlarmKind.NO_SOURCE, level=Level.HINT)
    for source in facts.sources:
        if source.is_enabled:
            yield from _failing(source, limits)
            yield from _quiet(source, facts.at)
            yield from _secret(source, facts.at)
        yield from _not_taken(source)
    yield from _certificates(facts)


def _not_taken(source: SourceFacts) -> Iterator[Alarm]:
    """Unopened reports are nearly always a mistake: their own header names Exchange and no user."""
    counts = {AlarmKind.MAIL_LEFT: source.left, AlarmKind.REPORTS_NOT_OPENED: source.unopened_reports}
    for kind, number in counts.items():
        if number:
            yield Alarm(
                kind=kind,
                level=Level.WARNING,
                subject=str(source.source_id),
                stage=number,
                arguments={"source": source.name, "number": number},
            )


def _failing(source: SourceFacts, limits: NoticeSettings) -> Iterator[Alarm]:
    """Shown from the first failure on; told when it goes on."""
    if source.failures:
        is_lasting = source.failures >= limits.failing_polls
        yield Alarm(
            kind=AlarmKind.SOURCE_FAILING,
            level=Level.GRAVE if is_lasting else Level.HINT,
            subject=str(source.source_id),
            arguments={"source": source.name, "error": source.last_error},
        )


def _quiet(source: SourceFacts, at: datetime) -> Iterator[Alarm]:
    if not source.silence_hours or source.quiet_since is None:
        return
    hours = int((at - source.quiet_since) / timedelta(hours=1))
    if hours >= source.silence_hours:
        yield Alarm(
            kind=AlarmKind.SOURCE_SILENT,
            level=Level.GRAVE,
            subject=str(source.source_id),
            arguments={"source": source.name, "hours": hours},
        )


def _secret(source: SourceFacts, at: datetime) -> Iterator[Alarm]:
    day = source.secret_expires_on
    if day is not None:
        yield from _expiring(
            AlarmKind.SECRET_EXPIRES,
            (day - at.date()).days,
            _SECRET_DAYS,
            source,
            {"source": source.name, "day": day.isoformat()},
        )


def _certificates(facts: Facts) -> Iterator[Alarm]:
    """One for each server, at the first of its accounts."""
    servers: dict[str, list[SourceFacts]] = {}
    for source in sorted(facts.sources, key=lambda source: source.source_id):
        if source.is_enabled and source.certificate_expires_at is not None:
            servers.setdefault(source.host, []).append(source)
    for host, accounts in servers.items():
        ends = min(account.certificate_expires_at for account in accounts if account.certificate_expires_at)
        days = (ends - facts.at).days  # rounds down: -1 once it has ended
        values = {"day": ends.isoformat(), "server": host}
        yield from _expiring(AlarmKind.CERTIFICATE_EXPIRES, days, _CERTIFICATE_DAYS, accounts[0], values)


def _expiring(
    kind: AlarmKind, days: int, steps: tuple[int, ...], source: SourceFacts, values: Mapping[str, str]
) -> Iterator[Alarm]:
    stage = sum(days <= step for step in steps)
    if stage:
        yield Alarm(
            kind=kind,
            level=Level.GRAVE if days <= 1 else Level.WARNING,
            subject=str(source.source_id),
            stage=stage,
            arguments={"days": days, **values},
        )


def _directory(directory: DirectoryFacts, limits: NoticeSettings) -> Iterator[Alarm]:
    if directory.failures:
        is_lasting = directory.failures >= limits.failing_polls
        yield Alarm(
            kind=AlarmKind.DIRECTORY_FAILING,
            level=Level.GRAVE if is_lasting else Level.HINT,
            arguments={"error": directory.last_error},
        )
    if directory.is_waiting:
        yield Alarm(kind=AlarmKind.DIRECTORY_WAITS, level=Level.WARNING)
    if directory.claimed_twice:
        yield Alarm(
            kind=AlarmKind.CLAIMED_TWICE,
            level=Level.WARNING,
            stage=directory.claimed_twice,
            arguments={"number": directory.claimed_twice},
        )


def _seats(facts: Facts) -> Iterator[Alarm]:
    """More users than seats: a warning during the grace, grave on its last day and after it."""
    seats = facts.seats
    if seats is None or seats.limit is None or seats.grace_until is None:
        return
    left = seats.grace_until - facts.at
    stage = 1 + (left <= timedelta(days=1)) + (left <= timedelta(0))
    yield Alarm(
        kind=AlarmKind.SEATS_EXCEEDED,
        level=Level.WARNING if stage == 1 else Level.GRAVE,
        stage=stage,
        arguments={
            "used": seats.used,
            "limit": seats.limit,
            "until": seats.grace_until.isoformat(),
            "has_stopped": int(left <= timedelta(0)),
        },
    )


def _disk(facts: Facts, limits: NoticeSettings) -> Iterator[Alarm]:
    """By what part is used, which the settings say, and by what is free, which decides whether mail is taken."""
    reached = (
        facts.disk_percent >= limits.disk_percent,
        facts.disk_percent >= limits.disk_full_percent,
        facts.disk_free_bytes < NEARLY_FULL_BYTES,
        facts.disk_free_bytes < MIN_FREE_BYTES,
    )
    stage = max((number for number, is_so in enumerate(reached, start=1) if is_so), default=0)
    if stage:
        yield Alarm(
            kind=AlarmKind.DISK_FILLING,
            level=Level.GRAVE if stage > 1 else Level.WARNING,
            stage=stage,
            arguments={
                "percent": facts.disk_percent,
                "free": facts.disk_free_bytes // 2**20,
                "least": MIN_FREE_BYTES // 2**20,
                "stops": int(facts.disk_free_bytes < MIN_FREE_BYTES),
            },
        )


def _queues(facts: Facts, limits: NoticeSettings) -> Iterator[Alarm]:
    waiting = {
        AlarmKind.INTAKE_BEHIND: facts.unprocessed_since,
        AlarmKind.INDEX_BEHIND: facts.unfindable_since,
    }
    for kind, since in waiting.items():
        minutes = int((facts.at - since) / timedelta(minutes=1)) if since else 0
        if minutes >= limits.behind_minutes:
            yield Alarm(
                kind=kind, level=Level.GRAVE, arguments={"minutes": minutes, "number": facts.index_lag}
            )
    counts = {
        AlarmKind.QUARANTINE_GROWING: (facts.quarantined_today, limits.quarantine_per_day),
        AlarmKind.UNPROCESSABLE: (facts.unprocessable, 1),
        AlarmKind.JOBS_FAILED: (facts.failed_jobs, 1),
    }
    for kind, (number, least) in counts.items():
        if number >= least:
            yield Alarm(kind=kind, level=Level.WARNING, stage=number, arguments={"number": number})


def _channels(facts: Facts) -> Iterator[Alarm]:
    for channel, error in facts.failed_channels.items():
        yield Alarm(
            kind=AlarmKind.NOTICE_FAILED,
            level=Level.WARNING,
            subject=channel,
            arguments={"channel": channel, "error": error},
        )
