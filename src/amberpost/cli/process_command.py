"""amberpost process --all: return when nothing accepted is unprocessed or unindexed."""

import argparse

from amberpost.cli.call import Call, Result, counted
from amberpost.cli.clock_command import clock_sentence
from amberpost.daemon.work import wait_until_settled
from amberpost.errors import SealingWaits
from amberpost.road.clock_readings import sealing_waits
from amberpost.road.indexing import index_lag
from amberpost.road.models import Message

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", action="store_true", help="everything (there is no other way; the option only says so)"
    )


def run(call: Call) -> Result:
    wait_until_settled(call.config)
    messages, lag = Message.objects.count(), index_lag()
    data: dict[str, object] = {"messages": messages, "index_lag": lag}
    text = f"{counted(messages, 'message')}, {lag} not yet findable"
    if not sealing_waits():
        return Result(data=data, text=text)
    data["clock"] = clock_sentence()
    return Result(data=data, text=f"{text}\nSealing waits: {data['clock']}", exit_code=SealingWaits.exit_code)
