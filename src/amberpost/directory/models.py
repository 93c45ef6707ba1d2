"""Whose mail it is: archives and the addresses that lead to them."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ArchiveKind(models.TextChoices):
    PRIVATE = "private", _("private")
    PUBLIC = "public", _("public")


class Archive(models.Model):
    """All messages of one person, or of a shared mailbox, public folder or group."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(
        _("kind"), max_length=10, choices=ArchiveKind.choices, default=ArchiveKind.PRIVATE
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """An address leads to one archive during its validity; the first holder has it from the beginning of time."""

    address = models.TextField(_("address"))  # normalised: lower case, domain as A-label
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
