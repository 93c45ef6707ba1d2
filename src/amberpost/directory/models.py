"""Whose mail it is: directories, archives and the addresses that lead to them."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class DirectoryKind(models.TextChoices):
    LOCAL = "local", _("local list")
    AD = "ad", "Active Directory"
    LDAP = "ldap", _("other LDAP directory")
    ENTRA = "entra", "Microsoft Entra ID"


class Directory(models.Model):
    """One way to know users and addresses: one row a kind, one of them active. Its secrets are sealed."""

    kind = models.CharField(_("kind"), max_length=10, choices=DirectoryKind.choices, unique=True)
    is_active = models.BooleanField(_("active"), default=False)
    settings = models.JSONField(default=dict, blank=True)  # as its reader names them; no secrets
    sealed_secrets = models.JSONField(default=dict, blank=True)  # field -> sealed value in base64
    interval_minutes = models.PositiveIntegerField(_("read every (minutes)"), default=60)
    guard_percent = models.PositiveIntegerField(_("stop if more than this share would leave (%)"), default=20)
    guard_count = models.PositiveIntegerField(_("and at least this many"), default=5)
    has_rooms = models.BooleanField(_("archives for rooms and equipment"), default=False)
    has_public_archives = models.BooleanField(_("public archives with the local list"), default=False)
    is_manual = models.BooleanField(_("manual selection of accounts"), default=False)
    releases_to_delegates = models.BooleanField(
        _("release shared mailboxes, rooms and folders to their delegates"), default=True
    )
    releases_to_members = models.BooleanField(_("release groups to their members"), default=False)

    class Meta:
        ordering = ("kind",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="one_directory_is_active"
            )
        ]

    def __str__(self) -> str:
        return self.kind


class DirectoryStatus(models.Model):
    """What happened last at a directory; memory, not configuration."""

    directory = models.OneToOneField(Directory, models.CASCADE, primary_key=True, related_name="status")
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_attempt_at = models.DateTimeField(null=True)
    sync_now = models.BooleanField(default=False)  # an operator asked
    is_waiting = models.BooleanField(default=False)  # a suspicious plan waits for an operator
    is_applied = models.BooleanField(default=False)  # an operator has seen a plan since it became active
    report = models.JSONField(default=dict)  # conflicts, notes and worries of the last plan, and its hash


class RunOutcome(models.TextChoices):
    APPLIED = "applied", _("changed")
    UNCHANGED = "unchanged", _("nothing to change")
    WAITING = "waiting", _("waits for an operator")
    FAILED = "failed", _("failed")


class DirectoryRun(models.Model):
    """One reading of a directory and what came of it; memory, not configuration."""

    directory = models.ForeignKey(Directory, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=RunOutcome.choices)
    came = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)  # messages that leave quarantine
    notes = models.JSONField(default=list)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)


class ArchiveKind(models.TextChoices):
    PRIVATE = "private", _("private")
    PUBLIC = "public", _("public")


class ArchiveOrigin(models.TextChoices):
    """What in the directory an archive stands for; the values are those of directory.found.EntryKind."""

    PERSON = "person", _("person")
    SHARED = "shared", _("shared mailbox")
    ROOM = "room", _("room")
    EQUIPMENT = "equipment", _("equipment")
    GROUP = "group", _("group")
    DYNAMIC_GROUP = "dynamic_group", _("dynamic group")
    PUBLIC_FOLDER = "public_folder", _("public folder")


class ArchiveState(models.TextChoices):
    ACTIVE = "active", _("active")
    DEPARTED = "departed", _("departed")


class Archive(models.Model):
    """All messages of one person, or of a shared mailbox, public folder or group. Never deleted."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(
        _("kind"), max_length=10, choices=ArchiveKind.choices, default=ArchiveKind.PRIVATE
    )
    key = models.CharField(max_length=200, null=True)  # noqa: DJ001  of the directory; null: local
    origin = models.CharField(
        _("stands for"), max_length=15, choices=ArchiveOrigin.choices, default=ArchiveOrigin.PERSON
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ArchiveState.choices, default=ArchiveState.ACTIVE
    )
    is_selected = models.BooleanField(_("archives new mail"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name", "id")
        constraints: ClassVar = [
            # A mailbox that changes from a person's to a shared one keeps its key and gets a second archive.
            models.UniqueConstraint(fields=["key", "kind"], name="one_archive_a_key_and_kind")
        ]

    def __str__(self) -> str:
        return self.name


class AddressRules(models.Model):
    """The one row about how addresses are read, for the whole archive."""

    has_plus_addresses = models.BooleanField(default=False)  # name+anything@ leads where name@ does


class Address(models.Model):
    """An address leads to one archive during its validity; the first holder has it from the beginning of time."""

    address = models.TextField(_("address"))  # normalised: lower case, domain as A-label; or [ex:/o=...]
    archive = models.ForeignKey(Archive, models.PROTECT, related_name="addresses")
    valid_from = models.DateTimeField(null=True)  # null: from the beginning of time
    valid_until = models.DateTimeField(null=True)  # null: still held

    class Meta:
        ordering = ("address", "valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["address"],
                condition=models.Q(valid_until__isnull=True),
                name="address_has_one_holder",
            ),
            models.UniqueConstraint(
                fields=["address"],
                condition=models.Q(valid_from__isnull=True),
                name="address_has_one_first_holder",
            ),
        ]

    def __str__(self) -> str:
        return self.address
