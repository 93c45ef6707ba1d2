"""May the machine's clock be believed? Pure: what it says and what others said in, a judgement out.

A clock that is ahead would date entries falsely for ever, so sealing waits where that is likely. What others say
counts more than what we remember; of contradicting servers one that agrees with the clock is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from amberpost.clock import EARLIEST, Saying

TOLERANCE = timedelta(minutes=10)  # between clocks that are well; an hour's change to summer is more
LONGEST_STEP = timedelta(
    days=400
)  # a server's certificate lives 398 days at most, so its holder was in touch


class ClockFault(StrEnum):
    """What is wrong with the clock."""

    AHEAD = "ahead"  # a server says so now
    BEHIND = "behind"  # of the last entry, of a server, or of the first archive
    STEPPED = "stepped"  # it moved far, and nobody says whether it is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`known` is the time that `who` told (empty: our own memory) and the clock does not fit."""

    fault: ClockFault | None = None
    waits: bool = False  # sealing
    ours: datetime
    known: datetime | None = None
    who: str = ""
    is_vouched: bool = False  # a server, or an operator, agrees with the clock at this moment


def judge(
    ours: datetime,
    *,
    live: Sequence[Saying],
    older: Sequence[Saying],
    expected: datetime | None,
    last_sealed_at: datetime | None,
) -> Judgement:
    """What to think of a clock that says `ours`.

    `live`: said while this machine has run, brought forward to this moment. `older`: said before; only their
    `earliest` counts. `expected`: what the clock should say if nobody had set it.
    """
    exact = [said for said in live if said.latest is not None]
    ahead = [said for said in exact if ours > _latest(said) + TOLERANCE]
    if any(said.earliest - TOLERANCE <= ours and said not in ahead for said in exact):
        return Judgement(ours=ours, is_vouched=True)
    if ahead:
        said = max(ahead, key=_latest)
        return Judgement(fault=ClockFault.AHEAD, waits=True, ours=ours, known=said.latest, who=said.who)
    if ours < EARLIEST:
        return Judgement(fault=ClockFault.BEHIND, waits=True, ours=ours, known=EARLIEST)
    if last_sealed_at is not None and ours < last_sealed_at - TOLERANCE:
        is_far = last_sealed_at - ours > LONGEST_STEP
        return Judgement(fault=ClockFault.BEHIND, waits=is_far, ours=ours, known=last_sealed_at)
    told = max([*live, *older], key=lambda said: said.earliest, default=None)
    known = max((at for at in (last_sealed_at, told.earliest if told else None) if at), default=ours)
    moved = abs(ours - expected) if expected is not None else timedelta(0)
    if ours > known + LONGEST_STEP or moved > LONGEST_STEP:
        told_by = known if ours > known + LONGEST_STEP else expected
        return Judgement(fault=ClockFault.STEPPED, waits=True, ours=ours, known=told_by)
    if told is not None and ours < told.earliest - TOLERANCE:
        return Judgement(fault=ClockFault.BEHIND, ours=ours, known=told.earliest, who=told.who)
    if moved > TOLERANCE:
        return Judgement(fault=ClockFault.STEPPED, ours=ours, known=expected)
    return Judgement(ours=ours)


def _latest(said: Saying) -> datetime:
    assert said.latest is not None
    return said.latest
