"""Hold bytes, ledger, keys, catalogue and index against each other. Reports; never repairs or cuts.

Findings are named; an empty result means that everything that was looked at agrees.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction

from amberpost.bell import ring
from amberpost.clock import from_milliseconds, milliseconds, now
from amberpost.errors import ArchiveError, Finding, FindingKind, NotReadable, remark_of
from amberpost.remark import Remark
from amberpost.road.catalogue import CATALOGUE, position
from amberpost.road.clock_judge import TOLERANCE
from amberpost.road.entries import header_hash, parse_header, parse_leaf
from amberpost.road.frame import taken
from amberpost.road.indexing import index_lag
from amberpost.road.models import Capture, Message, Work, WorkKind
from amberpost.road.open import LogPair, Vault
from amberpost.road.prepare import capture_hashes, commitment
from amberpost.store.check import Depth
from amberpost.store.disk import Disk
from amberpost.store.keys import month_class
from amberpost.store.worker_lock import is_at_work
from amberpost.times import column_text

_CAPTURES = {"ARCHIVE", "IMPORT"}
_PATIENCE = 50  # looks at the catalogue
_PAUSE_SECONDS = 0.2


@dataclass(slots=True, kw_only=True)
class Verification:
    """What verify() looked at and what it found."""

    checked: int = 0
    uncovered: int = 0  # entries sealed after the newest checkpoint: the next one covers them
    findings: list[Finding] = field(default_factory=list)


def verify(vault: Vault, depth: Depth, report: Verification, *, with_catalogue: bool = True) -> None:
    """Check both logs to the given depth, then what is derived from them (if there is a database).

    Findings go into `report` as they are made, so an error in the middle loses none. NotReadable if a file may
    not be read.
    """
    for pair in (vault.mail, vault.audit):
        for finding in _check_log(pair, depth, report):
            _add(report, finding)
    if with_catalogue:
        for finding in _check_derived(vault, depth):
            _add(report, finding)


def request_verify(requested_by: str) -> None:
    """Ask the worker for a quick verification, unless one is waiting."""
    if not Work.objects.filter(kind=WorkKind.VERIFY, finished_at=None).exists():
        Work.objects.create(kind=WorkKind.VERIFY, detail={"depth": "quick"}, requested_by=requested_by)
        transaction.on_commit(ring)


def _add(report: Verification, finding: Finding) -> None:
    if finding not in report.findings:
        report.findings.append(finding)


def _check_log(pair: LogPair, depth: Depth, report: Verification) -> Iterator[Finding]:
    covered = pair.ledger.checkpoint.size if pair.ledger.checkpoint else 0
    yield from pair.store.check(depth, checkpoint_size=covered)
    leaves: list[bytes] = []

    def walk() -> Iterator[bytes]:
        for _, leaf in pair.store.leaves():
            leaves.append(leaf)
            yield leaf

    try:
        yield from pair.ledger.check(walk())  # reads the checkpoint first: a worker may be adding leaves
    except NotReadable:
        raise
    except ArchiveError as error:
        yield _broken(pair, "leaves", error)
    report.checked += len(leaves)
    report.uncovered += pair.ledger.count_uncovered(len(leaves))
    yield from _check_order(pair, leaves)
    if depth == "deep":
        for index, leaf in enumerate(leaves):
            yield from _check_content(pair, index, leaf)


def _check_order(pair: LogPair, leaves: list[bytes]) -> Iterator[Finding]:
    """Sealing times never go back (formats.md section 5), and none lies in the future.

    Each place where they go back, and each row of entries of the future, is told once.
    """
    last, is_future, latest = 0, False, milliseconds(now() + TOLERANCE)
    for index, leaf in enumerate(leaves):
        sealed_at = _sealed_at(leaf)
        if sealed_at is None:
            yield Finding(
                kind=FindingKind.LEAF_UNREADABLE,
                where=f"{pair.name}/{index}",
                remark=Remark("leaf_no_entry"),
            )
            continue
        if sealed_at < last:
            yield Finding(
                kind=FindingKind.TIME_NOT_MONOTONE,
                where=f"{pair.name}/{index}",
                remark=Remark("sealed_before_forerunner", {"at": _shown(sealed_at), "last": _shown(last)}),
            )
        if sealed_at > latest and not is_future:
            yield Finding(
                kind=FindingKind.TIME_IN_FUTURE,
                where=f"{pair.name}/{index}",
                remark=Remark("sealed_in_future", {"at": _shown(sealed_at)}),
            )
        last, is_future = sealed_at, sealed_at > latest


def _shown(moment: int) -> str:
    return column_text(from_milliseconds(moment))


def _sealed_at(leaf: bytes) -> int | None:
    try:
        return int(parse_leaf(leaf)["ts"])
    except (ValueError, KeyError, TypeError):
        return None


def _check_content(pair: LogPair, index: int, leaf: bytes) -> Iterator[Finding]:
    """Decrypt, join and compare with the commitment of the leaf."""
    try:
        record = pair.store.read(index)
        fields, facts = parse_header(record.header), parse_leaf(leaf)
        if facts["t"] in _CAPTURES:
            capture = taken(fields, record.raw or b"")  # type: ignore[arg-type]
            expected = commitment(capture_hashes(capture), bytes.fromhex(fields["nonce"])).hex()
            matches = expected == facts["c"]
            epoch = int(facts["ke"])
            wrapped_by, told = pair.store.key_class(index), month_class(pair.name, epoch // 100, epoch % 100)
            if wrapped_by != told:
                yield Finding(
                    kind=FindingKind.KEY_MONTH_MISMATCH,
                    where=f"{pair.name}/{index}",
                    remark=Remark("key_month_differs", {"told": told, "wrapped": wrapped_by}),
                )
        else:
            matches = "h" not in facts or facts["h"] == header_hash(record.header)
    except NotReadable:
        raise
    except ArchiveError as error:
        yield _broken(pair, str(index), error)
        return
    except (ValueError, KeyError, TypeError) as error:
        yield Finding(
            kind=FindingKind.CONTENT_UNREADABLE,
            where=f"{pair.name}/{index}",
            remark=Remark("content_no_json", {"kind": type(error).__name__}),
        )
        return
    if not matches:
        yield Finding(
            kind=FindingKind.COMMITMENT_MISMATCH,
            where=f"{pair.name}/{index}",
            remark=Remark("commitment_differs"),
        )


def _broken(pair: LogPair, where: str, error: ArchiveError) -> Finding:
    return Finding(kind=FindingKind.CONTENT_DAMAGED, where=f"{pair.name}/{where}", remark=remark_of(error))


def _check_derived(vault: Vault, depth: Depth) -> Iterator[Finding]:
    """Catalogue and index follow the log; what they lack or have too much is a finding."""
    reached = position(CATALOGUE)  # asked before the log, which is written first
    size = vault.mail.store.next_index
    if reached > size:
        yield Finding(
            kind=FindingKind.CATALOGUE_AHEAD,
            where="catalogue",
            remark=Remark("catalogue_ahead", {"known": reached, "records": size}),
        )
    elif depth == "deep" and not _is_catalogued(vault.disk, size):
        yield Finding(
            kind=FindingKind.CATALOGUE_BEHIND,
            where="catalogue",
            remark=Remark("catalogue_behind", {"known": reached, "records": size}),
        )
    if depth == "deep":
        yield from _check_rows(vault, min(size, reached))
    yield from _check_index(vault)


def _is_catalogued(disk: Disk, size: int) -> bool:
    """Whether the catalogue has so many entries; a worker that is at work has them in a moment."""
    for _ in range(_PATIENCE):
        if position(CATALOGUE) >= size:
            return True
        if not is_at_work(disk):
            return position(CATALOGUE) >= size
        time.sleep(_PAUSE_SECONDS)
    return False


def _check_rows(vault: Vault, size: int) -> Iterator[Finding]:
    """Each capture of the log has its row and no row is made up."""
    try:
        expected = {
            index
            for index, leaf in vault.mail.store.leaves()
            if index < size and parse_leaf(leaf)["t"] in {*_CAPTURES, "DUP"}
        }
    except (ArchiveError, ValueError, KeyError):
        return  # the damaged leaf has been named already
    found = set(Capture.objects.filter(index__lt=size).values_list("index", flat=True))
    for index in sorted(expected - found):
        yield Finding(
            kind=FindingKind.CATALOGUE_ROW_MISSING,
            where=f"catalogue/{index}",
            remark=Remark("capture_without_row"),
        )
    for index in sorted(found - expected):
        yield Finding(
            kind=FindingKind.CATALOGUE_ROW_UNKNOWN,
            where=f"catalogue/{index}",
            remark=Remark("row_without_capture"),
        )


def _check_index(vault: Vault) -> Iterator[Finding]:
    if vault.index is None:
        yield Finding(
            kind=FindingKind.INDEX_DAMAGED,
            where="index",
            remark=Remark("index_make_anew"),
        )
        return
    messages, lag, indexed = Message.objects.count(), index_lag(), vault.index.count()  # in this order
    if indexed + lag < messages or indexed > Message.objects.count():
        yield Finding(
            kind=FindingKind.INDEX_DISAGREES,
            where="index",
            remark=Remark("index_counted", {"indexed": indexed, "messages": messages, "waiting": lag}),
        )
