"""keys.db: the SQLite file of wrapped keys, its schema and its connections.

A commit here is durable when it returns (WAL, synchronous=FULL); what was deleted is overwritten
(secure_delete, and truncate_wal() for the log). Knows nothing of what the keys open.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from amberpost.errors import ArchiveError, DiskFull, IntegrityError, StoreError, is_damaged_file, is_disk_full

Connect = Callable[[], sqlite3.Connection]
_BAD = (sqlite3.Error, UnicodeError)  # a damaged file makes even error messages undecodable
LOGS = ("mail", "audit")
APPLICATION_ID = 0x414D424B  # "AMBK"
FORMAT = 1
_BUSY_SECONDS = 30  # a transaction takes milliseconds; one that waits so long waits for a disk that hangs

_COMMON = (
    "CREATE TABLE slot (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, params TEXT NOT NULL,"
    " wrapped BLOB NOT NULL, mac BLOB NOT NULL)",
    "CREATE TABLE kek (id INTEGER PRIMARY KEY, class TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL)",
    "CREATE TABLE intake (name TEXT PRIMARY KEY, opened INTEGER NOT NULL, kek INTEGER NOT NULL,"
    " wrapped BLOB) WITHOUT ROWID",
    "CREATE TABLE durable (log TEXT PRIMARY KEY, next_index INTEGER NOT NULL, segment INTEGER NOT NULL,"
    " end INTEGER NOT NULL, mac BLOB NOT NULL) WITHOUT ROWID",
)
_PER_LOG = (
    "CREATE TABLE {log}_capture (idx INTEGER PRIMARY KEY, capture_id BLOB, segment INTEGER NOT NULL,"
    " offset INTEGER NOT NULL, length INTEGER NOT NULL, kek INTEGER NOT NULL, wrapped BLOB NOT NULL)",
    "CREATE UNIQUE INDEX {log}_capture_id ON {log}_capture (capture_id) WHERE capture_id IS NOT NULL",
    "CREATE TABLE {log}_object (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,"
    " segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, kek INTEGER NOT NULL,"
    " wrapped BLOB NOT NULL)",
    "CREATE TABLE {log}_reference (object INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " referrer INTEGER NOT NULL, PRIMARY KEY (object, kind, referrer)) WITHOUT ROWID",
)
SCHEMA = _COMMON + tuple(line.format(log=log) for log in LOGS for line in _PER_LOG)


def connector(path: Path) -> Connect:
    """Opens connections to the file at `path`, as this module promises them."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:
            if not is_disk_full(error):
                raise
            # Nobody has the database open, and the file of those who share it finds no room: read it alone.
            connection.close()
            connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(
            "PRAGMA cache_size=-16000"
        )  # KiB, of each thread: the rows of some 100,000 records
        return connection

    return connect


class KeyDatabase:
    """One connection per thread; every write in a transaction that is durable or an error.

    Fail-stop: after a failed commit nobody knows what the disk has, so nothing is written any more.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._failed = False

    def create(self) -> None:
        """Make the tables in an empty file."""
        with self.transaction() as connection:
            for line in SCHEMA:
                connection.execute(line)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={FORMAT}")

    def require_format(self) -> None:
        """StoreError or IntegrityError unless the file is a keys.db that this version can read."""
        found = self.rows("PRAGMA application_id")[0][0], self.rows("PRAGMA user_version")[0][0]
        if found != (APPLICATION_ID, FORMAT):
            raise IntegrityError("key_database_foreign", subject="keys.db")

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All rows of a SELECT. IntegrityError if the file cannot be read, DiskFull where reading needs room."""
        return list(self.iterate(sql, values))

    def iterate(self, sql: str, values: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
        """As rows(), one by one; a read transaction is open until the last is taken."""
        try:
            yield from self.connection().execute(sql, values)
        except _BAD as error:
            trouble = self._trouble("key_database_not_opened", error)
            if isinstance(trouble, DiskFull | IntegrityError):
                raise trouble from error
            raise IntegrityError("key_database_unreadable", subject="keys.db") from error

    def has_whole_file(self) -> bool:
        """False if the file is shorter than its own header says, or no file of SQLite's at all.

        Asked of SQLite, which ignores the write-ahead log of an `immutable` file. A descriptor of our own would,
        when it is closed, take the locks of all connections of this process away
        (https://www.sqlite.org/howtocorrupt.html section 2.2), and another process could remove the log under them.
        """
        path = Path(str(self.rows("PRAGMA database_list")[0][2]))
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
                (page,) = connection.execute("PRAGMA page_size").fetchone()
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
        except _BAD:
            return False
        size = path.stat().st_size
        return bool(size % page == 0 and size >= pages * page)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and durable when it ends. StoreError, IntegrityError or DiskFull if nothing was written."""
        if self._failed:
            raise StoreError("key_database_failed", subject="keys.db")
        connection = self.connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except _BAD as error:  # nothing is begun, so nothing has failed for good
            raise self._trouble("key_database_not_written", error) from error
        try:
            yield connection
            connection.commit()
        except _BAD as error:
            full = is_disk_full(error)  # then SQLite has written no commit, and the next one may do
            self._failed = not full
            self._roll_back(connection)
            raise self._trouble("key_database_not_written", error) from error
        except BaseException:
            self._roll_back(connection)
            raise

    def truncate_wal(self) -> None:
        """Take deleted keys out of the write-ahead log too."""
        try:
            self.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except _BAD as error:
            raise self._trouble("key_database_log_not_cut", error) from error

    def connection(self) -> sqlite3.Connection:
        """That of this thread, opened at first use; StoreError, IntegrityError or DiskFull if it cannot be."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            try:
                found = self._local.connection = self._connect()
            except _BAD as error:
                raise self._trouble("key_database_not_opened", error) from error
            self._all.append(found)
        return found

    def close(self) -> None:
        """Close the connections of all threads; the next use opens another."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()

    def _trouble(self, code: str, error: Exception) -> ArchiveError:
        """What a person is told: that the disk is full, that the file is damaged, or else what `code` says."""
        if is_disk_full(error):
            return DiskFull("keys.db")
        if is_damaged_file(error) or isinstance(error, UnicodeError):
            return IntegrityError("key_database_damaged", subject="keys.db")
        return StoreError(code, subject="keys.db")

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.rollback()
        except _BAD:
            self._failed = True
