"""amberpost place show|confirm."""

import argparse
from pathlib import Path

from amberpost.bell import ring
from amberpost.cli.call import Call, Result, add_action
from amberpost.daemon.work import settle
from amberpost.governance.place import confirm_place
from amberpost.store.place import find_doubts

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add_action(actions, "show", "whether this folder is the archive, and if not, why it may be a copy")
    add_action(
        actions,
        "confirm",
        "this is now the archive: collect, and tell people; the one it was copied from must be switched off",
    )


def run(call: Call) -> Result:
    data = call.config.data
    confirmed = confirm_place(data, by=call.actor) if call.arguments.action == "confirm" else ()
    if confirmed:
        ring()  # what stood still goes on
        settle(call.config)
    doubts = find_doubts(data)
    return Result(
        data={"is_archive": not doubts, "doubts": list(doubts), "confirmed": list(confirmed)},
        text=place_sentence(data),
    )


def place_sentence(data: Path) -> str:
    """Whether this is the archive, for a person, and what to do if it may not be."""
    doubts = find_doubts(data)
    if not doubts:
        return "This is the archive."
    return (
        f"This may be a copy of the archive. {' '.join(str(doubt.remark) for doubt in doubts)} "
        "No mail is collected and nobody is notified. If it is now the archive, and the other one is switched "
        "off: amberpost place confirm"
    )
