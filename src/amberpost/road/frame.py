"""What one intake frame holds: a capture's facts as JSON, then its raw bytes.

    u32 header_len | header (JSON, UTF-8) | raw

The same header, with what was decided at sealing added, is the encrypted header of the CAPTURE record.
"""

import json
import struct
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, cast

from amberpost.clock import from_milliseconds, milliseconds
from amberpost.handover import CaptureId, Incoming, Origin, Protocol
from amberpost.message.types import Envelope, EnvelopeRecipient, RecipientKind, Redirection, RedirectionKind

_LENGTH = struct.Struct(">I")
CAPTURE_LEAD = timedelta(seconds=5)  # a capture may be so much later than its sealing (formats.md section 5)


class OriginFields(TypedDict):
    source: int
    protocol: str
    remote_id: str
    peer: str | None


class RecipientFields(TypedDict):
    address: str
    kind: str
    redirections: list[list[str]]


class EnvelopeFields(TypedDict):
    mail_from: str | None
    rcpt_to: list[RecipientFields]
    on_behalf_of: str | None


class CaptureFields(TypedDict):
    """The JSON header of a frame."""

    capture_id: str
    origin: OriginFields
    envelope: EnvelopeFields | None
    evaluation: str
    target: int | None
    received_at: int
    captured_at: int
    clock_said: NotRequired[int]  # in sealed records: what a clock that was ahead had said instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A capture as the intake log holds it: ours, but not yet sealed."""

    capture_id: CaptureId
    origin: Origin
    envelope: Envelope | None
    evaluation: str
    target_archive: int | None
    received_at: datetime
    captured_at: datetime
    raw: bytes
    clock_said: datetime | None = None  # when it was captured, by a clock that was ahead


def not_after(capture: Taken, at: datetime) -> Taken:
    """The capture as taken at `at` at the latest; `clock_said` keeps what the clock said if that was later."""
    if capture.captured_at <= at + CAPTURE_LEAD:
        return capture
    received_at = min(capture.received_at, at)
    return replace(capture, captured_at=at, received_at=received_at, clock_said=capture.captured_at)


def encode_frame(capture_id: CaptureId, incoming: Incoming, captured_at: datetime) -> bytes:
    """The frame for one handing-over."""
    return encode_taken(
        Taken(
            capture_id=capture_id,
            origin=incoming.origin,
            envelope=incoming.envelope,
            evaluation=incoming.evaluation,
            target_archive=incoming.target_archive,
            received_at=incoming.received_at,
            captured_at=captured_at,
            raw=incoming.raw,
        )
    )


def encode_taken(capture: Taken) -> bytes:
    """The frame that decode_frame() would give this capture for."""
    header = json.dumps(capture_fields(capture), separators=(",", ":")).encode()
    return b"".join((_LENGTH.pack(len(header)), header, capture.raw))


def decode_frame(frame: bytes) -> Taken:
    """The inverse of encode_frame()."""
    (length,) = _LENGTH.unpack_from(frame)
    fields = cast("CaptureFields", json.loads(frame[4 : 4 + length]))
    return taken(fields, frame[4 + length :])


def taken(fields: CaptureFields, raw: bytes) -> Taken:
    """A capture from its header fields and bytes; used for frames and for sealed records alike."""
    origin = fields["origin"]
    return Taken(
        capture_id=CaptureId(bytes.fromhex(fields["capture_id"])),
        origin=Origin(
            source_id=origin["source"],
            protocol=cast("Protocol", origin["protocol"]),
            remote_id=origin["remote_id"],
            peer=origin["peer"],
        ),
        envelope=envelope_of(fields["envelope"]),
        evaluation=fields["evaluation"],
        target_archive=fields["target"],
        received_at=from_milliseconds(fields["received_at"]),
        captured_at=from_milliseconds(fields["captured_at"]),
        raw=raw,
        clock_said=from_milliseconds(fields["clock_said"]) if "clock_said" in fields else None,
    )


def capture_fields(capture: Taken) -> CaptureFields:
    """The header fields of a capture."""
    fields: CaptureFields = {
        "capture_id": capture.capture_id.hex(),
        "origin": {
            "source": capture.origin.source_id,
            "protocol": capture.origin.protocol,
            "remote_id": capture.origin.remote_id,
            "peer": capture.origin.peer,
        },
        "envelope": envelope_fields(capture.envelope),
        "evaluation": capture.evaluation,
        "target": capture.target_archive,
        "received_at": milliseconds(capture.received_at),
        "captured_at": milliseconds(capture.captured_at),
    }
    if capture.clock_said is not None:
        fields["clock_said"] = milliseconds(capture.clock_said)
    return fields


def envelope_fields(envelope: Envelope | None) -> EnvelopeFields | None:
    """An envelope as JSON; also the bytes that the commitment hashes."""
    if envelope is None:
        return None
    return {
        "mail_from": envelope.mail_from,
        "rcpt_to": [
            {
                "address": recipient.address,
                "kind": recipient.kind,
                "redirections": [[r.kind, r.address] for r in recipient.redirections],
            }
            for recipient in envelope.rcpt_to
        ],
        "on_behalf_of": envelope.on_behalf_of,
    }


def envelope_of(fields: EnvelopeFields | None) -> Envelope | None:
    """The inverse of envelope_fields()."""
    if fields is None:
        return None
    return Envelope(
        mail_from=fields["mail_from"],
        on_behalf_of=fields["on_behalf_of"],
        rcpt_to=tuple(
            EnvelopeRecipient(
                address=recipient["address"],
                kind=RecipientKind(recipient["kind"]),
                redirections=tuple(
                    Redirection(kind=RedirectionKind(kind), address=address)
                    for kind, address in recipient["redirections"]
                ),
            )
            for recipient in fields["rcpt_to"]
        ),
    )
