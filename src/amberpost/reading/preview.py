"""What each header evaluation would make of a message: the main road up to the decision; nothing is kept.

Holds no rule of its own: prepare() finds the addresses, decide() the archives, as for mail that is collected now.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from amberpost.clock import now
from amberpost.directory.archives.book import AddressBook
from amberpost.directory.models import Archive
from amberpost.handover import CaptureId, Origin
from amberpost.message.evaluate import MODES, parse_mode
from amberpost.message.types import Flag
from amberpost.remark import Remark
from amberpost.road.assign import counts, decide
from amberpost.road.frame import Taken
from amberpost.road.models import Quarantine
from amberpost.road.prepare import Claim, prepare
from amberpost.road.quarantine import why_quarantined
from amberpost.road.rows import chunks

CUSTOM_EXAMPLE = "envelope-from"
_NO_KEY = bytes(32)  # fingerprints of a preview are compared with nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A message as one header evaluation reads it."""

    mode: str
    claims: tuple[Claim, ...]  # the addresses that count, with the reason
    archive_ids: tuple[int, ...]
    quarantine: Quarantine
    flags: frozenset[str]
    error: Remark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPreview:
    """A message as all six evaluations read it."""

    is_journal_report: bool
    flags: frozenset[str]  # of the default evaluation
    modes: tuple[Evaluated, ...]


def preview(raw: bytes, book: AddressBook, custom: str = CUSTOM_EXAMPLE) -> EvaluationPreview:
    """What the six evaluations find if `raw` were collected now. UserError if `custom` is no name of a field."""
    at = now()
    wanted = (*MODES, parse_mode(f"custom:{custom.strip().rstrip(':')}"))
    modes = []
    for mode in wanted:
        capture = Taken(
            capture_id=CaptureId(bytes(16)),
            origin=Origin(source_id=0, protocol="imap", remote_id=""),
            envelope=None,
            evaluation=mode,
            target_archive=None,
            received_at=at,
            captured_at=at,
            raw=raw,
        )
        # What the road itself does: what is shown here is what will happen.
        prepared = prepare(capture, _NO_KEY)
        archive_ids = tuple(dict.fromkeys(archive_id for archive_id, _ in decide(prepared, book)))
        modes.append(
            Evaluated(
                mode=mode,
                claims=tuple(claim for claim in prepared.claims if counts(claim, prepared.claims, book)),
                archive_ids=archive_ids,
                quarantine=Quarantine.NONE if archive_ids else why_quarantined(prepared.facts),
                flags=frozenset(prepared.facts.flags.split()),
                error=prepared.facts.error,
            )
        )
    flags = modes[0].flags
    return EvaluationPreview(is_journal_report=Flag.JOURNAL_REPORT in flags, flags=flags, modes=tuple(modes))


def archive_names(archive_ids: Iterable[int]) -> dict[int, str]:
    """The name of each archive."""
    names: dict[int, str] = {}
    for some in chunks(sorted(set(archive_ids))):
        names.update(Archive.objects.filter(id__in=some).values_list("id", "name"))
    return names
