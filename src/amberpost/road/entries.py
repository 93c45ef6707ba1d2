"""Entries of the log: their leaves (public, no personal data) and their encrypted headers (formats.md 4, 5)."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from amberpost.clock import milliseconds
from amberpost.road.assign import Decision
from amberpost.road.frame import CAPTURE_LEAD, capture_fields
from amberpost.road.prepare import Prepared, commitment
from amberpost.sources.models import SourceSignal
from amberpost.sources.uidset import Range

LEAF_VERSION = 1

Leaf = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has an index."""

    capture_id: bytes | None
    leaf: Leaf
    fields: dict[str, Any]
    header: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One sealed entry as the catalogue follows it."""

    index: int
    leaf: Leaf
    header: dict[str, Any]
    prepared: Prepared | None  # for ARCHIVE and IMPORT


def canonical(value: object) -> bytes:
    """RFC 8785 canonical JSON for ASCII keys, integers, strings, lists."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def key_epoch(at: datetime) -> int:
    """The month whose KEK wraps the record: 202611."""
    return at.year * 100 + at.month


def archive_draft(
    prepared: Prepared, decisions: tuple[Decision, ...], *, at: datetime, source_key: bytes, nonce: bytes
) -> Draft:
    """ARCHIVE, or IMPORT for mail from files. `nonce`: 32 random bytes."""
    leaf = _capture_leaf(prepared, at=at, source_key=source_key)
    leaf["c"] = commitment(prepared.hashes, nonce).hex()
    leaf["sz"] = -(-prepared.raw_bytes // 1024)
    leaf["pv"] = 0
    leaf["ke"] = key_epoch(at)
    if prepared.capture.origin.protocol == "file":
        leaf["t"] = "IMPORT"
        leaf["claimed"] = milliseconds(prepared.facts.sent_at)
    fields: dict[str, Any] = {
        **capture_fields(prepared.capture),
        "nonce": nonce.hex(),
        "assignments": [[archive_id, int(reason)] for archive_id, reason in decisions],
    }
    if prepared.facts.error:
        fields["error"] = prepared.facts.error.as_json()
    return Draft(capture_id=prepared.capture.capture_id, leaf=leaf, fields=fields, header=_header(fields))


def duplicate_draft(prepared: Prepared, of: int, *, at: datetime, source_key: bytes) -> Draft:
    """DUP: the same handing-over again."""
    leaf = _capture_leaf(prepared, at=at, source_key=source_key)
    leaf["t"] = "DUP"
    leaf["ref"] = of
    fields: dict[str, Any] = {**capture_fields(prepared.capture)}
    return Draft(capture_id=prepared.capture.capture_id, leaf=leaf, fields=fields, header=_header(fields))


def assign_draft(assignments: list[tuple[int, int, int]], *, at: datetime) -> Draft:
    """ASSIGN: owners that a later decision added. `assignments` are (message id, archive id, reason)."""
    fields = {"assign": assignments, "salt": secrets.token_hex(16)}
    leaf: Leaf = {
        "v": LEAF_VERSION,
        "t": "ASSIGN",
        "ts": milliseconds(at),
        "i": sorted({message_id for message_id, _, _ in assignments}),
    }
    return _with_hash(leaf, fields)


def snapshot_draft(snapshot: dict[str, Any], *, at: datetime) -> Draft:
    """CONFIG: what people decided, as it is now."""
    leaf: Leaf = {"v": LEAF_VERSION, "t": "CONFIG", "ts": milliseconds(at)}
    return _with_hash(leaf, {"snapshot": snapshot, "salt": secrets.token_hex(16)})


def event_draft(event: dict[str, Any], *, at: datetime) -> Draft:
    """EVENT: one audit event. Its id is the capture id, of which the store takes each once."""
    leaf: Leaf = {"v": LEAF_VERSION, "t": "EVENT", "ts": milliseconds(at)}
    draft = _with_hash(leaf, {"event": event, "salt": secrets.token_hex(16)})
    return replace(draft, capture_id=bytes.fromhex(event["id"]))


def gap_draft(signal: SourceSignal, hole: Range, *, at: datetime) -> Draft:
    """GAP: messages a source gave numbers to and that never came here; `from` and `to` are UIDs."""
    leaf = _signal_leaf("GAP", signal, at=at)
    leaf["from"], leaf["to"] = hole
    fields = {
        "signal": {"at": milliseconds(signal.at), "folder": signal.folder, "uidvalidity": signal.uidvalidity},
        "salt": secrets.token_hex(16),
    }
    return _with_hash(leaf, fields)


def heartbeat_draft(signal: SourceSignal, *, at: datetime) -> Draft:
    """HEARTBEAT: a source lives and had nothing new between `from` and `to` (milliseconds)."""
    leaf = _signal_leaf("HEARTBEAT", signal, at=at)
    leaf["from"], leaf["to"] = milliseconds(signal.since or signal.at), milliseconds(signal.at)
    return _with_hash(leaf, {"signal": {"at": milliseconds(signal.at)}, "salt": secrets.token_hex(16)})


def _signal_leaf(kind: str, signal: SourceSignal, *, at: datetime) -> Leaf:
    return {"v": LEAF_VERSION, "t": kind, "ts": milliseconds(at), "src": signal.source_id}


def parse_leaf(leaf: bytes) -> Leaf:
    return cast("Leaf", json.loads(leaf))


def parse_header(header: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(header))


def header_hash(header: bytes) -> str:
    """`h` of the leaf types whose content is encrypted: SHA-256 of the header, which holds a salt."""
    return hashlib.sha256(header).hexdigest()


def _with_hash(leaf: Leaf, fields: dict[str, Any]) -> Draft:
    header = _header(fields)
    leaf["h"] = header_hash(header)
    return Draft(capture_id=None, leaf=leaf, fields=fields, header=header)


def _capture_leaf(prepared: Prepared, *, at: datetime, source_key: bytes) -> Leaf:
    origin = prepared.capture.origin
    key = hmac.digest(
        source_key, f"{origin.source_id}/{origin.remote_id}".encode("utf-8", "surrogatepass"), "sha256"
    )
    return {
        "v": LEAF_VERSION,
        "t": "ARCHIVE",
        "ts": milliseconds(at),
        "ta": milliseconds(min(prepared.capture.captured_at, at + CAPTURE_LEAD)),
        "src": origin.source_id,
        "sk": key.hex()[:32],
    }


def _header(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
