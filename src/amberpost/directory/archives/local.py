"""The local list: archives made by hand and their addresses, changed by an operator.

An archive is never deleted here, and an address that moves on keeps its history: the mail of its first
holder stays with the first holder (collecting-mail.md, Decided 2).
"""

import re
from collections.abc import Iterable, Sequence

from django.db import transaction

from amberpost.clock import now
from amberpost.directory.models import Address, Archive, ArchiveKind, ArchiveOrigin
from amberpost.errors import UserError
from amberpost.message.headers import normalise_address

_X500 = re.compile(r"\[ex:/[^\]\r\n]{1,1000}\]")


def create_archive(
    name: str,
    addresses: Sequence[str],
    *,
    kind: ArchiveKind = ArchiveKind.PRIVATE,
    origin: ArchiveOrigin = ArchiveOrigin.PERSON,
) -> Archive:
    """A new archive that holds `addresses`."""
    with transaction.atomic():
        archive = Archive.objects.create(name=name, kind=kind, origin=origin)
        add_addresses(archive, addresses)
    return archive


def add_addresses(archive: Archive, addresses: Iterable[str]) -> list[str]:
    """Give `archive` further addresses; those it has already stay. Returns the normalised new ones."""
    _require_local(archive)
    with transaction.atomic():
        added = [address for address in map(valid_address, addresses) if _add(archive, address)]
    return added


def set_addresses(archive: Archive, addresses: Sequence[str]) -> list[str]:
    """Make `addresses` the ones the archive holds from now on. Returns the new ones."""
    _require_local(archive)
    wanted = {valid_address(address) for address in addresses}
    with transaction.atomic():
        held = Address.objects.filter(archive=archive, valid_until=None)
        held.exclude(address__in=wanted).update(valid_until=now())
        return add_addresses(archive, sorted(wanted))


def current_addresses(archive: Archive) -> list[str]:
    """The addresses the archive holds now."""
    return list(Address.objects.filter(archive=archive, valid_until=None).values_list("address", flat=True))


def valid_address(text: str) -> str:
    """The normalised form of a mail address, or of an X.500 name, that a person typed; raises UserError."""
    address = normalise_address(text.strip())
    if _X500.fullmatch(address):
        return address
    local, at, domain = address.rpartition("@")
    if not (at and local and domain) or any(c.isspace() or c in "<>,;" for c in address):
        raise UserError("not_an_address", subject=text)
    return address


def _require_local(archive: Archive) -> None:
    if archive.key is not None:
        raise UserError("addresses_of_directory", subject=archive.name)


def _add(archive: Archive, address: str) -> bool:
    """False if it has the address already; UserError if another archive has it."""
    history = list(Address.objects.filter(address=address).order_by("valid_from"))
    current = next((row for row in history if row.valid_until is None), None)
    if current is not None and current.archive_id == archive.pk:
        return False
    if current is not None:
        raise UserError("address_taken", subject=address)
    # Who is the first to hold an address owns the mail that came before it was known here.
    Address.objects.create(address=address, archive=archive, valid_from=now() if history else None)
    return True
