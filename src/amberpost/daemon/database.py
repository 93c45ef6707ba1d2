"""The database is there and up to date, or a clear word what to do."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection, connections
from django.db.migrations.executor import MigrationExecutor

from amberpost.clock import now
from amberpost.config import Config
from amberpost.errors import (
    CatalogueDamaged,
    NotReadable,
    StoreError,
    UserError,
    is_damaged_file,
    is_disk_full,
)
from amberpost.store.disk import LocalDisk
from amberpost.store.untouched import reading_uri

CATALOGUE_FILE = "catalogue.db"
_LOCK = "migrate.lock"
_WAIT_SECONDS = 60
_BESIDE = ("", "-wal", "-shm")  # SQLite's files of one database


class KeptConnection:
    """The connection of a thread that looks, sleeps and looks again: opening one costs more than a look."""

    def __init__(self, config: Config) -> None:
        self._path = config.data / CATALOGUE_FILE
        self._file = _file_at(self._path)

    def renew(self) -> None:
        """Before each look: part from a connection that broke, and from a file that was put aside meanwhile."""
        if not _is_embedded():
            close_old_connections()
            return
        before, self._file = self._file, _file_at(self._path)
        if self._file != before or connection.errors_occurred:
            connection.close()


def require_database(config: Config, *, alone: bool = False) -> None:
    """Migrate if this release needs it; refuse to go on with an empty or a damaged database beside a full archive.

    `alone`: on a disk too full to share the database, this process reads it without any other.
    """
    if _is_embedded():
        path = config.data / CATALOGUE_FILE
        if not path.exists() and _has_records(config):
            raise _missing(config)
        if path.exists() and _is_broken(path):
            raise CatalogueDamaged(str(path))
        _connect(alone=alone)
    _require_own_steps(config)
    if not _is_migrated():
        if _has_records(config) and "road_position" not in connection.introspection.table_names():
            raise _missing(config)
        if config.read_only:
            raise NotReadable(
                "database_of_other_release",
                subject=str(config.data),
            )
        migrate(config)
    if not _has_all():
        raise CatalogueDamaged(str(config.data / CATALOGUE_FILE))


def put_aside_damaged(config: Config) -> list[Path]:
    """Take a damaged embedded database out of the way, with what lies beside it. Returns where it is now.

    Nothing is deleted: what was not sealed yet can only be looked for there.
    """
    path = config.data / CATALOGUE_FILE
    if not _is_embedded() or (
        path.exists() and not _is_broken(path) and not _is_broken_inside(path) and _has_all()
    ):
        return []
    connections.close_all()
    stamp = f"{now():%Y%m%dT%H%M%SZ}"
    moved = []
    for end in _BESIDE:
        old, new = (
            config.data / f"{name}{end}" for name in (CATALOGUE_FILE, f"catalogue.damaged-{stamp}.db")
        )
        if old.exists():
            old.chmod(0o600)
            old.rename(new)
            moved.append(new)
    LocalDisk(config.data).sync_folder("")
    return moved


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
    raise StoreError("database_busy", subject=_LOCK)


def _file_at(path: Path) -> tuple[int, int] | None:
    """Tells one file from another that has its name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_embedded() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3")


def _connect(*, alone: bool) -> None:
    """Where nobody has the database open, SQLite needs 32 KiB for a file that those who share it map."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        if not alone or not is_disk_full(error):
            raise
        connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA locking_mode=EXCLUSIVE;"
        connection.ensure_connection()


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _require_own_steps(config: Config) -> None:
    """Refuse what a later release, or one before the first that was released, has made of the tables."""
    loader = MigrationExecutor(connection).loader
    strange = sorted(loader.applied_migrations.keys() - loader.disk_migrations.keys())
    if strange:
        raise UserError(
            "database_of_strange_release", subject=str(config.data), migration=".".join(strange[0])
        )


def _missing(config: Config) -> UserError:
    return UserError(
        "database_missing",
        subject=str(config.data),
    )


def _has_records(config: Config) -> bool:
    """Whether anything was ever sealed here: the first entry of an archive says that it was made."""
    folders = (config.data / log / "segments" for log in ("mail", "audit"))
    return any(folder.is_dir() and any(folder.iterdir()) for folder in folders)


def _has_all() -> bool:
    """Whether a database that says it has this release's tables has them."""
    needed = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    return not _is_migrated() or not needed.difference(connection.introspection.table_names())


def _is_broken(path: Path) -> bool:
    """Whether the file is empty, cut short or no database at all. Neither changes it nor takes locks.

    Asked of SQLite, see store.keydb; with something in the write-ahead log the file may lag behind its header.
    """
    size = path.stat().st_size
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            (page,) = database.execute("PRAGMA page_size").fetchone()
            (pages,) = database.execute("PRAGMA page_count").fetchone()
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        return is_damaged_file(error)
    log = Path(f"{path}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    return not size or (size < page * pages and not (has_log and not _is_broken_inside(path)))


def _is_broken_inside(path: Path) -> bool:
    """Whether any page is not what it should be; reads all of it."""
    try:
        with closing(sqlite3.connect(reading_uri(path), uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError as error:
        return is_damaged_file(error)
