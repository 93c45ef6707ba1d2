"""amberpost evaluate FILE.eml: whose mail it is by each header evaluation; nothing is archived."""

import argparse
from pathlib import Path

from amberpost.cli.call import Call, Result
from amberpost.directory.archives.book import load_address_book
from amberpost.errors import UserError
from amberpost.reading.preview import CUSTOM_EXAMPLE, Evaluated, archive_names, preview
from amberpost.reading.reasons import LABELS
from amberpost.road.models import Quarantine

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a message as it was sent (.eml)")
    parser.add_argument(
        "--custom",
        metavar="NAME",
        default=CUSTOM_EXAMPLE,
        help="the field the sixth evaluation reads",
    )


def run(call: Call) -> Result:
    raw = _read(call.arguments.file, call.config.ceiling_bytes)
    seen = preview(raw, load_address_book(), call.arguments.custom)
    names = archive_names(archive for mode in seen.modes for archive in mode.archive_ids)
    data = {
        "journal_report": seen.is_journal_report,
        "flags": sorted(seen.flags),
        "modes": {mode.mode: _facts(mode, names) for mode in seen.modes},
    }
    title = "journal report" if seen.is_journal_report else "no journal report"
    lines = [", ".join([title, *sorted(seen.flags - {"journal_report"})])]
    return Result(data=data, text="\n".join([*lines, *(_line(mode, names) for mode in seen.modes)]))


def _read(path: Path, ceiling_bytes: int) -> bytes:
    try:
        if path.stat().st_size > ceiling_bytes:
            raise UserError("file_larger_than_mail", subject=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UserError("this_file_unreadable", subject=str(path)) from error


def _facts(mode: Evaluated, names: dict[int, str]) -> dict[str, object]:
    return {
        "addresses": [{"address": c.address, "reason": c.reason.name.lower()} for c in mode.claims],
        "archives": [{"id": archive, "name": names.get(archive, "")} for archive in mode.archive_ids],
        "quarantine": None if mode.quarantine is Quarantine.NONE else mode.quarantine.name.lower(),
        "flags": sorted(mode.flags),
    }


def _line(mode: Evaluated, names: dict[int, str]) -> str:
    found = ", ".join(f"{claim.address} ({LABELS[claim.reason]})" for claim in mode.claims) or "nobody"
    kept = ", ".join(names.get(archive, str(archive)) for archive in mode.archive_ids)
    return f"\n{mode.mode}\n  addresses: {found}\n  archives:  {kept or 'none: quarantine'}"
