"""The address book: which archive an address led to at a given time. Pure, once loaded."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from amberpost.directory.models import Address, AddressRules
from amberpost.message.addresses import without_detail

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """An archive holds an address in [valid_from, valid_until)."""

    archive_id: int
    valid_from: datetime
    valid_until: datetime

    @property
    def is_whole_time(self) -> bool:
        """The only holder there ever was, so far."""
        return self.valid_from == _BEGINNING and self.valid_until == _END


class AddressBook:
    """Addresses to archives, with validity. `has_plus_addresses`: name+anything@ leads where name@ does."""

    def __init__(self, holdings: Iterable[tuple[str, Holding]], *, has_plus_addresses: bool = False) -> None:
        self.has_plus_addresses = has_plus_addresses
        self._holdings: dict[str, list[Holding]] = defaultdict(list)
        for address, holding in holdings:
            self._holdings[address].append(holding)

    def holders(self, address: str) -> list[Holding]:
        """Everyone who ever held `address`; who holds it in full comes before who holds it without its detail."""
        found = self._holdings.get(address, [])
        if not found and self.has_plus_addresses and "+" in address:
            return self._holdings.get(without_detail(address), [])
        return found

    def find_archive(self, address: str, at: datetime) -> int | None:
        """The archive that held `address` (normalised) at that time."""
        for holding in self.holders(address):
            if holding.valid_from <= at < holding.valid_until:
                return holding.archive_id
        return None


def load_address_book(archives: Collection[int] | None = None) -> AddressBook:
    """The address book as the database has it now, or that of some archives, selected or not.

    An archive that is not selected takes no mail.
    """
    if archives is None:
        selected = Address.objects.filter(archive__is_selected=True)
    else:
        selected = Address.objects.filter(archive_id__in=archives)
    rows = selected.values_list("address", "archive_id", "valid_from", "valid_until")
    return AddressBook(
        (
            (
                address,
                Holding(
                    archive_id=archive_id,
                    valid_from=valid_from or _BEGINNING,
                    valid_until=valid_until or _END,
                ),
            )
            for address, archive_id, valid_from, valid_until in rows
        ),
        has_plus_addresses=has_plus_addresses(),
    )


def has_plus_addresses() -> bool:
    """Whether mail to name+anything@ is mail to name@, for the whole archive."""
    return AddressRules.objects.filter(has_plus_addresses=True).exists()
