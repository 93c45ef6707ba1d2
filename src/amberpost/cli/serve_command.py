"""amberpost serve: pages, collecting and processing together, or each alone."""

import argparse
import dataclasses
import sys

from amberpost import config as settings
from amberpost.cli.call import Call, Result
from amberpost.cli.place_command import place_sentence
from amberpost.daemon.serve import PARTS, run_part, sole_server, supervise
from amberpost.governance.place import is_confirmed
from amberpost.signin.first_operator import make_setup_link, needs_operator

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    only = parser.add_mutually_exclusive_group()
    for part, what in PARTS.items():
        only.add_argument(
            f"--{part}-only",
            dest="part",
            action="store_const",
            const=part,
            help=f"only the part that does: {what}",
        )
    parser.add_argument(
        "--supervisor", type=int, help=argparse.SUPPRESS
    )  # a pipe that closes when the supervisor of this part is gone
    parser.add_argument("--listen", help="address:port of the pages (default: the setting)")


def run(call: Call) -> Result:
    config = call.config
    if call.arguments.listen:
        config = settings.activate(dataclasses.replace(config, listen=call.arguments.listen))
    if call.arguments.part:
        run_part(config, call.arguments.part, call.arguments.supervisor)
        return Result(data={})
    with sole_server(config):
        sys.stderr.write(f"Amberpost is at {config.url}\n")
        announce_setup(config.url)
        if not is_confirmed(config.data):
            sys.stderr.write(f"{place_sentence(config.data)}\n")
        supervise(config)
    return Result(data={})


def announce_setup(url: str) -> None:
    """Print a one-time link while there is no operator; there is never a default password."""
    if needs_operator():
        sys.stderr.write(
            f"Create the first operator here (once, within a day): {url}/setup/{make_setup_link()}/\n"
        )
