"""amberpost init: keys, folders and an empty database, unattended."""

import argparse
import os

from amberpost import config as settings
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result
from amberpost.config import Config
from amberpost.daemon.database import migrate
from amberpost.daemon.work import settle
from amberpost.errors import UserError
from amberpost.health.verified import FOLDER as VERIFIED
from amberpost.ledger.note import verification_key
from amberpost.road.open import LOGS
from amberpost.sources.configure import import_source
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys
from amberpost.store.place import claim_place

NEEDS_ARCHIVE = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing to ask: key file and passphrase are settings."""


def run(call: Call) -> Result:
    create_archive(call.config, actor=call.actor)
    data = {"data": str(call.config.data), "key_file": str(call.config.key_file)}
    return Result(
        data=data,
        text=f"New archive in {data['data']}\nIts key file is {data['key_file']}: keep a copy of it elsewhere. "
        "Without key file and keys.db nobody can read the archive.",
    )


def create_archive(config: Config, *, actor: str) -> None:
    """Make the archive that `config` describes; refuses where one is."""
    if (config.data / "origin.json").exists():
        raise UserError("archive_there_already", subject=str(config.data))
    if config.key_file.is_relative_to(config.data):
        raise UserError("key_file_within_data", subject=str(config.key_file))
    there = next(folder for folder in config.key_file.parents if folder.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(
            "key_file_place_refused",
            subject=str(config.key_file),
        )
    passphrase = (
        config.passphrase_file.read_text(encoding="utf-8").rstrip("\n") if config.passphrase_file else None
    )
    create_keys(config.data, config.key_file, passphrase=passphrase, public_keys=_public_keys).close()
    claim_place(config.data)
    LocalDisk(config.data).make_folder(VERIFIED)
    settings.write_file(config.data, {"key_file": config.key_file})
    migrate(config)
    import_source()
    record(actor, Action.ARCHIVE_CREATED)
    settle(config)


def _public_keys(keys: KeyStore) -> dict[str, str]:
    return {log: verification_key(f"{keys.origin}/{log}", keys.label(f"checkpoint-{log}")) for log in LOGS}
