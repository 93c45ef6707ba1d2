"""amberpost seats [--limit N | --no-limit]: how many people the archive works for."""

import argparse

from amberpost.accounts.seats import seats, set_seat_limit
from amberpost.cli.call import Call, Result, counted
from amberpost.daemon.work import settle
from amberpost.errors import UserError
from amberpost.times import column_text

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--limit", type=int, metavar="NUMBER", help="at most this many")
    either.add_argument("--no-limit", action="store_true", help="no limit")


def run(call: Call) -> Result:
    wanted = call.arguments
    if wanted.limit is not None and wanted.limit < 0:
        raise UserError("seats_negative", subject=str(wanted.limit))
    if wanted.limit is not None or wanted.no_limit:
        set_seat_limit(None if wanted.no_limit else wanted.limit, by=call.actor)
        settle(call.config)
    now = seats()
    if now.limit is None:
        text = f"{counted(now.used, 'seat')} used, no limit"
    else:
        text = f"{now.used} of {counted(now.limit, 'seat')} used"
        if now.grace_until:
            text += f"; collecting stops on {column_text(now.grace_until)}"
    facts = {"used": now.used, "limit": now.limit, "over": now.is_over, "grace_until": now.grace_until}
    return Result(data=facts, text=text)
