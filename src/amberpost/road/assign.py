"""Which archives hold a message, and why. Pure."""

from collections.abc import Iterable
from datetime import datetime

from amberpost.directory.archives.book import AddressBook
from amberpost.message.evaluate import without_prefix
from amberpost.road.prepare import Claim, Prepared
from amberpost.road.reasons import Reason

_DELIVERED = (Reason.DELIVERED_TO, Reason.DELIVERED_TO_PREFIXED)
Decision = tuple[int, Reason]  # archive id, reason


def decide(prepared: Prepared, book: AddressBook) -> tuple[Decision, ...]:
    """The archives of one capture as the address book has it now; sealed with it and never changed."""
    if prepared.capture.target_archive is not None:
        return ((prepared.capture.target_archive, Reason.IMPORT),)
    return archives_for(prepared.claims, prepared.owned_at, book)


def archives_for(claims: Iterable[Claim], at: datetime, book: AddressBook) -> tuple[Decision, ...]:
    """Each archive that held a claimed address at that time, once for each reason."""
    claims = tuple(claims)
    decisions: dict[Decision, None] = {}
    for claim in claims:
        if not counts(claim, claims, book):
            continue
        archive_id = book.find_archive(claim.address, at)
        if archive_id is not None:
            decisions[archive_id, claim.reason] = None
    return tuple(decisions)


def counts(claim: Claim, claims: Iterable[Claim], book: AddressBook) -> bool:
    """What is behind a prefix of a Delivered-To address counts only if nobody ever held a longer form of it.

    So the mail of a leaver, anna-berg@, never becomes that of berg@.
    """
    return claim.reason is not Reason.DELIVERED_TO_PREFIXED or not any(
        claim.address in without_prefix(other.address) and book.holders(other.address)
        for other in claims
        if other.reason in _DELIVERED
    )
