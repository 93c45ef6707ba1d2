"""Verify an archive from outside, whatever state it is in: what cannot even be opened is a finding, too.

What may not be opened is none: NotReadable says which file, and nothing is said about it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError

from amberpost.config import Config
from amberpost.daemon.database import require_database
from amberpost.errors import (
    ArchiveError,
    CatalogueDamaged,
    ConfigError,
    Finding,
    FindingKind,
    NotReadable,
    UserError,
    remark_of,
)
from amberpost.health.verify import Verification, verify
from amberpost.road.open import LOGS, open_keys_of, open_vault
from amberpost.store.check import Depth
from amberpost.store.open_keys import KEYS_FILE, ORIGIN_FILE

_READ = (ORIGIN_FILE, KEYS_FILE, "catalogue.db", *LOGS, "index")


@dataclass(slots=True, kw_only=True)
class ArchiveReport(Verification):
    """Also what kept us from looking at all."""

    def add(self, kind: FindingKind, where: str, error: Exception) -> None:
        self.findings.append(Finding(kind=kind, where=where, remark=remark_of(error)))


def verify_archive(config: Config, depth: Depth) -> ArchiveReport:
    """Everything that can be checked. ConfigError only if there is no archive at all.

    Nothing is recovered, cut or repaired, and with config.read_only no file is changed in any way.
    """
    report = ArchiveReport()
    for path in _closed(config.data):
        raise NotReadable("not_judged", subject=str(path))
    try:
        open_keys_of(config).close()
    except (ConfigError, NotReadable):
        raise
    except ArchiveError as error:
        kind = FindingKind.ORIGIN_DAMAGED if error.subject == ORIGIN_FILE else FindingKind.KEYS_DAMAGED
        report.add(kind, error.subject or "keys", error)
        return report
    has_catalogue = _has_database(config, report)
    try:
        vault = open_vault(config)
    except NotReadable:
        raise
    except ArchiveError as error:
        report.add(FindingKind.ARCHIVE_DAMAGED, error.subject or "archive", error)
        return report
    try:
        verify(vault, depth, report, with_catalogue=has_catalogue)
    except DatabaseError as error:
        report.add(FindingKind.DATABASE_DAMAGED, "catalogue", error)
    except NotReadable:
        raise
    except ArchiveError as error:
        report.add(FindingKind.ARCHIVE_DAMAGED, error.subject or "archive", error)
    finally:
        vault.close()
    return report


def _closed(data: Path) -> Iterator[Path]:
    """Files and folders that verify() reads and we may not. Asked before, so that no hour is spent in vain; without
    opening, for closing a file again would take SQLite's locks away (https://www.sqlite.org/howtocorrupt.html 2.2)."""
    waiting = (
        [path for path in data.iterdir() if path.name.startswith(_READ)]
        if os.access(data, os.R_OK)
        else [data]
    )
    while waiting:
        path = waiting.pop()
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)) and path.exists():
            yield path
        elif path.is_dir():
            waiting += path.iterdir()


def _has_database(config: Config, report: ArchiveReport) -> bool:
    try:
        require_database(config)
    except CatalogueDamaged as error:
        report.add(FindingKind.DATABASE_DAMAGED, "catalogue", error)
    except UserError as error:
        report.add(FindingKind.DATABASE_MISSING, "catalogue", error)
    except DatabaseError as error:
        is_there = bool(config.database) or (config.data / "catalogue.db").exists()
        kind = FindingKind.DATABASE_DAMAGED if is_there else FindingKind.DATABASE_MISSING
        report.add(kind, "catalogue", error)
    else:
        return True
    return False
