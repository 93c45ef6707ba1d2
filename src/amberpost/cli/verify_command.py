"""amberpost verify --quick|--crc|--deep: exit 6 and named findings if anything disagrees."""

import argparse

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result
from amberpost.daemon.verify import verify_archive
from amberpost.errors import IntegrityError

NEEDS_ARCHIVE = False  # a damaged key or a missing database is a finding, not a reason to stop


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
    report = verify_archive(call.config, call.arguments.depth)
    findings = [{"kind": f.kind, "where": f.where, "message": f.message} for f in report.findings]
    if report.database_is_readable:
        record(call.actor, Action.ARCHIVE_VERIFIED, call.arguments.depth, findings=len(findings))
    lines = [f"{f['kind']}\t{f['where']}\t{f['message']}" for f in findings]
    return Result(
        data={"checked": report.checked, "findings": findings},
        text="\n".join([*lines, f"{report.checked} entries checked, {len(findings)} findings"]),
        exit_code=IntegrityError.exit_code if findings else 0,
    )
