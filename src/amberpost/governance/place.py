"""This is now the archive: what somebody has to say where a folder was copied, restored, or configured from a file.

Until then it can be read, and nothing goes out from it: no mailbox is collected or emptied, nobody is notified, no
directory is read by schedule.
"""

from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.errors import UserError
from amberpost.store.place import Doubt, claim_place, find_doubts


def is_confirmed(data: Path) -> bool:
    """True if this folder is the archive; asked anew each time, for a person may confirm it in another process."""
    return not find_doubts(data)


def require_confirmed(data: Path) -> None:
    """UserError where nobody has said that this folder is the archive."""
    if not is_confirmed(data):
        raise UserError("place_unconfirmed", subject=str(data))


def confirm_place(data: Path, *, by: str) -> tuple[Doubt, ...]:
    """From now on this folder is the archive. Returns what was in doubt; if nothing was, nothing is done."""
    doubts = find_doubts(data)
    if doubts:
        record(
            by, Action.PLACE_CONFIRMED, str(data), why=",".join(doubts)
        )  # first: no claim without its deed
        claim_place(data)
    return doubts
