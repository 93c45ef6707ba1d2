"""Verify an archive from outside, whatever state it is in: what cannot even be opened is a finding, too."""

from dataclasses import dataclass

from django.db import DatabaseError

from amberpost.config import Config
from amberpost.daemon.database import require_database
from amberpost.daemon.work import settle
from amberpost.errors import ArchiveError, CatalogueDamaged, ConfigError, Finding, UserError
from amberpost.vault.open import open_keys_of, open_vault
from amberpost.vault.verify import Depth, Report, verify


@dataclass(slots=True, kw_only=True)
class ArchiveReport(Report):
    """Also what kept us from looking at all."""

    database_is_readable: bool = False

    def add(self, kind: str, where: str, error: Exception) -> None:
        self.findings.append(Finding(kind=kind, where=where, message=str(error)))


def verify_archive(config: Config, depth: Depth) -> ArchiveReport:
    """Everything that can be checked. ConfigError only if there is no archive at all.

    The report comes before any recovery: nothing is cut or repaired until it is made.
    """
    report = ArchiveReport()
    try:
        open_keys_of(config).close()
    except ConfigError:
        raise
    except ArchiveError as error:
        report.add("keys_damaged", error.subject or "keys", error)
        return report
    try:
        require_database(config, alone=True)
        report.database_is_readable = True
    except CatalogueDamaged as error:
        report.add("database_damaged", "catalogue", error)
    except (UserError, DatabaseError) as error:
        report.add("database_missing", "catalogue", error)
    _verify(config, depth, report)
    if not report.findings:
        settle(config)  # publishes, so that no tail stays uncovered
    return report


def _verify(config: Config, depth: Depth, report: ArchiveReport) -> None:
    try:
        vault = open_vault(config)
    except ArchiveError as error:
        report.add("archive_damaged", error.subject or "archive", error)
        return
    try:
        verify(vault, depth, report, with_catalogue=report.database_is_readable)
    except DatabaseError as error:
        report.database_is_readable = False
        report.add("database_damaged", "catalogue", error)
    except ArchiveError as error:
        report.add("archive_damaged", error.subject or "archive", error)
    finally:
        vault.close()
