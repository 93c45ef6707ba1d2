"""Which directory is active, how it is set, and what its rules are; every change is recorded.

The secrets of a directory (bind password, client secret) go in sealed and never come out on a page.
"""

import base64
from collections.abc import Mapping

from django.db import transaction

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.models import Archive, Directory, DirectoryKind, DirectoryStatus
from amberpost.directory.plan.present import Rules
from amberpost.store.secret import OpenSetting, SealSetting, Secret


def active_directory() -> Directory:
    """The directory that decides about users and archives; the local list if nobody chose another."""
    found = Directory.objects.filter(is_active=True).first()
    return found or get_directory(DirectoryKind.LOCAL)


def get_directory(kind: str) -> Directory:
    """The settings of one kind of directory, as they are or would be."""
    return Directory.objects.filter(kind=kind).first() or Directory(kind=DirectoryKind(kind))


def setting_row(directory: Directory) -> str:
    """The name under which a directory's secrets are sealed; it never changes."""
    return f"directory/{directory.kind}"


def save_directory(
    directory: Directory, secrets: Mapping[str, Secret], seal: SealSetting, *, by: str, fields: str = ""
) -> Directory:
    """Save settings and rules; an empty secret leaves the one that is set. `fields` names what changed."""
    sealed = {
        field: base64.b64encode(seal(setting_row(directory), field, secret.reveal())).decode()
        for field, secret in secrets.items()
        if secret.reveal()
    }
    with transaction.atomic():
        directory.sealed_secrets = {**directory.sealed_secrets, **sealed}
        directory.save()
        DirectoryStatus.objects.filter(directory=directory).update(
            next_attempt_at=None, failures=0, last_error={}
        )
        record(by, Action.DIRECTORY_CHANGED, directory.kind, secrets=",".join(sorted(sealed)), fields=fields)
    return directory


def secret_of(directory: Directory, field: str, unseal: OpenSetting) -> Secret:
    """A sealed secret, opened; empty if none is set."""
    sealed = directory.sealed_secrets.get(field)
    if not sealed:
        return Secret(b"")
    return Secret(unseal(setting_row(directory), field, base64.b64decode(sealed)))


def activate(directory: Directory, *, by: str) -> None:
    """Make this the one that decides. What others gave stays until this one's plan is applied."""
    with transaction.atomic():
        Directory.objects.filter(is_active=True).update(is_active=False)
        directory.is_active = True
        directory.save()
        DirectoryStatus.objects.update_or_create(
            directory=directory, defaults={"is_applied": False, "is_waiting": False, "report": {}}
        )
        record(by, Action.DIRECTORY_ACTIVATED, directory.kind)


def status_of(directory: Directory) -> DirectoryStatus:
    """What happened last; made at first use."""
    return DirectoryStatus.objects.get_or_create(directory=directory)[0]


def rules_of(directory: Directory) -> Rules:
    """The rules of a directory as a plan needs them."""
    return Rules(
        has_rooms=directory.has_rooms,
        is_manual=directory.is_manual,
        releases_to_delegates=directory.releases_to_delegates,
        releases_to_members=directory.releases_to_members,
        guard_percent=directory.guard_percent,
        guard_count=directory.guard_count,
    )


def may_have_public_archives() -> bool:
    """With the local list only if an operator switched it on."""
    directory = active_directory()
    return directory.kind != DirectoryKind.LOCAL or directory.has_public_archives


def select_archives(archives: Mapping[int, bool], *, by: str) -> list[str]:
    """Manual selection: which archives take new mail (id -> yes or no). Returns the addresses that now lead on.

    Kept mail stays readable. Taking an archive out can break the duty to keep its mail: pages must say so.
    """
    gained: list[str] = []
    with transaction.atomic():
        for archive in Archive.objects.filter(pk__in=archives).prefetch_related("addresses"):
            is_selected = archives[archive.pk]
            if archive.is_selected == is_selected:
                continue
            archive.is_selected = is_selected
            archive.save(update_fields=["is_selected"])
            action = Action.ARCHIVE_SELECTED if is_selected else Action.ARCHIVE_DESELECTED
            record(by, action, archive.name, archive=archive.pk)
            if is_selected:
                gained += [held.address for held in archive.addresses.all()]
    return gained
