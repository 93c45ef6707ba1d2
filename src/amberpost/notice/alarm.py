"""What can be wrong, as a value: said on the overview, told by mail and webhook, in any language.

An alarm is known by kind and subject; its sentence is made from kind and arguments in notice.words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

Kept = dict[str, object]  # a remark, as it is kept
Arguments = Mapping[str, Any]  # texts, numbers and remarks


class Level(IntEnum):
    """How grave: a hint is only shown, a warning is told, a grave one is told every day."""

    HINT = 0
    WARNING = 1
    GRAVE = 2


class AlarmKind(StrEnum):
    """Stable names: they stand in rows, in the JSON of the webhook and in docs/operate/notifications.md."""

    PLACE_IN_DOUBT = "place_in_doubt"
    FINDINGS = "integrity_findings"
    VERIFY_FAILED = "verification_failed"
    NO_INDEX = "index_missing"
    PROCESS_SILENT = "process_silent"
    NO_SOURCE = "no_source"
    SOURCE_FAILING = "source_failing"
    SOURCE_SILENT = "source_silent"
    SECRET_EXPIRES = "secret_expires"  # noqa: S105  the name of an alarm
    CERTIFICATE_EXPIRES = "certificate_expires"
    MAIL_LEFT = "mail_left"
    REPORTS_NOT_OPENED = "reports_not_opened"
    DISK_FILLING = "disk_filling"
    INDEX_BEHIND = "index_behind"
    INTAKE_BEHIND = "intake_behind"
    QUARANTINE_GROWING = "quarantine_growing"
    UNPROCESSABLE = "unprocessable"
    JOBS_FAILED = "jobs_failed"
    NOTICE_FAILED = "notice_failed"
    DIRECTORY_FAILING = "directory_failing"
    DIRECTORY_WAITS = "directory_waits"
    CLAIMED_TWICE = "addresses_claimed_twice"
    SEATS_EXCEEDED = "seats_exceeded"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    CLOCK_STEPPED = "clock_stepped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One thing that is not well now. `stage` rises as it gets worse: it is then told again."""

    kind: AlarmKind
    level: Level
    subject: str = ""
    stage: int = 0
    arguments: Arguments = field(default_factory=dict)
