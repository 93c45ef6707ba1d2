"""The catalogue: what we remember of the log so that it can be found quickly.

Every row of Capture, Message, Party, PartyAddress, Assignment and Position is derived from the segments and
can be dropped (`amberpost rebuild`). Work, WorkerStatus, ClockReading and IndexJob are of the present.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from amberpost.road.moments import MomentField


class Outcome(models.IntegerChoices):
    """What became of one handing-over."""

    STORED = 1, _("stored")
    DUPLICATE = 2, _("duplicate")
    QUARANTINED = 3, _("quarantined")


class Quarantine(models.IntegerChoices):
    """Why a message is in no archive."""

    NONE = 0, _("not in quarantine")
    NO_ARCHIVE = 1, _("no archive has one of its addresses")
    UNPROCESSABLE = 2, _("could not be processed")
    NO_ENVELOPE = 3, _("a journal report without a readable envelope")


class Message(models.Model):
    """One distinct e-mail, identified by the hash of its bytes. Its id is the ledger index of its first capture."""

    id = models.IntegerField(primary_key=True)  # the index counts with 32 bits, too
    sha256 = models.BinaryField(max_length=32, unique=True)
    message_id = models.TextField(blank=True)  # the Message-ID field: untrusted, not unique
    subject = models.TextField(blank=True)
    from_name = models.TextField(blank=True)
    from_address = models.TextField(blank=True)
    sent_at = MomentField()  # Date field, else Received, else when we received or captured it
    captured_at = MomentField()
    thread = models.TextField(blank=True)
    fork = models.BinaryField(max_length=16, db_index=True)  # copies whose owners see each other's share it
    likeness = models.BinaryField(max_length=16, db_index=True)  # messages that look the same share it
    size_bytes = models.BigIntegerField()
    attachment_count = models.IntegerField(default=0)
    flags = models.TextField(blank=True)  # space separated message.types.Flag
    defects = models.TextField(blank=True)  # space separated message.types.Defect
    quarantine = models.SmallIntegerField(choices=Quarantine.choices, default=Quarantine.NONE)
    error = models.JSONField(default=dict)  # a remark: why it could not be processed

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=~models.Q(quarantine=0), name="message_in_quarantine"),
        ]


class Capture(models.Model):
    """One handing-over, sealed under this ledger index."""

    index = models.IntegerField(primary_key=True)
    capture_id = models.BinaryField(max_length=16, unique=True)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="captures")
    source_id = models.BigIntegerField()
    outcome = models.SmallIntegerField(choices=Outcome.choices)
    fingerprint = models.BinaryField(max_length=16, null=True, unique=True)  # null for a duplicate
    captured_at = MomentField()
    raw_bytes = models.BigIntegerField()


class PartyAddress(models.Model):
    """Each address once."""

    address = models.TextField(unique=True)


class Party(models.Model):
    """An address that could make somebody an owner of the message, and how it was found (Reason)."""

    capture_index = models.BigIntegerField()
    address = models.ForeignKey(PartyAddress, models.CASCADE)
    reason = models.SmallIntegerField()


class Assignment(models.Model):
    """The message belongs to an archive, with the reason and the ledger entry that says so."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="assignments", db_index=False)
    archive_id = models.BigIntegerField()
    reason = models.SmallIntegerField()
    entry = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message", "archive_id", "reason"], name="one_assignment_a_reason"
            )
        ]


class Position(models.Model):
    """How far a derived thing has followed the log."""

    name = models.CharField(max_length=20, primary_key=True)
    next_index = models.BigIntegerField(default=0)


class IndexJob(models.Model):
    """The archives of this message changed: its index document must be written again."""

    message_id = models.IntegerField(primary_key=True)


class WorkKind(models.TextChoices):
    ASSIGN = "assign", _("assign kept mail to a new address")
    VERIFY = "verify", _("verify")
    REINDEX = "reindex", _("rebuild the search index")


class Work(models.Model):
    """Work for the worker, claimed by UPDATE; of all that ask exactly one gets it."""

    kind = models.CharField(max_length=12, choices=WorkKind.choices)
    detail = models.JSONField(default=dict)
    requested_by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.JSONField(default=dict)  # a remark

    class Meta:
        ordering = ("-id",)


class WorkerStatus(models.Model):
    """The last sign of life of each long-running process."""

    name = models.CharField(max_length=20, primary_key=True)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    intake_pending = models.IntegerField(default=0)
    note = models.TextField(blank=True)
    clock = models.JSONField(default=dict)  # the worker's Judgement of the machine's clock


class ClockReading(models.Model):
    """What a server, an operator or the worker said about the time, and at which uptime of which start."""

    name = models.CharField(max_length=300, primary_key=True)
    who = models.CharField(max_length=200, blank=True)
    boot = models.CharField(max_length=40)
    uptime = models.FloatField()
    earliest = models.DateTimeField(null=True)  # null: only that something was looked at then
    latest = models.DateTimeField(null=True)
