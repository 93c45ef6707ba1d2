"""Who got a message by which way, as far as a user may know it (the Bcc rule, docs/design/archives.md)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from amberpost.accounts.models import User
from amberpost.accounts.permissions import may, scope_of
from amberpost.directory.archives.book import AddressBook, load_address_book
from amberpost.message.addresses import normalise_address
from amberpost.message.journal import unwrap
from amberpost.message.types import Envelope, EnvelopeRecipient, ParsedMessage, RecipientKind
from amberpost.road.frame import Taken
from amberpost.road.models import Capture, Message, Outcome
from amberpost.road.open import Vault
from amberpost.road.original import open_capture
from amberpost.road.prepare import owned_at

_MOST_CAPTURES = 50  # a mail that was split further shows the recipients of the first parts
_OPENLY = frozenset({RecipientKind.TO, RecipientKind.CC})
_HIDDEN = frozenset({RecipientKind.BCC})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One line of the envelope."""

    kind: RecipientKind
    address: str
    via: tuple[tuple[str, str], ...]  # ("expanded" or "forwarded", address it was sent to)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleEnvelope:
    """What a user may know of the transport; empty if nothing is known of it."""

    senders: tuple[str, ...]  # and on whose behalf
    recipients: tuple[Recipient, ...]
    is_whole: bool  # this user may know everybody


def visible_envelope(vault: Vault, user: User, message: Message, parsed: ParsedMessage) -> VisibleEnvelope:
    """The envelopes of all handings-over of a message the user may see, without what they must not know."""
    scope = scope_of(user)
    book = load_address_book(scope.archives)
    addressed = {box.address for box in (*parsed.to, *parsed.cc)}
    sees_all = may(user, "envelope:see")
    senders: dict[str, None] = {}
    recipients: dict[Recipient, None] = {}
    is_whole = True
    for capture, envelope in _envelopes(vault, message.id):
        at = owned_at(capture, message.sent_at or capture.received_at)
        named = [normalise_address(a) for a in (envelope.mail_from, envelope.on_behalf_of) if a]
        senders.update(dict.fromkeys(named))
        knows = sees_all or _owns(book, named, at)
        is_whole = is_whole and knows
        for recipient in envelope.rcpt_to:
            if knows or _is_open(recipient, addressed) or _owns(book, _names(recipient), at):
                line = Recipient(
                    kind=recipient.kind,
                    address=normalise_address(recipient.address),
                    via=tuple((r.kind.value, normalise_address(r.address)) for r in recipient.redirections),
                )
                recipients[line] = None  # once, by however many handings-over
    return VisibleEnvelope(senders=tuple(senders), recipients=tuple(recipients), is_whole=is_whole)


def _envelopes(vault: Vault, message_id: int) -> Iterable[tuple[Taken, Envelope]]:
    captures = Capture.objects.filter(message_id=message_id).exclude(outcome=Outcome.DUPLICATE)
    for index in captures.order_by("index").values_list("index", flat=True)[:_MOST_CAPTURES]:
        capture = open_capture(vault, index)
        envelope = capture.envelope
        if capture.evaluation == "journal":
            envelope = unwrap(capture.raw, capture.envelope).envelope
        if envelope is not None:
            yield capture, envelope


def _is_open(recipient: EnvelopeRecipient, addressed: Collection[str]) -> bool:
    """Openly addressed. Where the server could not tell, only if the message itself says so."""
    if recipient.kind in _OPENLY:
        return True
    return recipient.kind not in _HIDDEN and any(name in addressed for name in _names(recipient))


def _names(recipient: EnvelopeRecipient) -> list[str]:
    via = (redirection.address for redirection in recipient.redirections)
    return [normalise_address(address) for address in (recipient.address, *via)]


def _owns(book: AddressBook, addresses: Iterable[str], at: datetime) -> bool:
    return any(book.find_archive(address, at) is not None for address in addresses)
