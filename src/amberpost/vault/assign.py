"""Which archives hold a message, and why. Pure."""

from collections.abc import Iterable
from datetime import datetime

from amberpost.directory.book import AddressBook
from amberpost.vault.prepare import Claim, Prepared
from amberpost.vault.reasons import Reason

Decision = tuple[int, Reason]  # archive id, reason


def decide(prepared: Prepared, book: AddressBook) -> tuple[Decision, ...]:
    """The archives of one capture as the address book has it now; sealed with it and never changed."""
    if prepared.capture.target_archive is not None:
        return ((prepared.capture.target_archive, Reason.IMPORT),)
    return archives_for(prepared.claims, prepared.owned_at, book)


def archives_for(claims: Iterable[Claim], at: datetime, book: AddressBook) -> tuple[Decision, ...]:
    """Each archive that held a claimed address at that time, once for each reason."""
    decisions: dict[Decision, None] = {}
    for claim in claims:
        archive_id = book.find_archive(claim.address, at)
        if archive_id is not None:
            decisions[archive_id, claim.reason] = None
    return tuple(decisions)
