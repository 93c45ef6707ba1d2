"""Everything that can be said of one capture from its bytes alone; runs in a pool process.

Pure: no disk, no database, no clock. It never raises on bad mail; what cannot be processed comes back with
`error` set and its bytes whole.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from amberpost.message.confidential import has_bcc, without_bcc
from amberpost.message.cuts import attachment_cuts
from amberpost.message.dates import AFTER_RECEIVED
from amberpost.message.evaluate import FoundAddress, addresses, envelope_addresses
from amberpost.message.fork import fork_key, likeness
from amberpost.message.journal import Unwrapped, is_report, lacks_envelope, unwrap
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Flag, Mailbox, ParsedMessage
from amberpost.remark import Remark
from amberpost.road.frame import Taken, envelope_fields
from amberpost.road.reasons import Reason, reason_of
from amberpost.search.document import Document
from amberpost.store.split import Cut, Split, split

# The longest that a claim may have; longer ones are hostile. RFC 5321 §4.5.3.1.3 allows 256, a line of a header
# holds 998 (RFC 5322 §2.1.1), and an index of PostgreSQL takes 2,704 bytes.
_ADDRESS_BYTES = 998
_FIRST_DAY_OVER = datetime(1970, 1, 2, tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An address that may make its holder an owner, and why."""

    reason: Reason
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What the catalogue remembers of a message."""

    sha256: bytes
    message_id: str
    subject: str
    from_name: str
    from_address: str
    sent_at: datetime
    thread: str
    fork: bytes
    likeness: bytes
    size_bytes: int
    attachment_count: int
    flags: str
    defects: str
    error: Remark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A capture with all that was derived from it. `capture.raw` is empty: its bytes are in `split`."""

    capture: Taken
    raw_bytes: int
    fingerprint: bytes
    hashes: tuple[bytes, ...]  # SHA-256 of the capture, of each original in it, of the envelope
    split: Split
    claims: tuple[Claim, ...]
    owned_at: datetime  # the moment whose address holders own it
    facts: MessageFacts
    document: Document  # without archives


def prepare(capture: Taken, dedup_key: bytes) -> Prepared:
    """Derive everything from one capture; never raises on bad mail."""
    try:
        return _derive(capture, dedup_key)
    except Exception as error:  # the last net under the parser: keep the bytes, tell the operator
        log.exception("unprocessable capture=%s", capture.capture_id.hex())
        return unprocessable(
            capture, dedup_key, error=Remark("reading_broke_down", {"kind": type(error).__name__})
        )


def unprocessable(capture: Taken, dedup_key: bytes, *, error: Remark) -> Prepared:
    """What we say of a capture nobody could look into: its bytes, whole, and a text made of its raw head."""
    raw = capture.raw
    digest = hashlib.sha256(raw).digest()
    facts = MessageFacts(
        sha256=digest,
        message_id="",
        subject="",
        from_name="",
        from_address="",
        sent_at=arrived_at(capture),
        thread=digest.hex()[:32],
        fork=digest[:16],
        likeness=digest[:16],
        size_bytes=len(raw),
        attachment_count=0,
        flags="",
        defects="",
        error=error,
    )
    document = _document(facts, from_="", to="", body=raw[:65536].decode("latin-1"), filenames=())
    return _prepared(capture, dedup_key, (digest,), split(raw, (), dedup_key), (), facts, document)


def _derive(capture: Taken, dedup_key: bytes) -> Prepared:
    raw = capture.raw
    if capture.evaluation == "journal":
        unwrapped = unwrap(raw, capture.envelope)
    else:  # a journal report is ordinary mail then, marked so that the operator can be warned
        marks = frozenset({Flag.REPORT_NOT_OPENED}) if is_report(raw) else frozenset()
        unwrapped = Unwrapped(
            originals=(), shown=None, envelope=capture.envelope, flags=marks, report_text=""
        )

    # What is shown, found and listed is the first original of a report, else the message itself.
    shown = unwrapped.shown_bytes(raw)
    parsed = parse(shown, captured_at=capture.captured_at)
    flags = parsed.flags | unwrapped.flags
    if has_bcc(shown, parsed):
        # Nobody finds it by a blind copy, not even where a broken header ends before the field and shows it;
        # and the length of a hidden name is a hint, too.
        copy = without_bcc(shown)
        text = index_text(copy, parse(copy, captured_at=capture.captured_at))
        flags, size = flags | {Flag.BCC_FIELD}, len(copy)
    else:
        text, size = index_text(shown, parsed), len(shown)

    digest = hashlib.sha256(shown).digest()
    hashes = [digest if shown is raw else hashlib.sha256(raw).digest()]
    for original in unwrapped.originals:
        hashes.append(digest if original.data is shown else hashlib.sha256(original.data).digest())

    people = parsed.from_ or parsed.sender
    author = people[0] if people else Mailbox(name="", address="")
    facts = MessageFacts(
        sha256=digest,
        message_id=_storable(parsed.message_id, 1000),
        subject=_storable(parsed.subject, 2000),
        from_name=_storable(author.name, 300),
        from_address=_storable(author.address, 400),
        sent_at=parsed.sent_at or arrived_at(capture),
        thread=parsed.thread[:64],
        fork=fork_key(shown, parsed),
        likeness=likeness(shown, parsed),
        size_bytes=size,
        attachment_count=text.attachment_count,
        flags=" ".join(sorted(flags)),
        defects=" ".join(sorted(parsed.defects | text.defects)),
        error=None,
    )
    document = _document(
        facts,
        from_=_people(people),
        to=_people(parsed.to + parsed.cc),
        body=text.body,
        filenames=text.filenames,
        is_truncated=text.truncated,
    )
    pieces = split(raw, _cuts(capture, unwrapped, shown, parsed), dedup_key)
    claims = _claims(capture, unwrapped, shown, parsed)
    return _prepared(capture, dedup_key, tuple(hashes), pieces, claims, facts, document)


def _prepared(
    capture: Taken,
    dedup_key: bytes,
    hashes: tuple[bytes, ...],
    pieces: Split,
    claims: tuple[Claim, ...],
    facts: MessageFacts,
    document: Document,
) -> Prepared:
    """`hashes`: of the bytes handed over, then of each original in them."""
    of_envelope = envelope_digest(capture)
    # Two handings-over are the same only if source, bytes, envelope and target archive are (formats.md 3).
    place = f"handing-over/{capture.origin.source_id}/{capture.target_archive}/".encode()
    fingerprint = hmac.digest(dedup_key, b"".join((place, hashes[0], of_envelope)), "sha256")[:16]
    return Prepared(
        capture=replace(capture, raw=b""),
        raw_bytes=len(capture.raw),
        fingerprint=fingerprint,
        hashes=(*hashes, of_envelope),
        split=pieces,
        claims=claims,
        owned_at=owned_at(capture, facts.sent_at),
        facts=facts,
        document=document,
    )


def envelope_digest(capture: Taken) -> bytes:
    """SHA-256 over the canonical JSON of the handed-over envelope (RFC 8785 for these ASCII-keyed strings)."""
    text = json.dumps(
        envelope_fields(capture.envelope), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def capture_hashes(capture: Taken) -> tuple[bytes, ...]:
    """The hashes under a capture's commitment, from its bytes; what verify compares."""
    originals = unwrap(capture.raw, capture.envelope).originals if capture.evaluation == "journal" else ()
    return (
        hashlib.sha256(capture.raw).digest(),
        *(hashlib.sha256(original.data).digest() for original in originals),
        envelope_digest(capture),
    )


def commitment(hashes: Sequence[bytes], nonce: bytes) -> bytes:
    """formats.md section 5: the data-object-group hash of RFC 4998 §4.2 over all parts of a capture."""
    return hashlib.sha256(b"".join(sorted([*hashes, hashlib.sha256(nonce).digest()]))).digest()


def owned_at(capture: Taken, sent_at: datetime) -> datetime:
    """Imported mail belongs to who held the address when it was sent; live mail to who holds it on arrival."""
    sent_at = min(sent_at, capture.captured_at)
    if capture.origin.protocol == "file":
        return sent_at
    arrived = arrived_at(capture)
    return arrived if sent_at - arrived <= AFTER_RECEIVED else sent_at  # nothing arrives before it is sent


def arrived_at(capture: Taken) -> datetime:
    """When its mailbox got it: INTERNALDATE, which servers that lost it tell as 1970, else when we captured it."""
    is_told = _FIRST_DAY_OVER <= capture.received_at <= capture.captured_at
    return capture.received_at if is_told else capture.captured_at


def _claims(capture: Taken, unwrapped: Unwrapped, shown: bytes, parsed: ParsedMessage) -> tuple[Claim, ...]:
    """Who may own it. In a report only its envelope grants; a suspicious one, and one without, grant nothing."""
    if Flag.SUSPICIOUS in unwrapped.flags or lacks_envelope(unwrapped.flags):
        return ()
    if unwrapped.envelope is not None:
        found: tuple[FoundAddress, ...] = envelope_addresses(unwrapped.envelope)
    else:
        found = addresses(shown, parsed, capture.evaluation)
    return tuple(
        Claim(reason=reason_of(f.reason), address=f.address)
        for f in found
        if 0 < len(f.address.encode("utf-8", "replace")) <= _ADDRESS_BYTES
    )


def _cuts(capture: Taken, unwrapped: Unwrapped, shown: bytes, parsed: ParsedMessage) -> tuple[Cut, ...]:
    """What the store keeps once: each original of a report, else the message itself; and big attachments."""
    if not unwrapped.originals:
        if not capture.raw:
            return ()
        return (Cut(start=0, end=len(capture.raw), kind="whole", cuts=_attachment_cuts(shown, parsed)),)
    cuts = []
    for number, original in enumerate(unwrapped.originals):
        facts = parsed if number == unwrapped.shown else parse(original.data, captured_at=capture.captured_at)
        if original.body is None or original.encoding == "quoted-printable":
            continue  # re-encoding is not unique; it stays in the report's bytes
        cuts.append(
            Cut(
                start=original.body.start,
                end=original.body.end,
                kind="base64" if original.encoding == "base64" else "whole",
                cuts=_attachment_cuts(original.data, facts),
            )
        )
    return tuple(cuts)


def _attachment_cuts(raw: bytes, parsed: ParsedMessage) -> tuple[Cut, ...]:
    return tuple(Cut(start=span.start, end=span.end, kind="base64") for span in attachment_cuts(raw, parsed))


def _document(
    facts: MessageFacts,
    *,
    from_: str,
    to: str,
    body: str,
    filenames: tuple[str, ...],
    is_truncated: bool = False,
) -> Document:
    return Document(
        message_id=0,
        archives=(),
        subject=facts.subject,
        from_=from_,
        to=to,
        body=body,
        filenames=filenames,
        sent_at=facts.sent_at,
        thread=facts.thread,
        size_bytes=facts.size_bytes,
        has_attachment=facts.attachment_count > 0,
        is_truncated=is_truncated,
    ).settled()


def _people(mailboxes: Sequence[Mailbox]) -> str:
    return ", ".join(f"{m.name} <{m.address}>" if m.name else m.address for m in mailboxes[:2000])


def _storable(text: str, limit: int) -> str:
    """No NUL (PostgreSQL refuses it), no lone surrogates (UTF-8 refuses them), bounded."""
    return text[:limit].replace("\x00", "�").encode("utf-8", "replace").decode()
