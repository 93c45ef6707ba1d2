"""Ways for commands to open the archive."""

from collections.abc import Iterator
from contextlib import contextmanager

from amberpost.config import Config
from amberpost.daemon.database import require_database
from amberpost.daemon.work import settle
from amberpost.vault.open import Vault, open_keys_of, open_vault


def require_archive(config: Config) -> None:
    """Keys that open and a database of the right shape, or a UserError that says what to do."""
    open_keys_of(config).close()
    require_database(config)


@contextmanager
def reading(config: Config) -> Iterator[Vault]:
    """The archive, for reading; what the command did is sealed and covered by a checkpoint afterwards."""
    vault = open_vault(config)
    try:
        yield vault
    finally:
        vault.close()
    settle(config)
