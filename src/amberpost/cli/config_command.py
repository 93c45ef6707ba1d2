"""amberpost config check|example|export|import."""

import argparse
import os
from pathlib import Path

from amberpost import config as settings
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.archive import require_archive
from amberpost.cli.call import Call, Result, add_action, counted
from amberpost.daemon.check import check_config
from amberpost.daemon.work import settle
from amberpost.errors import ConfigError, UserError
from amberpost.governance.configuration import export_configuration, import_configuration
from amberpost.road.open import open_keys_of

NEEDS_ARCHIVE = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add_action(actions, "check", "each problem with a code and what to do")
    add_action(actions, "example", "the annotated config.toml")
    export = add_action(actions, "export", "users, archives, addresses, accounts and settings as JSON")
    take = add_action(actions, "import", "the same, into an archive that has none")
    for parser_of, what in ((export, "takes secrets along, locked with it"), (take, "opens the secrets")):
        parser_of.add_argument("file", type=Path)
        parser_of.add_argument("--passphrase-file", type=Path, help=f"a passphrase that {what}")
    take.add_argument("--without-secrets", action="store_true", help="leave out the secrets the file carries")


def run(call: Call) -> Result:
    return _ACTIONS[call.arguments.action](call)


def _check(call: Call) -> Result:
    problems = check_config(call.config)
    return Result(
        data={"problems": [{"code": p.code, "message": p.message} for p in problems]},
        text="\n".join(f"{p.code}: {p.message}" for p in problems) or "All settings are valid.",
        exit_code=ConfigError.exit_code if problems else 0,
    )


def _example(call: Call) -> Result:
    return Result(data={"example": settings.example()}, text=settings.example())


def _export(call: Call) -> Result:
    require_archive(call.config)
    passphrase = _passphrase(call)
    keys = open_keys_of(call.config)
    try:
        data = export_configuration(keys.open_setting, passphrase)
    finally:
        keys.close()
    _write_private(call.arguments.file, data)
    record(call.actor, Action.CONFIG_EXPORTED, secrets=passphrase is not None)
    settle(call.config)
    left_out = "" if passphrase else " without passwords and secrets (--passphrase-file takes them along)"
    return Result(
        data={"file": str(call.arguments.file), "secrets": passphrase is not None},
        text=f"Written to {call.arguments.file}{left_out}",
    )


def _import(call: Call) -> Result:
    require_archive(call.config)
    try:
        data = call.arguments.file.read_bytes()
    except OSError as error:
        raise UserError("file_unreadable", subject=str(call.arguments.file)) from error
    keys = open_keys_of(call.config)
    try:
        imported = import_configuration(
            data,
            keys.seal_setting,
            passphrase=_passphrase(call),
            without_secrets=call.arguments.without_secrets,
        )
    finally:
        keys.close()
    record(call.actor, Action.CONFIG_IMPORTED, missing=len(imported.missing))
    settle(call.config)
    lines = [f"Imported {counted(imported.users, 'user')}."]
    if imported.missing:
        lines += ["To be set again:", *(f"  {text}" for text in imported.missing)]
    return Result(
        data={"file": str(call.arguments.file), "missing": list(imported.missing)}, text="\n".join(lines)
    )


def _passphrase(call: Call) -> str | None:
    path: Path | None = call.arguments.passphrase_file
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("passphrase_unreadable", subject=str(path)) from error


def _write_private(path: Path, data: bytes) -> None:
    """Readable for its owner only: it names users, addresses and servers."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(handle, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        raise UserError("file_unwritable", subject=str(path)) from error


_ACTIONS = {"check": _check, "example": _example, "export": _export, "import": _import}
