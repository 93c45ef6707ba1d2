"""What servers and operators said about the time, kept for the one who seals; and the watch that decides by it.

A saying is brought forward by the machine's uptime, which nobody can set. So a clock that is set wrong later, or
set right again, is seen at once, without a new saying.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import EARLIEST, Saying, boot, now, take_heard, uptime
from amberpost.errors import UserError
from amberpost.handover import Incoming
from amberpost.road.clock_judge import TOLERANCE, ClockFault, Judgement, judge
from amberpost.road.models import ClockReading, WorkerStatus
from amberpost.road.open import Vault
from amberpost.sources.cursor import Cursor, RemoteId
from amberpost.sources.models import Source
from amberpost.times import column_text

log = logging.getLogger(__name__)

# After a day uptime, which stands still in a paused virtual machine, is too old a witness.
_LIVE_SECONDS = 24 * 60 * 60.0
_OWN_EVERY_SECONDS = 10 * 60.0
_OWN = "worker"
_OPERATOR = "operator"


# What others say


def note_heard() -> None:
    """Keep what this process has heard: from now on the worker knows it."""
    for said in take_heard():
        _keep(said)


def note_arrivals(source: Source, cursor: Cursor, incoming: Sequence[Incoming]) -> None:
    """What new mail tells, before it is taken: INTERNALDATE of messages that came since the last look.

    The newest came after that look, so by now no more time has gone since its date than since the look. Mail under
    numbers we know, and the first mail of a folder, may be of any age: it only says that it is not earlier.
    """
    note_heard()
    dates = [one.arrived_at for one in incoming if one.arrived_at and _is_new(one, cursor)]
    if not dates:
        return
    newest, at = max(dates), uptime()
    look = ClockReading.objects.filter(name=_look(source), boot=boot()).first()
    latest = newest + timedelta(seconds=at - look.uptime) if look else None
    name = f"mail {source.pk}"
    before = _brought_forward(ClockReading.objects.filter(name=name).first(), at)
    if before and before.latest and (latest is None or latest < before.latest):
        return  # old mail, moved here with its date, says nothing against what newer mail said
    _keep(Saying(name=name, who=source.server, earliest=newest, latest=latest, uptime=at))


def note_look(source: Source, at: float) -> None:
    """All of the mailbox was looked at in a run that began at this uptime."""
    _keep_row(_look(source), who=source.server, earliest=None, latest=None, at=at)


def confirm_clock(by: str) -> datetime:
    """An operator says that the clock is right; forgets what contradicts. UserError if that cannot be."""
    ours = now()
    if ours < EARLIEST:
        raise UserError("clock_before_first_archive", subject=column_text(ours))
    said = Saying(name=_OPERATOR, who=by, earliest=ours, latest=ours, uptime=uptime())
    ClockReading.objects.exclude(earliest=None).delete()
    _keep(said)
    record(by, Action.CLOCK_CONFIRMED, at=ours.isoformat())
    return ours


def sayings() -> tuple[list[Saying], list[Saying]]:
    """What others said: live ones, brought forward to this moment, and older ones."""
    return _sorted(ClockReading.objects.exclude(earliest=None).exclude(name=_OWN).order_by("name"), uptime())


def _sorted(rows: Iterable[ClockReading], at: float) -> tuple[list[Saying], list[Saying]]:
    live, older = [], []
    for row in rows:
        said = _brought_forward(row, at)
        if said is not None:
            live.append(said)
        else:
            older.append(_saying(row))
    return live, older


# What the worker makes of it


class ClockWatch:
    """The worker's look at the clock before it seals."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._before = Judgement(ours=now())

    def look(self) -> Judgement:
        """May entries be sealed now? Where a clock was ahead and is right again, their times go back, once."""
        rows = {row.name: row for row in ClockReading.objects.exclude(earliest=None)}
        own = rows.pop(_OWN, None)
        at = uptime()
        live, older = _sorted(rows.values(), at)
        pairs = (self._vault.mail, self._vault.audit)
        sealed = [pair.last_sealed_at for pair in pairs if pair.last_sealed_at]
        own_said = _brought_forward(own, at)
        found = judge(
            now(),
            live=live,
            older=older,
            expected=own_said.earliest if own_said else None,
            last_sealed_at=max(sealed, default=None),
        )
        if found.is_vouched:
            for pair in pairs:
                if pair.last_sealed_at is not None and pair.last_sealed_at > found.ours + TOLERANCE:
                    log.warning(
                        "sealing times go back log=%s from=%s to=%s",
                        pair.name,
                        pair.last_sealed_at,
                        found.ours,
                    )
                    pair.last_sealed_at = None
        if own_said is None or found.is_vouched or found.fault is None:
            # What our clock says is kept, too; not in every round.
            is_fresh = own is not None and own.boot == boot() and 0 <= at - own.uptime < _OWN_EVERY_SECONDS
            if is_fresh and own is not None and own.earliest is not None:
                expected = own.earliest + timedelta(seconds=at - own.uptime)
                is_fresh = abs(expected - found.ours) <= TOLERANCE
            if not is_fresh:
                _keep_row(_OWN, who="", earliest=found.ours, latest=found.ours, at=at)
        if (found.fault, found.waits) != (self._before.fault, self._before.waits):
            log.warning(
                "clock fault=%s waits=%s ours=%s known=%s", found.fault, found.waits, found.ours, found.known
            )
        self._before = found
        return found


def last_judgement() -> Judgement | None:
    """What the worker thought of the clock when it last looked; None if it never did."""
    fields = WorkerStatus.objects.filter(name="work").values_list("clock", flat=True).first()
    if not fields:
        return None
    return Judgement(
        fault=ClockFault(fields["fault"]) if fields["fault"] else None,
        waits=fields["waits"],
        ours=datetime.fromisoformat(fields["ours"]),
        known=datetime.fromisoformat(fields["known"]) if fields["known"] else None,
        who=fields["who"],
        is_vouched=fields["is_vouched"],
    )


def judgement_fields(judgement: Judgement) -> dict[str, object]:
    """For the worker's row; the inverse of last_judgement()."""
    return {
        "fault": judgement.fault or "",
        "waits": judgement.waits,
        "ours": judgement.ours.isoformat(),
        "known": judgement.known.isoformat() if judgement.known else "",
        "who": judgement.who,
        "is_vouched": judgement.is_vouched,
    }


def sealing_waits() -> bool:
    """True if the worker cannot believe the clock; what one thought that has ended since says nothing."""
    judgement = last_judgement()
    if judgement is None or not judgement.waits:
        return False
    pid = WorkerStatus.objects.values_list("pid", flat=True).get(name="work")
    return Path(f"/proc/{pid}").exists()


def _is_new(one: Incoming, cursor: Cursor) -> bool:
    remote = RemoteId.parse(one.origin.remote_id)
    known = cursor.known(remote.folder, remote.uidvalidity)
    return bool(known.ranges) and remote.uid > known.highest


def _look(source: Source) -> str:
    return f"look {source.pk}"


def _keep(said: Saying) -> None:
    _keep_row(said.name, who=said.who, earliest=said.earliest, latest=said.latest, at=said.uptime)


def _keep_row(name: str, *, who: str, earliest: datetime | None, latest: datetime | None, at: float) -> None:
    fields = {"who": who[:200], "boot": boot(), "uptime": at, "earliest": earliest, "latest": latest}
    ClockReading.objects.update_or_create(name=name[:300], defaults=fields)


def _saying(row: ClockReading) -> Saying:
    assert row.earliest is not None
    return Saying(name=row.name, who=row.who, earliest=row.earliest, latest=row.latest, uptime=row.uptime)


def _brought_forward(row: ClockReading | None, at: float) -> Saying | None:
    """The saying as of this uptime; None if it is of another start of the machine, or a day old."""
    if row is None or row.earliest is None or row.boot != boot():
        return None
    if not 0 <= at - row.uptime <= _LIVE_SECONDS:
        return None
    since = timedelta(seconds=at - row.uptime)
    said = _saying(row)
    return replace(
        said, earliest=said.earliest + since, latest=said.latest + since if said.latest else None, uptime=at
    )
