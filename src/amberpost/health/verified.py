"""When the archive was verified last, how deeply, by whom, and what was found: for the overview and the alarms.

One small file for each depth, not a row: `verify` runs beside any state of the database and must not open it for
writing. It is the only thing that a verification leaves, and only in the archive itself: a copy, a snapshot, and what
belongs to another user stay as they are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from amberpost.clock import now
from amberpost.errors import Finding, StoreError
from amberpost.health.verify import Verification
from amberpost.remark import Remark
from amberpost.store.check import Depth
from amberpost.store.disk import Disk

FOLDER = "verified"
SCHEDULE = "schedule"  # who asked, where nobody did
DEPTHS: tuple[Depth, ...] = ("quick", "crc", "deep")  # each looks at all that the one before looks at
_KEPT_FINDINGS = 200  # as many as the page shows; one damaged disk makes a million


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One verification that has ended."""

    depth: Depth
    at: datetime
    by: str
    checked: int = 0
    findings_count: int = 0
    findings: tuple[Finding, ...] = ()  # the first of them
    error: Remark | None = None  # why it could not be finished


def note_verified(
    disk: Disk, depth: Depth, *, by: str, report: Verification, error: Remark | None = None
) -> None:
    """Remember this run in place of the one before of the same depth. StoreError if there is no room."""
    fields = {
        "at": now().isoformat(),
        "by": by,
        "checked": report.checked,
        "findings_count": len(report.findings),
        "findings": [finding.as_json() for finding in report.findings[:_KEPT_FINDINGS]],
        "error": error.as_json() if error else None,
    }
    disk.replace(f"{FOLDER}/{depth}.json", json.dumps(fields, sort_keys=True).encode() + b"\n")


def read_verified(disk: Disk) -> list[Verified]:
    """The last run of each depth, the newest first."""
    runs = []
    for depth in DEPTHS:
        try:
            fields = json.loads(disk.read(f"{FOLDER}/{depth}.json"))
            runs.append(
                Verified(
                    depth=depth,
                    at=datetime.fromisoformat(fields["at"]),
                    by=fields["by"],
                    checked=fields["checked"],
                    findings_count=fields["findings_count"],
                    findings=tuple(Finding.of_json(finding) for finding in fields["findings"]),
                    error=Remark.of_json(fields["error"]) if fields["error"] else None,
                )
            )
        except (FileNotFoundError, StoreError, ValueError, TypeError, KeyError, AttributeError):
            continue  # memory, not truth: the next run writes it anew
    return sorted(runs, key=lambda run: run.at, reverse=True)


def standing(runs: Sequence[Verified]) -> list[Verified]:
    """Those whose word still holds: a later look took back only what it could see, and if it came to its end."""
    return [
        run
        for run in runs
        if not any(
            later.at > run.at and not later.error and DEPTHS.index(later.depth) >= DEPTHS.index(run.depth)
            for later in runs
        )
    ]
