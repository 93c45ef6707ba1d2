"""amberpost export --to DIR: one .eml a message, exact bytes, and a manifest."""

import argparse
from pathlib import Path

from amberpost.accounts.people import get_user
from amberpost.cli.archive import reading
from amberpost.cli.call import Call, Result, counted
from amberpost.errors import IntegrityError
from amberpost.reading.export import ExportedForm, export_as, export_whole

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="DIR", type=Path, required=True)
    parser.add_argument("--query", default="", help="only what this finds (default: everything)")
    parser.add_argument(
        "--as",
        dest="login",
        metavar="USER",
        help="with the rights of this user (login, address or name); without: the whole archive",
    )
    parser.add_argument("--what", choices=["original", "capture"], default="original")


def run(call: Call) -> Result:
    wanted = call.arguments
    what: ExportedForm = wanted.what
    with reading(call.config) as vault:
        if wanted.login is None:
            manifest = export_whole(vault, wanted.to, query=wanted.query, what=what, actor=call.actor)
        else:
            user = get_user(wanted.login)
            manifest = export_as(
                vault, user, wanted.to, query=wanted.query, what=what, actor=call.actor_as(user.login)
            )
    data = {
        "exported": manifest.count,
        "bytes": manifest.bytes,
        "manifest": str(manifest.path),
        "unreadable": [{"id": index, "error": error} for index, error in manifest.unreadable],
    }
    lines = [f"cannot be read: message {index}: {error}" for index, error in manifest.unreadable]
    lines.append(f"{counted(manifest.count, 'message')} written; list and hashes in {manifest.path}")
    exit_code = IntegrityError.exit_code if manifest.unreadable else 0
    return Result(data=data, text="\n".join(lines), exit_code=exit_code)
