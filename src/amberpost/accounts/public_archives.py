"""Public archives made by hand, where the local list may have them."""

from collections.abc import Sequence

from django.db import transaction

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.active import may_have_public_archives
from amberpost.directory.archives.local import create_archive
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin
from amberpost.errors import UserError


def add_public_archive(
    name: str, addresses: Sequence[str], *, origin: ArchiveOrigin = ArchiveOrigin.SHARED, by: str
) -> Archive:
    """An archive for the mail of a shared mailbox or a list; nobody reads it until it is released."""
    if not may_have_public_archives():
        raise UserError("public_archives_off")
    if not name.strip():
        raise UserError("archive_name_missing")
    if origin == ArchiveOrigin.PERSON:
        raise UserError("archive_of_person_private")
    with transaction.atomic():
        archive = create_archive(name.strip()[:200], addresses, kind=ArchiveKind.PUBLIC, origin=origin)
        record(
            by,
            Action.ARCHIVE_ADDED,
            archive.name,
            archive=archive.pk,
            origin=origin,
            addresses=len(addresses),
        )
    return archive
