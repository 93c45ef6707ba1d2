"""amberpost verify --quick|--crc|--deep: exit 6 and named findings if anything disagrees."""

import argparse
import contextlib
import os

from django.db import connection, connections

from amberpost.cli.access import is_write_protected, owner_of
from amberpost.cli.call import Call, Result, counted
from amberpost.config import Config
from amberpost.daemon.verify import ArchiveReport, verify_archive
from amberpost.errors import IntegrityError, StoreError
from amberpost.governance.place import is_confirmed
from amberpost.health.verified import note_verified
from amberpost.store.disk import LocalDisk
from amberpost.store.open_keys import KEYS_FILE
from amberpost.store.untouched import reading_uri, state_of

NEEDS_ARCHIVE = False  # a damaged key or a missing database is a finding, not a reason to stop

_TRIES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    depth = parser.add_mutually_exclusive_group()
    for name, text in (
        ("quick", "structure, signatures, counts"),
        ("crc", "also every byte against its checksum"),
        ("deep", "decrypt, join and compare with the ledger"),
    ):
        depth.add_argument(f"--{name}", dest="depth", action="store_const", const=name, help=text)
    parser.set_defaults(depth="quick")


def run(call: Call) -> Result:
    report = _verify(call)
    if _is_ours(call.config):
        with contextlib.suppress(StoreError):  # a disk without any room; what was found is said all the same
            note_verified(LocalDisk(call.config.data), call.arguments.depth, by=call.actor, report=report)
    findings = [{"kind": f.kind, "where": f.where, "message": f.message} for f in report.findings]
    lines = [f"{f['kind']}\t{f['where']}\t{f['message']}" for f in findings]
    return Result(
        data={"checked": report.checked, "uncovered": report.uncovered, "findings": findings},
        text="\n".join(
            [
                *lines,
                f"uncovered: {report.uncovered}",
                f"{counted(report.checked, 'entry', 'entries')} checked, {counted(len(findings), 'finding')}",
            ]
        ),
        exit_code=IntegrityError.exit_code if findings else 0,
    )


def _verify(call: Call) -> ArchiveReport:
    """The report on databases that stayed as they were: one that nobody had open is read without a lock, and if
    somebody began to write to it meanwhile, what was read means nothing."""
    for _ in range(_TRIES):
        before = _states(call.config)
        report = verify_archive(call.config, call.arguments.depth)
        connections.close_all()
        if not report.findings or _states(call.config) == before:
            return report
        if not call.config.database:
            connection.settings_dict["NAME"] = reading_uri(call.config.data / "catalogue.db")
    raise StoreError(
        "verify_disturbed",
        subject=str(call.config.data),
    )


def _is_ours(config: Config) -> bool:
    """Whether the archive may remember this run: not in a copy or snapshot, nor among the files of another user."""
    is_owner = owner_of(config.data).uid == os.geteuid() and not is_write_protected(config.data)
    return is_owner and is_confirmed(config.data)


def _states(config: Config) -> list[tuple[int, ...]]:
    return [state_of(config.data / name) for name in (KEYS_FILE, "catalogue.db")]
