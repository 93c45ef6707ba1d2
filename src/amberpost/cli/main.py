"""`amberpost <command>`: the front of every command.

Reads the settings, starts Django, runs one command, prints its result, and turns errors into a sentence and
an exit code. With --json one object goes to stdout and nothing else; words go to stderr.
"""

import argparse
import getpass
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol, cast

import django
from django.conf import settings
from django.db import DatabaseError, connections

from amberpost import __version__, config, logs
from amberpost.cli.access import has_read_only_mount, is_write_protected, require_owner
from amberpost.cli.call import Call, Result
from amberpost.errors import ArchiveError, DiskFull, StoreError, UserError, is_disk_full, trouble_of

SETTINGS = "amberpost.site.settings"

# Name and help of each command; its module is amberpost.cli.<name>_command, loaded once Django has started.
COMMANDS: Mapping[str, str] = {
    "init": "make a new archive",
    "serve": "run the archive: pages, collecting and processing",
    "demo": "run a sample archive that collects a sample mailbox",
    "user": "add, import, list and change users",
    "source": "add, change, list, remove, test and report remote e-mail accounts",
    "directory": "choose, test, plan, synchronise and show the directory",
    "archive": "list, add, release, revoke, hand over and select archives",
    "seats": "show and limit how many people the archive works for",
    "domain": "add, list and remove own mail domains",
    "notice": "set whom to notify and how, test it, list current problems",
    "fetch": "collect the remote e-mail accounts once",
    "import": "take in mail from files: messages, mailboxes, folders, packed or not",
    "process": "finish everything that was accepted",
    "search": "find mail with a user's rights",
    "show": "show one message with a user's rights",
    "evaluate": "show whose mail a message would be, by each header evaluation",
    "export": "write messages as .eml files with a manifest",
    "verify": "check bytes, ledger, catalogue and index",
    "place": "show whether this folder is the archive or a copy of it, or confirm that it is now the archive",
    "clock": "show whether the machine's clock is believed, or confirm that it is right",
    "rebuild": "rebuild catalogue and index from segments and keys",
    "config": "check, explain, export and import settings",
}


# What works where nothing may be written: whoever holds the key file may read.
READING = frozenset({
    "search", "show", "evaluate", "export", "verify", "user list", "user export", "source list", "archive list",
    "domain list", "place show", "notice list", "notice show", "directory show", "config check", "config example",
    "config export",
})  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """A wrong call is a UserError like any other, so that --json holds for it, too."""

    def error(self, message: str) -> NoReturn:
        raise UserError("command_line_wrong", said_by_parser=message, command=f"{self.prog} --help")


class Command(Protocol):
    """What a command module offers."""

    NEEDS_ARCHIVE: bool  # open keys and a database of the right shape

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, call: Call) -> Result: ...


@dataclass(frozen=True, slots=True)
class _Printer:
    as_json: bool

    def result(self, result: Result) -> int:
        try:
            if self.as_json:
                sys.stdout.write(json.dumps(result.data, ensure_ascii=False, default=_plain) + "\n")
            else:
                sys.stdout.buffer.write(result.bytes_to_print)
            sys.stdout.flush()
        except OSError as error:
            if is_disk_full(error):
                raise DiskFull("where the output goes") from error
            raise
        return result.exit_code

    def error(self, error: ArchiveError) -> int:
        if self.as_json:
            sys.stdout.write(
                json.dumps({"error": str(error), "exit": error.exit_code}, ensure_ascii=False) + "\n"
            )
        sys.stderr.write(f"amberpost: {error}\n")
        return error.exit_code


def _plain(value: object) -> str:
    """What JSON has no form for; moments as ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def program() -> int:
    """The process `amberpost`: what holds for the whole of it, then its command."""
    os.umask(0o077)  # what an archive writes is nobody else's business
    return main(sys.argv[1:])


def main(words: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    printer = _Printer(as_json="--json" in words)
    try:
        return printer.result(_run(words))
    except ArchiveError as error:
        return printer.error(error)
    except BrokenPipeError:
        # Who read our output went away, as `head` does. SIGPIPE stays ignored: it would end a collecting
        # process when a mail server hangs up.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except PermissionError as error:  # of a file that somebody named: archive and key have words of their own
        return printer.error(UserError("owner_may_not", subject=str(error)))
    except (DatabaseError, OSError) as error:
        trouble = trouble_of(error, str(config.current().data))
        if trouble is not None:
            return printer.error(trouble)
        if isinstance(error, OSError):
            raise
        return printer.error(StoreError("database_fails", subject=str(error).partition("\n")[0]))
    except KeyboardInterrupt:
        sys.stderr.write("amberpost: stopped\n")
        return 130
    finally:
        if settings.configured:
            connections.close_all()  # the last one out folds SQLite's write-ahead log into the database


def start_django() -> None:
    """Django needs the settings by name; nothing imports site."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)  # noqa: TID251  Django reads it, not we
    django.setup()


def load_command(name: str) -> Command:
    """The module of a command; Django must have started."""
    return cast("Command", importlib.import_module(f"amberpost.cli.{name}_command"))


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of the chosen one."""
    parser = _Parser(prog="amberpost", description="An e-mail archive that can prove what it keeps.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name == chosen:
            add_common(sub)
            load_command(name).add_arguments(sub)
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """What every command takes."""
    parser.add_argument("--data", type=Path, help="folder of the archive (default: AMBERPOST_DATA)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def _early_parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("command", nargs="?")
    add_common(parser)
    return parser


def _run(words: Sequence[str]) -> Result:
    early = _early_parser().parse_known_args(words)[0]
    if early.command not in COMMANDS:
        build_parser(None).parse_args(words)  # help, version or an error: no archive is touched for it
    actor = f"cli:{_system_user()}"  # asked before root becomes the owner
    wanted = _data_of(early)
    data = config.folder_of(wanted)
    is_verify = early.command == "verify"
    require_owner(data, words, writes_nothing=is_verify or has_read_only_mount(data))
    is_protected = is_write_protected(data)
    chosen_config = config.activate(replace(config.load(wanted), read_only=is_verify or is_protected))
    logs.setup(chosen_config.log_level if early.command in {"serve", "demo"} else "ERROR")
    start_django()
    arguments = build_parser(early.command).parse_args(words)
    if is_protected:
        _require_reading(arguments, data)
    command = load_command(arguments.command)
    call = Call(arguments=arguments, config=chosen_config, actor=actor)
    if command.NEEDS_ARCHIVE:
        opening = importlib.import_module("amberpost.cli.archive")
        opening.require_archive(chosen_config, alone=arguments.command != "serve")
        with opening.archive_time():
            return command.run(call)
    return command.run(call)


def _require_reading(arguments: argparse.Namespace, data: Path) -> None:
    name = " ".join(filter(None, (arguments.command, getattr(arguments, "action", None))))
    if name not in READING:
        raise UserError(
            "nothing_writable",
            command=name,
            others=", ".join(sorted(READING)),
            subject=str(data),
        )


def _data_of(early: argparse.Namespace) -> Path | None:
    """The demo keeps its archive in a folder of its own, which must be known before Django starts."""
    if early.command == "demo" and early.data is None:
        return Path(tempfile.mkdtemp(prefix="amberpost-demo-")) / "data"
    data: Path | None = early.data
    return data


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


if __name__ == "__main__":
    sys.exit(program())
