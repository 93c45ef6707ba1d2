"""Late assignment: mail that is kept finds its archive when a fitting address appears."""

from collections.abc import Sequence

from django.db import transaction

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.bell import ring
from amberpost.directory.archives.book import AddressBook, load_address_book
from amberpost.directory.models import AddressRules
from amberpost.message.addresses import without_detail
from amberpost.road.assign import counts
from amberpost.road.catalogue import archives_of, catalogue
from amberpost.road.entries import assign_draft, parse_header
from amberpost.road.frame import taken
from amberpost.road.models import Capture, Message, Party, PartyAddress, Work, WorkKind
from amberpost.road.open import Vault
from amberpost.road.prepare import Claim, owned_at
from amberpost.road.reasons import Reason
from amberpost.road.rows import chunks, select_in
from amberpost.road.seal import append, sealing_time

_PER_ENTRY = 60  # message ids that fit a leaf of 1 KiB

Reassignment = tuple[int, int, int]  # message id, archive id, reason


def request_assignment(addresses: Sequence[str], requested_by: str) -> None:
    """Ask the worker to look through kept mail for these addresses."""
    if addresses:
        Work.objects.create(
            kind=WorkKind.ASSIGN, detail={"addresses": list(addresses)}, requested_by=requested_by
        )
        transaction.on_commit(ring)


def set_plus_addresses(is_on: bool, *, by: str) -> None:
    """Treat name+anything@ as name@, for the whole archive, or not any more.

    Once it is on, mail that is kept finds its archive late. Switched off, what was assigned stays assigned.
    """
    with transaction.atomic():
        rules = AddressRules.objects.select_for_update().first() or AddressRules()
        if rules.has_plus_addresses == is_on:
            return
        rules.has_plus_addresses = is_on
        rules.save()
        record(by, Action.PLUS_ADDRESSES_CHANGED, on=is_on)
        if is_on:
            request_assignment(sorted({*map(without_detail, _with_detail())} - {""}), by)


def assign_late(vault: Vault, addresses: Sequence[str]) -> set[int]:
    """Assign kept messages to the holders of `addresses`. Returns the messages that changed."""
    book = load_address_book()
    found = [item for address in _named(addresses, book) for item in _missing(vault, address, book)]
    unique = list(dict.fromkeys(found))
    at = sealing_time(vault.mail)
    drafts = [(assign_draft([*some], at=at), None) for some in chunks(unique, _PER_ENTRY)]
    with transaction.atomic():
        return catalogue(append(vault.mail, drafts, at=at)).changed


def _named(addresses: Sequence[str], book: AddressBook) -> list[str]:
    """Those that any mail names; a directory brings ten thousands, most of which none does."""
    named = [address for (address,) in select_in(PartyAddress, ["address"], "address", addresses)]
    if book.has_plus_addresses:
        wanted = frozenset(addresses)
        named += [address for address in _with_detail() if without_detail(address) in wanted]
    return list(dict.fromkeys(named))


def _with_detail() -> list[str]:
    """Every name+anything@ that mail names."""
    return list(PartyAddress.objects.filter(address__contains="+").values_list("address", flat=True))


def _missing(vault: Vault, address: str, book: AddressBook) -> list[Reassignment]:
    """The messages that claim `address` and are not yet in its holder's archive."""
    if not book.holders(address):
        return []
    parties = list(Party.objects.filter(address__address=address).values_list("capture_index", "reason"))
    messages: dict[int, int] = {}
    for some in chunks([index for index, _ in parties]):
        rows = Capture.objects.filter(index__in=some, message__isnull=False)
        messages.update(rows.values_list("index", "message_id"))
    known = archives_of(messages.values())
    found = []
    for index, reason in parties:
        message_id = messages.get(index)
        if message_id is None or not _counts(index, address, reason, book):
            continue
        archive_id = _holder(vault, index, message_id, address, book)
        if archive_id is not None and archive_id not in known.get(message_id, ()):
            found.append((message_id, archive_id, reason))
    return found


def _counts(index: int, address: str, reason: int, book: AddressBook) -> bool:
    """As at sealing; the other addresses of the capture matter for what is behind a prefix only."""
    if reason != Reason.DELIVERED_TO_PREFIXED:
        return True
    rows = Party.objects.filter(capture_index=index).values_list("address__address", "reason")
    claims = [Claim(reason=Reason(other), address=text) for text, other in rows]
    return counts(Claim(reason=Reason(reason), address=address), claims, book)


def _holder(vault: Vault, index: int, message_id: int, address: str, book: AddressBook) -> int | None:
    """Who held the address when the capture came; reads the sealed header only if the time matters."""
    holders = book.holders(address)
    if len(holders) == 1 and holders[0].is_whole_time:
        return holders[0].archive_id
    _, header = vault.mail.store.read_header(index)
    capture = taken(parse_header(header), b"")  # type: ignore[arg-type]
    sent_at = Message.objects.values_list("sent_at", flat=True).get(id=message_id)
    return book.find_archive(address, owned_at(capture, sent_at or capture.received_at))
