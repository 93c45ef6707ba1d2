"""Look over the deployment settings and name each problem with a code (docs/reference/errors.md)."""

import os
import shutil
from dataclasses import dataclass

from amberpost.config import Config
from amberpost.errors import ArchiveError
from amberpost.vault.open import open_keys_of

_FREE_PART = 0.05  # below this part of the disk, collecting stops (assurance.md section 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    code: str
    message: str


def check_config(config: Config) -> list[Problem]:
    """Everything that would keep this archive from working well; empty if nothing."""
    return [*_keys(config), *_key_place(config), *_address(config), *_disk(config)]


def _keys(config: Config) -> list[Problem]:
    try:
        open_keys_of(config).close()
    except ArchiveError as error:
        return [Problem(code="C010", message=str(error))]
    return []


def _key_place(config: Config) -> list[Problem]:
    if config.key_file.is_relative_to(config.data):
        return [Problem(code="C011", message="The key file lies inside the data folder; move it elsewhere.")]
    if config.key_file.exists() and config.key_file.stat().st_mode & 0o077:
        return [Problem(code="C012", message=f"Others can read the key file: chmod 600 {config.key_file}")]
    return []


def _address(config: Config) -> list[Problem]:
    host, _, port = config.listen.rpartition(":")
    if not host or not port.isdigit():
        return [Problem(code="C020", message=f"listen = {config.listen!r} is not address:port")]
    return []


def _disk(config: Config) -> list[Problem]:
    if not config.data.is_dir():
        return []
    usage = shutil.disk_usage(config.data)
    problems = []
    if usage.free < usage.total * _FREE_PART:
        problems.append(
            Problem(code="C030", message="Less than 5 % of the disk is free; collecting will stop.")
        )
    if not os.access(config.data, os.W_OK):
        problems.append(Problem(code="C031", message=f"{config.data} cannot be written to by this user."))
    return problems
