"""Where mail comes from, as an operator configured it, and how far each folder has been read."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SourceProtocol(models.TextChoices):
    IMAP = "imap", "IMAP"
    FILE = "file", _("import")


class Security(models.TextChoices):
    STARTTLS = "starttls", "STARTTLS"
    SSL = "ssl", "SSL"
    NONE = "none", _("none (insecure)")


class Source(models.Model):
    """A remote e-mail account, or the import of files. Its password is sealed and never shown again."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    protocol = models.CharField(_("protocol"), max_length=12, choices=SourceProtocol.choices, default="imap")
    server = models.CharField(_("server"), max_length=260, blank=True)  # host[:port]
    user = models.CharField(_("user"), max_length=320, blank=True)
    sealed_password = models.BinaryField(default=b"", blank=True)
    password_set_at = models.DateTimeField(null=True, blank=True)
    security = models.CharField(
        _("connection security"), max_length=10, choices=Security.choices, default=Security.STARTTLS
    )
    ca_pem = models.TextField(_("own root certificate"), blank=True)
    keep_mails = models.BooleanField(_("keep mails on the server"), default=False)
    folders = models.JSONField(_("folders"), default=list, blank=True)  # empty: INBOX
    evaluation = models.CharField(_("e-mail header evaluation"), max_length=80, default="journal")
    enabled = models.BooleanField(_("enabled"), default=True)
    interval_minutes = models.PositiveIntegerField(_("fetch every (minutes)"), default=1)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SourceStatus(models.Model):
    """What happened last at a source; memory, not configuration."""

    source = models.OneToOneField(Source, models.CASCADE, primary_key=True, related_name="status")
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_attempt_at = models.DateTimeField(null=True)
    fetch_now = models.BooleanField(default=False)  # an operator asked


class SourceCursor(models.Model):
    """Which messages of a folder the archive has sealed: derived from the segments, rebuilt with them."""

    source_id = models.BigIntegerField()
    folder = models.TextField()
    uidvalidity = models.BigIntegerField()
    uids = models.TextField(blank=True)  # IMAP sequence-set, such as 1:5000,5003

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source_id", "folder", "uidvalidity"], name="one_cursor_a_folder")
        ]


class FetchRun(models.Model):
    """The account of one run at one source: seen = stored + duplicate + quarantined + left."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    seen = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-started_at",)
