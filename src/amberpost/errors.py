"""The whole exception family and its exit codes.

Bad mail is not an error: it is a Defect in the result of parsing. An error here means that a person, a
source, a disk or an integrity check needs attention.
"""

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Self

from amberpost.remark import Remark, Value


class ArchiveError(Exception):
    """Base of all errors we raise on purpose: a code of `sentences` with its parameters, or a whole remark.

    str() is English, for the command line and the log; pages and notices say `remark` in their reader's language.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, what: str | Remark, /, *, subject: str | Remark = "", said: str = "", **params: Value
    ) -> None:
        super().__init__(what)
        self._remark = what if isinstance(what, Remark) else Remark(what, params, subject, said)

    @property
    def remark(self) -> Remark:
        """What is kept of it, with what lies behind it."""
        if self.__cause__ is None:
            return self._remark
        return replace(self._remark, cause=remark_of(self.__cause__))

    @property
    def code(self) -> str:
        return self._remark.code

    @property
    def subject(self) -> str:
        """In English, or as it is in every language."""
        return str(self._remark.subject)

    def __str__(self) -> str:
        return str(self.remark)


class AddressForbidden(ArchiveError, OSError):
    """The way to a server ends at an address we do not connect to: for whoever dials one more failure to connect."""


class UserError(ArchiveError):
    """The person can fix it; shown without a traceback."""

    exit_code = 2


class ConfigError(UserError):
    """A setting is missing or wrong; docs/reference/errors.md names it by a number (C012)."""


class NotPermitted(UserError):
    """The user may not do this; never says whether the thing exists."""


class QueryError(UserError):
    """The search text cannot be understood."""


class NotFound(UserError):
    """No such thing, or none that this user may see."""


class SourceError(ArchiveError):
    """A mail source misbehaves. `permanent` tells whether trying again can help.

    `retry_after_seconds`: the server asked to be left alone that long.
    """

    exit_code = 4

    def __init__(
        self,
        what: str | Remark,
        /,
        *,
        subject: str | Remark = "",
        said: str = "",
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        **params: Value,
    ) -> None:
        super().__init__(what, subject=subject, said=said, **params)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


class DirectoryError(ArchiveError):
    """A directory misbehaves; nothing was taken over from it. `permanent` tells whether trying again can help."""

    exit_code = 4

    def __init__(
        self,
        what: str | Remark,
        /,
        *,
        subject: str | Remark = "",
        said: str = "",
        permanent: bool = False,
        **params: Value,
    ) -> None:
        super().__init__(what, subject=subject, said=said, **params)
        self.permanent = permanent


class DeliveryError(ArchiveError):
    """A notification could not be handed over. `step` names where it failed."""

    exit_code = 4

    def __init__(
        self, what: str | Remark, /, *, step: str, subject: str | Remark = "", said: str = "", **params: Value
    ) -> None:
        super().__init__(what, subject=subject, said=said, **params)
        self.step = step


class StoreError(ArchiveError):
    """Disk, key or space trouble. Nothing was promised."""

    exit_code = 5


class DiskFull(StoreError):
    """There is no room left; once there is, all goes on by itself. `where`: a path on that disk."""

    CODE: ClassVar[str] = "disk_full"

    def __init__(self, where: str) -> None:
        super().__init__(self.CODE, subject=where)


class ReserveFull(DiskFull):
    """Not even what was read can be recorded any more, so nothing may be read."""

    CODE = "reserve_full"


class CatalogueDamaged(StoreError):
    """The database beside the segments is damaged; it can be made anew from them."""

    def __init__(self, where: str) -> None:
        super().__init__("catalogue_damaged", subject=where)


class WorkerBusy(StoreError):
    """Another process is the worker of this archive; it does what this one would have done."""


class NotReadable(ArchiveError):
    """A file may not be read by this user, or not by this release. Says nothing about its bytes: never a finding."""

    exit_code = 5


class IntegrityError(ArchiveError):
    """Bytes and records disagree. An alarm; never repaired silently."""

    exit_code = 6


class SealingWaits(ArchiveError):
    """What was accepted is safe, and is sealed when the machine's clock can be believed."""

    exit_code = 8


class FindingKind(StrEnum):
    """What an integrity check can find; each has its line in docs/reference/errors.md and its damage in
    tests/road/test_road_findings.py."""

    # keys and origin
    KEYS_DAMAGED = "keys_damaged"
    ORIGIN_DAMAGED = "origin_damaged"
    SLOT_DAMAGED = "slot_damaged"
    KEK_DAMAGED = "kek_damaged"
    INTAKE_KEY_DAMAGED = "intake_key_damaged"
    DURABLE_MARK_DAMAGED = "durable_mark_damaged"
    # the intake
    INTAKE_KEY_MISSING = "intake_key_missing"
    INTAKE_MISSING = "intake_missing"
    INTAKE_DAMAGED = "intake_damaged"
    # segments and records
    SEGMENT_FOREIGN = "segment_foreign"
    SEGMENT_MISSING = "segment_missing"
    SEGMENT_CUT = "segment_cut"
    RECORD_MISSING = "record_missing"
    RECORD_DAMAGED = "record_damaged"
    BYTES_WITHOUT_KEY = "bytes_without_key"
    OBJECT_DIFFERS = "object_differs"
    REFERENCE_MISSING = "reference_missing"
    REFERENCE_UNKNOWN = "reference_unknown"
    # the ledger
    LEAVES_MISSING = "leaves_missing"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_UNREADABLE = "checkpoint_unreadable"
    CHECKPOINT_INVALID = "checkpoint_invalid"
    ROOT_MISMATCH = "root_mismatch"
    TILE_MISSING = "tile_missing"
    TILE_DAMAGED = "tile_damaged"
    TILE_UNREADABLE = "tile_unreadable"
    # entries against what they say of their records
    LEAF_UNREADABLE = "leaf_unreadable"
    TIME_NOT_MONOTONE = "time_not_monotone"
    TIME_IN_FUTURE = "time_in_future"
    CONTENT_DAMAGED = "content_damaged"
    CONTENT_UNREADABLE = "content_unreadable"
    COMMITMENT_MISMATCH = "commitment_mismatch"
    KEY_MONTH_MISMATCH = "key_month_mismatch"
    # what is derived
    DATABASE_MISSING = "database_missing"
    DATABASE_DAMAGED = "database_damaged"
    CATALOGUE_AHEAD = "catalogue_ahead"
    CATALOGUE_BEHIND = "catalogue_behind"
    CATALOGUE_ROW_MISSING = "catalogue_row_missing"
    CATALOGUE_ROW_UNKNOWN = "catalogue_row_unknown"
    INDEX_DAMAGED = "index_damaged"
    INDEX_DISAGREES = "index_disagrees"
    # what could not be told apart
    ARCHIVE_DAMAGED = "archive_damaged"


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_ROOM_IN_SQLITE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE,  # no room for the file that goes with the write-ahead log
}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_POSTGRES_DISK_FULL = "53100"


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of any library comes from a disk, or a quota, without room."""
    return any(
        isinstance(cause, DiskFull)
        or getattr(cause, "sqlite_errorcode", None) in _NO_ROOM_IN_SQLITE
        or (isinstance(cause, OSError) and cause.errno in _NO_ROOM)
        or getattr(cause, "sqlstate", None) == _POSTGRES_DISK_FULL
        or "(os error 28)" in str(cause)  # so tantivy says it, in words only
        for cause in _causes(error)
    )


def is_damaged_file(error: BaseException) -> bool:
    """Whether SQLite says that the file is none of its own, or broken."""
    codes = [getattr(cause, "sqlite_errorcode", None) for cause in _causes(error)]
    return any(code is not None and code & 0xFF in _DAMAGED for code in codes)


def trouble_of(error: BaseException, where: str) -> StoreError | None:
    """What people are told of an error of the system or the database that no code of ours has met.

    `where`: the data folder. None if it is neither a full disk nor a damaged catalogue.
    """
    if is_disk_full(error):
        return (
            error if isinstance(error, DiskFull) else DiskFull(str(getattr(error, "filename", None) or where))
        )
    if is_damaged_file(error) or str(error).startswith(("no such table", "no such column")):
        return CatalogueDamaged(where)
    return None


# What the system says most often; its other words are quoted
_SYSTEM = {
    errno.ENOENT: "system_enoent",
    errno.EACCES: "system_eacces",
    errno.EPERM: "system_eperm",
    errno.EROFS: "system_erofs",
    errno.EISDIR: "system_eisdir",
    errno.ENOTDIR: "system_enotdir",
    errno.EIO: "system_eio",
    errno.ENOSPC: "system_enospc",
    errno.EADDRINUSE: "system_eaddrinuse",
    errno.ECONNREFUSED: "system_econnrefused",
    errno.ECONNRESET: "system_econnreset",
    errno.EPIPE: "system_epipe",
    errno.ENETUNREACH: "system_enetunreach",
    errno.EHOSTUNREACH: "system_ehostunreach",
    errno.ETIMEDOUT: "system_etimedout",
}
_QUOTED = 200  # characters of words that are not ours


def remark_of(error: BaseException) -> Remark:
    """Of our own errors what they say; of the system's the meaning if we know it, else its words, quoted."""
    if isinstance(error, ArchiveError):
        return error.remark
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return Remark(_SYSTEM[error.errno])
    words = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return Remark("system_says", {"said": " ".join(words.split())[:_QUOTED]})


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing an integrity check found: what, which file, record or row, and what is to be said of it."""

    kind: FindingKind
    where: str
    remark: Remark

    @property
    def message(self) -> str:
        """In English, for the command line."""
        return str(self.remark)

    def as_json(self) -> dict[str, object]:
        """As it is kept; the sentence is made where it is read."""
        return {"kind": self.kind, "where": self.where, "remark": self.remark.as_json()}

    @classmethod
    def of_json(cls, kept: Mapping[str, object]) -> Self:
        """The inverse; ValueError for a kind that no release of ours has written."""
        return cls(
            kind=FindingKind(str(kept["kind"])),
            where=str(kept["where"]),
            remark=Remark.of_json(kept["remark"]),
        )
