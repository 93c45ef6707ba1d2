"""amberpost config check|example|export|import."""

import argparse
import json
from pathlib import Path

from amberpost import config as settings
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.archive import require_archive
from amberpost.cli.call import Call, Result
from amberpost.daemon.check import check_config
from amberpost.daemon.work import settle
from amberpost.errors import ArchiveError, ConfigError, UserError
from amberpost.notice.configure import drop_foreign_secrets
from amberpost.sources.configure import setting_row
from amberpost.sources.models import Source
from amberpost.vault.open import open_keys_of
from amberpost.vault.state import restore_snapshot, state_is_empty, take_snapshot

NEEDS_ARCHIVE = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    _action(actions, "check", "each problem with a code and what to do")
    _action(actions, "example", "the annotated config.toml")
    _action(actions, "export", "users, archives, addresses and accounts as JSON").add_argument(
        "file", type=Path
    )
    _action(actions, "import", "the same, into an archive that has none").add_argument("file", type=Path)


def run(call: Call) -> Result:
    return _ACTIONS[call.arguments.action](call)


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return parser


def _check(call: Call) -> Result:
    problems = check_config(call.config)
    return Result(
        data={"problems": [{"code": p.code, "message": p.message} for p in problems]},
        text="\n".join(f"{p.code}: {p.message}" for p in problems) or "All settings are well.",
        exit_code=ConfigError.exit_code if problems else 0,
    )


def _example(call: Call) -> Result:
    return Result(data={"example": settings.example()}, text=settings.example())


def _export(call: Call) -> Result:
    require_archive(call.config)
    call.arguments.file.write_text(json.dumps(take_snapshot(), indent=1), encoding="utf-8")
    record(call.actor, Action.CONFIG_EXPORTED)
    settle(call.config)
    return Result(data={"file": str(call.arguments.file)}, text=f"Written to {call.arguments.file}")


def _import(call: Call) -> Result:
    require_archive(call.config)
    if not state_is_empty():
        raise UserError(
            "This archive has users or accounts already; a configuration goes into an empty one only"
        )
    try:
        snapshot = json.loads(call.arguments.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError("This is no exported configuration", subject=str(call.arguments.file)) from error
    restore_snapshot(snapshot)
    _drop_foreign_secrets(call)
    record(call.actor, Action.CONFIG_IMPORTED)
    settle(call.config)
    return Result(
        data={"file": str(call.arguments.file)}, text="Imported. Passwords of accounts must be set again."
    )


def _drop_foreign_secrets(call: Call) -> None:
    """Passwords sealed by another archive's key open nowhere else."""
    keys = open_keys_of(call.config)
    try:
        drop_foreign_secrets(keys.open_setting)
        for source in Source.objects.exclude(protocol="file"):
            try:
                keys.open_setting(setting_row(source), "password", bytes(source.sealed_password))
            except ArchiveError:
                Source.objects.filter(pk=source.pk).update(sealed_password=b"", password_set_at=None)
    finally:
        keys.close()


_ACTIONS = {"check": _check, "example": _example, "export": _export, "import": _import}
