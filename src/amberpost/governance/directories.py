"""Show what a directory would change, and let it: the plan, with what it means for mail that is kept."""

from dataclasses import dataclass

from django.db import transaction

from amberpost.directory.active import active_directory, rules_of
from amberpost.directory.found import Found
from amberpost.directory.plan.digest import plan_hash
from amberpost.directory.plan.plan import Plan, plan
from amberpost.governance.sync import Applied, apply, current_state
from amberpost.road.late import request_assignment
from amberpost.road.quarantine import count_assignable


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPreview:
    """What a synchronisation would do now; nothing has changed."""

    plan: Plan
    quarantined: int  # messages that would leave quarantine

    @property
    def hash(self) -> str:
        """Names exactly these changes."""
        return plan_hash(self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronised:
    """What was planned, and what became of it."""

    preview: PlanPreview
    applied: Applied | None  # None: nothing has changed, an operator must say yes first


def preview(found: Found) -> PlanPreview:
    """The plan for what a directory says, and how much quarantined mail would find its archive."""
    made = plan(current_state(), found, rules_of(active_directory()))
    return PlanPreview(plan=made, quarantined=count_assignable(_first_held(made)))


def synchronise(found: Found, *, by: str, accept: str = "", must_ask: bool = False) -> Synchronised:
    """Plan from what is here now, apply, and have kept mail looked through.

    A suspicious plan, or any if `must_ask`, changes nothing unless `accept` is its hash: what was shown a
    while ago may no longer be true.
    """
    with transaction.atomic():
        shown = preview(found)
        is_free = not (must_ask or shown.plan.is_suspicious) or shown.plan.is_empty
        if not is_free and accept != shown.hash:
            return Synchronised(preview=shown, applied=None)
        applied = apply(shown.plan, by=by, is_confirmed=True)
        request_assignment(applied.gained, by)
    return Synchronised(preview=shown, applied=applied)


def _first_held(made: Plan) -> frozenset[str]:
    """Only a first holder gets older mail, and only if their archive takes any."""
    taking = {a for item in made.coming if item.is_selected for a in item.addresses}
    taking |= {a for item in made.changing for a in item.gained}
    return made.first_held & taking
