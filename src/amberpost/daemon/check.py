"""Look over the deployment settings and name each problem with a code (docs/reference/errors.md)."""

import os
import shutil
from dataclasses import dataclass

from amberpost.config import Config
from amberpost.errors import ArchiveError
from amberpost.road.accept import MIN_FREE_BYTES
from amberpost.road.open import open_keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    code: str
    message: str


def check_config(config: Config) -> list[ConfigProblem]:
    """Everything that would keep this archive from working well; empty if nothing."""
    return [*_keys(config), *_key_place(config), *_address(config), *_disk(config)]


def _keys(config: Config) -> list[ConfigProblem]:
    try:
        open_keys_of(config).close()
    except ArchiveError as error:
        return [ConfigProblem(code="C010", message=str(error))]
    return []


def _key_place(config: Config) -> list[ConfigProblem]:
    if config.key_file.is_relative_to(config.data):
        return [
            ConfigProblem(code="C011", message="The key file lies inside the data folder; move it elsewhere.")
        ]
    if config.key_file.exists() and config.key_file.stat().st_mode & 0o077:
        return [
            ConfigProblem(code="C012", message=f"Others can read the key file: chmod 600 {config.key_file}")
        ]
    return []


def _address(config: Config) -> list[ConfigProblem]:
    host, _, port = config.listen.rpartition(":")
    if not host or not port.isdigit():
        return [ConfigProblem(code="C020", message=f"listen = {config.listen!r} is not address:port")]
    return []


def _disk(config: Config) -> list[ConfigProblem]:
    if not config.data.is_dir():
        return []
    usage = shutil.disk_usage(config.data)
    problems = []
    if usage.free < MIN_FREE_BYTES:
        free, least = usage.free // 2**20, MIN_FREE_BYTES // 2**20
        problems.append(
            ConfigProblem(
                code="C030", message=f"Only {free} MiB of the disk are free; collecting stops at {least} MiB."
            )
        )
    if not os.access(config.data, os.W_OK):
        problems.append(
            ConfigProblem(code="C031", message=f"{config.data} cannot be written to by this user.")
        )
    return problems
