"""amberpost source add|list|remove."""

import argparse
from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result
from amberpost.daemon.work import settle
from amberpost.errors import UserError
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import Security, Source
from amberpost.vault.open import open_keys_of

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = _action(actions, "add", "a remote e-mail account")
    add.add_argument("--name", required=True)
    add.add_argument("--protocol", choices=["imap"], default="imap")
    add.add_argument("--server", required=True, help="host[:port]")
    add.add_argument("--user", required=True)
    add.add_argument("--password-file", type=Path, required=True)
    add.add_argument("--security", choices=Security.values, default=Security.STARTTLS)
    add.add_argument("--ca", type=Path, help="own root certificate, PEM")
    add.add_argument(
        "--folder", action="append", default=[], help="instead of INBOX; may be given several times"
    )
    add.add_argument("--keep-mails", action="store_true", help="leave the mail on the server")
    add.add_argument("--header-evaluation", default="journal")
    add.add_argument("--interval", type=int, default=1, help="minutes between two fetches")
    _action(actions, "list", "all accounts")
    _action(actions, "remove", "forget an account; its mail stays").add_argument("--name", required=True)


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return parser


def _add(call: Call) -> Result:
    wanted = call.arguments
    source = Source(
        name=wanted.name,
        protocol=wanted.protocol,
        server=wanted.server,
        user=wanted.user,
        security=wanted.security,
        ca_pem=_read(wanted.ca) if wanted.ca else "",
        folders=wanted.folder,
        keep_mails=wanted.keep_mails,
        evaluation=wanted.header_evaluation,
        interval_minutes=wanted.interval,
    )
    keys = open_keys_of(call.config)
    try:
        save_source(
            source, NewSecrets(password=_read(wanted.password_file).rstrip("\r\n")), keys.seal_setting
        )
    finally:
        keys.close()
    record(call.actor, Action.SOURCE_ADDED, source.name, server=source.server, keep_mails=source.keep_mails)
    return Result(data=_facts(source), text=f"{source.name}: added")


def _list(call: Call) -> Result:
    sources = [_facts(source) for source in Source.objects.exclude(protocol="file")]
    text = "\n".join(
        f"{s['name']}\t{s['protocol']}\t{s['server']}\t{s['user']}\t{s['security']}" for s in sources
    )
    return Result(data={"sources": sources}, text=text)


def _remove(call: Call) -> Result:
    source = Source.objects.filter(name=call.arguments.name).exclude(protocol="file").first()
    if source is None:
        raise UserError("There is no such account", subject=call.arguments.name)
    source.delete()
    record(call.actor, Action.SOURCE_REMOVED, call.arguments.name)
    return Result(data={"removed": call.arguments.name}, text=f"{call.arguments.name}: removed")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("This file cannot be read", subject=str(path)) from error


def _facts(source: Source) -> dict[str, object]:
    return {
        "name": source.name,
        "protocol": source.protocol,
        "server": source.server,
        "user": source.user,
        "security": source.security,
        "keep_mails": source.keep_mails,
        "folders": source.folders or ["INBOX"],
        "header_evaluation": source.evaluation,
        "enabled": source.enabled,
        "interval": source.interval_minutes,
    }


_ACTIONS = {"add": _add, "list": _list, "remove": _remove}
