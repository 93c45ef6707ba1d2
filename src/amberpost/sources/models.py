"""Where mail comes from, as an operator configured it, and how far each folder has been read."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amberpost.net.security import Security


class SourceProtocol(models.TextChoices):
    POP3 = "pop3", "POP3"
    IMAP = "imap", "IMAP"
    OAUTH_IMAP = "oauth-imap", _("OAuth 2 (IMAP)")
    OAUTH_POP3 = "oauth-pop3", _("OAuth 2 (POP3)")
    FILE = "file", _("import")

    @property
    def uses_oauth(self) -> bool:
        return self in (SourceProtocol.OAUTH_IMAP, SourceProtocol.OAUTH_POP3)

    @property
    def is_pop3(self) -> bool:
        return self in (SourceProtocol.POP3, SourceProtocol.OAUTH_POP3)


class MailSystem(models.TextChoices):
    """Whose copies come to an account: its guide and its check list follow from it, and nothing else."""

    MICROSOFT_365 = "microsoft-365", "Microsoft 365"
    EXCHANGE = "exchange", _("Exchange server")
    POSTFIX = "postfix", "Postfix"
    GOOGLE = "google", "Google Workspace"
    OTHER = "other", _("Other mailbox")


class _Present(models.Manager["Source"]):
    """Without the removed ones, whose rows only keep a number and a name."""

    def get_queryset(self) -> models.QuerySet["Source"]:
        return super().get_queryset().filter(removed_at=None)


class Source(models.Model):
    """A remote e-mail account, or the import of files. Its secrets are sealed and never shown again."""

    name = models.CharField(_("name"), max_length=100)
    protocol = models.CharField(_("protocol"), max_length=12, choices=SourceProtocol.choices, default="imap")
    mail_system = models.CharField(
        _("mail system"), max_length=20, choices=MailSystem.choices, default=MailSystem.OTHER
    )
    server = models.CharField(_("server"), max_length=260, blank=True)  # host[:port]
    user = models.CharField(_("user"), max_length=320, blank=True)
    sealed_password = models.BinaryField(default=b"", blank=True)
    password_set_at = models.DateTimeField(null=True, blank=True)
    tenant_id = models.CharField(_("tenant id"), max_length=260, blank=True)  # GUID or a verified domain
    client_id = models.CharField(_("client id"), max_length=100, blank=True)
    sealed_client_secret = models.BinaryField(default=b"", blank=True)
    client_secret_set_at = models.DateTimeField(null=True, blank=True)
    secret_expires_on = models.DateField(_("client secret expires on"), null=True, blank=True)
    authority = models.URLField(_("authority"), blank=True)  # empty: Microsoft's worldwide cloud
    scope = models.CharField(_("scope"), max_length=260, blank=True)  # empty: Exchange Online
    allow_insecure_oauth = models.BooleanField(default=False)  # a bearer token in clear text, after a warning
    security = models.CharField(
        _("connection security"), max_length=10, choices=Security.choices, default=Security.STARTTLS
    )
    ca_pem = models.TextField(_("own root certificate"), blank=True)
    certificate_sha256 = models.CharField(_("accepted certificate"), max_length=64, blank=True)  # pinned
    keep_mails = models.BooleanField(_("keep e-mails on the server"), default=False)
    max_size_mb = models.PositiveIntegerField(
        _("max. e-mail size (MB)"),
        null=True,
        blank=True,
        validators=[
            MinValueValidator(
                1,
                _(
                    "The smallest limit is 1 MB, as 0 would take no mail. Leave it empty where there is no limit."
                ),
            )
        ],
    )
    folders = models.JSONField(_("folders"), default=list, blank=True)  # empty: INBOX
    evaluation = models.CharField(_("e-mail header evaluation"), max_length=80, default="journal")
    enabled = models.BooleanField(_("enabled"), default=True)
    interval_minutes = models.PositiveIntegerField(
        _("fetch every (minutes)"), default=1, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    silence_hours = models.PositiveIntegerField(
        _("alarm when nothing arrives for (hours)"), default=72, validators=[MaxValueValidator(24 * 90)]
    )  # 0: never
    created_at = models.DateTimeField(db_default=Now())
    # The row stays: captures name the source by its number, which must never mean another account
    removed_at = models.DateTimeField(null=True, blank=True)

    every = models.Manager["Source"]()  # the first is Django's default: snapshots keep removed ones, too
    objects = _Present()

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(removed_at=None),
                name="one_source_a_name",
                violation_error_message=_("There is an account of this name already"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name, with a word if the account is no more."""
        return gettext("%(name)s (removed)") % {"name": self.name} if self.removed_at else self.name

    @property
    def kind(self) -> SourceProtocol:
        return SourceProtocol(self.protocol)


class OwnDomain(models.Model):
    """A mail domain of this company: tells direction, warns and counts; never decides whether mail is kept."""

    name = models.CharField(_("domain"), max_length=255, unique=True)  # lower case, A-labels

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SourceStatus(models.Model):
    """What happened last at a source; memory, not configuration."""

    source = models.OneToOneField(Source, models.CASCADE, primary_key=True, related_name="status")
    last_attempt_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_error = models.JSONField(default=dict)  # a remark
    failures = models.PositiveIntegerField(default=0)  # in a row
    next_attempt_at = models.DateTimeField(null=True)
    is_running = models.BooleanField(default=False)  # still true at a start: the process ended within a run
    fetch_now = models.BooleanField(default=False)  # an operator asked
    first_token_at = models.DateTimeField(null=True)
    first_login_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)  # when a run last saw a new message
    left_count = models.PositiveIntegerField(default=0)  # messages that stay on the server, not archived
    certificate_expires_at = models.DateTimeField(null=True)
    evidence = models.JSONField(default=dict)  # health.evidence.Evidence -> when it was captured, ISO 8601


class SourceCursor(models.Model):
    """Which messages of a folder the archive has sealed: derived from the segments, rebuilt with them."""

    source_id = models.BigIntegerField()
    folder = models.TextField()
    uidvalidity = models.BigIntegerField()
    uids = models.TextField(blank=True)  # IMAP sequence-set, such as 1:5000,5003
    # UIDs below this were there, or gone, before we first looked: no hole of ours. 0: not looked yet.
    baseline = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source_id", "folder", "uidvalidity"], name="one_cursor_a_folder")
        ]


class SourceUidl(models.Model):
    """A POP3 message the archive has sealed: derived from the segments, dropped when the server forgets it."""

    source_id = models.BigIntegerField()
    uidl = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source_id", "uidl"], name="one_row_a_uidl")]


class LeftMessage(models.Model):
    """A message that stays on the server because it was not taken: listed and alarmed, never deleted there."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="left_messages")
    remote_id = models.TextField()
    size_bytes = models.BigIntegerField(null=True)
    reason = models.JSONField(default=dict)  # a remark
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ("-last_seen_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "remote_id"], name="one_row_a_left_message")
        ]


class SignalKind(models.TextChoices):
    GAP = "gap", _("gap")
    HEARTBEAT = "heartbeat", _("sign of life")


class SourceSignal(models.Model):
    """What a source told about mail that did not come: a hole, or that it lives and has nothing new.

    Written by the collecting process; the worker seals each into the mail ledger. `entry` is its index there.
    """

    kind = models.CharField(max_length=10, choices=SignalKind.choices)
    source_id = models.BigIntegerField()
    at = models.DateTimeField()
    since = models.DateTimeField(null=True)  # heartbeat: the last sign of life before
    folder = models.TextField(blank=True)
    uidvalidity = models.BigIntegerField(null=True)
    first_uid = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(null=True)
    entry = models.BigIntegerField(null=True, unique=True)

    class Meta:
        ordering = ("id",)


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
    notes = models.JSONField(default=list)  # remarks about this run
    error = models.JSONField(default=dict)  # a remark

    class Meta:
        ordering = ("-started_at",)
