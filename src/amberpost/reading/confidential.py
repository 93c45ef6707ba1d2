"""The Bcc rule: who was in blind copy is known to the sender, to themselves and to an auditor, and to nobody else.

Stored bytes are never altered. Whose message carries such names in its own header gets a copy without those
fields, and is told so; hash and size are then those of the copy, for the original's would confirm a guess.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from amberpost.accounts.models import User
from amberpost.accounts.permissions import may, scope_of
from amberpost.directory.models import Address
from amberpost.message.confidential import without_bcc, without_deliveries
from amberpost.message.parse import parse
from amberpost.message.types import ParsedMessage
from amberpost.road.models import Assignment, Message
from amberpost.road.open import Vault
from amberpost.road.original import open_original
from amberpost.road.prepare import owned_at
from amberpost.road.reasons import Reason

# Whoever wrote it, or brought this very copy out of their own mailbox, knows whom it went to.
_KNOWING = frozenset(
    {Reason.SENDER, Reason.ON_BEHALF_OF, Reason.HEADER_FROM, Reason.HEADER_SENDER, Reason.IMPORT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A message as one user may have it."""

    raw: bytes
    parsed: ParsedMessage
    is_copy: bool  # fields were left out


def read_for(vault: Vault, user: User, message: Message) -> Reading:
    """The message for a user who may see it: the exact bytes, or a copy without what they must not know."""
    original = open_original(vault, message.id)
    raw = original.shown
    parsed = parse(raw, captured_at=message.captured_at)
    assigned = Assignment.objects.filter(message_id=message.id, archive_id__in=scope_of(user).archives)
    reasons = frozenset(assigned.values_list("reason", flat=True))
    if may(user, "envelope:see") or knows_recipients(reasons):
        return Reading(raw=raw, parsed=parsed, is_copy=False)
    own = _own_addresses(user, owned_at(original.capture, message.sent_at or original.capture.received_at))
    allowed = without_bcc(raw, own=own)
    if is_anothers_copy(reasons):
        known = own | {box.address for box in (*parsed.from_, *parsed.sender, *parsed.to, *parsed.cc)}
        field = original.capture.evaluation.removeprefix("custom:")
        allowed = without_deliveries(allowed, known=known, field=field if field != "header" else "")
    if allowed is raw:
        return Reading(raw=raw, parsed=parsed, is_copy=False)
    return Reading(raw=allowed, parsed=parse(allowed, captured_at=message.captured_at), is_copy=True)


def knows_recipients(reasons: Collection[int]) -> bool:
    """True for whoever has the message as its sender."""
    return not _KNOWING.isdisjoint(reasons)


def is_anothers_copy(reasons: Collection[int]) -> bool:
    """True if it is here only because another copy of the same mail is."""
    return set(reasons) <= {Reason.FORK}


def _own_addresses(user: User, at: datetime) -> set[str]:
    """The addresses that led to the archives they may read when the message came."""
    held = Address.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=at),
        Q(valid_until=None) | Q(valid_until__gt=at),
        archive_id__in=scope_of(user).archives,
    )
    return set(held.values_list("address", flat=True))
