"""amberpost clock show|confirm."""

import argparse

from amberpost.cli.call import Call, Result, add_action
from amberpost.clock import now
from amberpost.daemon.work import settle
from amberpost.errors import SealingWaits
from amberpost.health.alarms import clock_alarms
from amberpost.notice.words import sentence
from amberpost.road.clock_readings import confirm_clock, last_judgement, sayings
from amberpost.times import column_text

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add_action(actions, "show", "what the clock says, what others said, and whether sealing waits")
    add_action(actions, "confirm", "the clock is right: seal by it, whatever others have said")


def run(call: Call) -> Result:
    confirmed = confirm_clock(call.actor) if call.arguments.action == "confirm" else None
    settle(call.config)  # which looks at the clock
    ours, (live, older), judgement = now(), sayings(), last_judgement()
    waits = judgement is not None and judgement.waits
    data = {
        "confirmed": confirmed,
        "ours": ours,
        "sealing_waits": waits,
        "what": clock_sentence(),
        "said": [
            {
                "who": one.who,
                "what": one.name,
                "earliest": one.earliest,
                "latest": one.latest,
                "is_live": one in live,
            }
            for one in [*live, *older]
        ],
    }
    lines = [f"This machine\t{column_text(ours)}"]
    lines += [f"{one.name}\t{column_text(one.earliest)}\t{one.who}" for one in live]
    lines.append(clock_sentence() or "The clock is believed; nothing waits because of it.")
    return Result(data=data, text="\n".join(lines), exit_code=SealingWaits.exit_code if waits else 0)


def clock_sentence() -> str:
    """What is wrong with the clock, for a person; empty if nothing is."""
    return " ".join(sentence(alarm.kind, alarm.arguments) for alarm in clock_alarms(last_judgement()))
