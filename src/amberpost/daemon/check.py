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
    problems = []
    try:
        open_keys_of(config).close()
    except ArchiveError as error:
        problems.append(ConfigProblem(code="C010", message=str(error)))
    if config.key_file.is_relative_to(config.data):  # a copy of the data would be a copy of the key
        text = "The key file lies inside the data folder; move it elsewhere."
        problems.append(ConfigProblem(code="C011", message=text))
    elif config.key_file.exists() and config.key_file.stat().st_mode & 0o077:
        text = f"Others can read the key file: chmod 600 {config.key_file}"
        problems.append(ConfigProblem(code="C012", message=text))
    host, _, port = config.listen.rpartition(":")
    if not host or not port.isdigit():
        text = f"listen = {config.listen!r} is not address:port"
        problems.append(ConfigProblem(code="C020", message=text))
    if config.data.is_dir():  # else the keys have said so
        free = shutil.disk_usage(config.data).free
        if free < MIN_FREE_BYTES:
            least = MIN_FREE_BYTES // 2**20
            text = f"Only {free // 2**20} MiB of the disk are free; collecting stops at {least} MiB."
            problems.append(ConfigProblem(code="C030", message=text))
        if not os.access(config.data, os.W_OK):
            text = f"{config.data} cannot be written to by this user."
            problems.append(ConfigProblem(code="C031", message=text))
    return problems
