"""Ways for commands to open the archive."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import DatabaseError
from django.utils import timezone

from amberpost.accounts.installation import archive_zone
from amberpost.config import Config
from amberpost.daemon.database import require_database
from amberpost.daemon.work import settle
from amberpost.errors import ArchiveError, is_disk_full
from amberpost.road.open import Vault, open_keys_of, open_vault
from amberpost.store.disk import LocalDisk
from amberpost.store.reserve import give_room


def require_archive(config: Config, *, alone: bool = True) -> None:
    """Keys that open and a database of the right shape, or an error that says what to do.

    Not `alone`: other processes will read beside this one, for which a full disk must have a little room.
    """
    if not alone:
        give_room(LocalDisk(config.data))
    open_keys_of(config).close()
    require_database(config, alone=alone)


def archive_time() -> AbstractContextManager[None]:
    """Times are written in the archive's zone."""
    return timezone.override(archive_zone())


@contextmanager
def reading(config: Config) -> Iterator[Vault]:
    """The archive, for reading; what the command did is sealed and covered by a checkpoint afterwards."""
    vault = open_vault(config)
    try:
        yield vault
    finally:
        vault.close()
    try:
        settle(config)
    except (ArchiveError, DatabaseError, OSError) as error:
        if not is_disk_full(error):
            raise
        sys.stderr.write(
            "amberpost: The disk is full; what was read is recorded, and sealed when there is room\n"
        )
