"""The database is there and up to date, or a clear word what to do."""

import time

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from amberpost.config import Config
from amberpost.errors import NotReadable, StoreError, UserError
from amberpost.store.disk import LocalDisk

_LOCK = "migrate.lock"
_WAIT_SECONDS = 60


def require_database(config: Config) -> None:
    """Migrate if this release needs it; refuse to go on with an empty database beside a full archive."""
    if not _is_migrated():
        if _is_lost(config):
            raise UserError(
                "The database of this archive is missing; make it anew with: amberpost rebuild",
                subject=str(config.data),
            )
        if config.read_only:
            raise NotReadable(
                "The database has the shape of another release; any command that may write brings it to this one",
                subject=str(config.data),
            )
        migrate(config)


def migrate(config: Config) -> None:
    """Bring the tables to this release's shape; one process at a time."""
    disk = LocalDisk(config.data)
    for _ in range(_WAIT_SECONDS * 10):
        lock = disk.lock(_LOCK)
        if lock is not None:
            try:
                call_command("migrate", interactive=False, verbosity=0)
            finally:
                lock.release()
            return
        time.sleep(0.1)
    raise StoreError("Another process has been changing the database for too long", subject=_LOCK)


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _is_lost(config: Config) -> bool:
    """An embedded database without tables beside segments with records."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        has_tables = bool(connection.introspection.table_names())
    else:
        has_tables = "vault_position" in connection.introspection.table_names()
    segments = config.data / "mail" / "segments"
    return not has_tables and segments.is_dir() and any(segments.iterdir())
