"""Show what a directory would change, and let it: the plan, with what it means for mail that is kept."""

from dataclasses import dataclass

from django.db import transaction

from amberpost.accounts.sync import Applied, apply, current_state
from amberpost.directory.active import active_directory, rules_of
from amberpost.directory.found import Found
from amberpost.directory.plan import Plan, plan
from amberpost.vault.late import request_assignment
from amberpost.vault.quarantine import count_assignable


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a synchronisation would do now; nothing has changed."""

    plan: Plan
    quarantined: int  # messages that would leave quarantine


def preview(found: Found) -> Preview:
    """The plan for what a directory says, and how much quarantined mail would find its archive."""
    made = plan(current_state(), found, rules_of(active_directory()))
    return Preview(plan=made, quarantined=count_assignable(_first_held(made)))


def synchronise(found: Found, *, by: str, is_confirmed: bool = False) -> tuple[Plan, Applied]:
    """Plan from what is here now, apply, and have kept mail looked through. UserError if it is suspicious.

    The plan is made anew inside the transaction: what was shown a while ago may no longer be true.
    """
    with transaction.atomic():
        made = plan(current_state(), found, rules_of(active_directory()))
        applied = apply(made, by=by, is_confirmed=is_confirmed)
        request_assignment(applied.gained, by)
    return made, applied


def _first_held(made: Plan) -> frozenset[str]:
    """Only a first holder gets older mail, and only if his archive takes any."""
    taking = {a for item in made.coming if item.is_selected for a in item.addresses}
    taking |= {a for item in made.changing for a in item.gained}
    return made.first_held & taking
