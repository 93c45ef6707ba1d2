"""Who did what, when, to what. Rows are only ever inserted; the worker seals each into the audit log."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

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

    def as_fields(self) -> dict[str, Any]:
        """The deed as JSON values."""
        return {
            "id": self.event_id.hex,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "action": self.action,
            "target": self.target,
            "detail": self.detail,
        }

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> "AuditEvent":
        """The inverse; not saved."""
        known = {**fields, "at": datetime.fromisoformat(fields["at"])}
        return cls(event_id=UUID(hex=known.pop("id")), **known)
