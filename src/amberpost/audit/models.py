"""Who did what, when, to what. Rows are only ever inserted; the worker seals each into the audit log."""

from typing import ClassVar
from uuid import uuid4

from django.db import models


class AuditEvent(models.Model):
    """One deed. `entry` is its index in the audit ledger once it is sealed."""

    event_id = models.UUIDField(default=uuid4, unique=True, editable=False)  # one deed, wherever it is kept
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)
    entry = models.BigIntegerField(null=True, unique=True)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["action", "at"], name="audit_by_action")]
