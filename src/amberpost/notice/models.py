"""Whom to tell and how (governance), and what was told (memory)."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from amberpost.net.security import Security

THE_ONE = 1  # the key of the only row


class RelayLogin(models.TextChoices):
    """How we sign in at the mail relay."""

    PASSWORD = "password", _("User and password, or neither")
    OAUTH = "oauth", _("OAuth 2 (Exchange Online)")


class Channel(models.TextChoices):
    MAIL = "mail", _("e-mail")
    WEBHOOK = "webhook", _("webhook")


def _percent() -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(1), MaxValueValidator(100)]


class NoticeSettings(models.Model):
    """One row. Its secrets are sealed and never shown again. Empty relay or URL: that way is off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    addresses = models.JSONField(default=list, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    relay = models.CharField(max_length=260, blank=True)  # host[:port]
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.STARTTLS)
    login = models.CharField(max_length=10, choices=RelayLogin.choices, default=RelayLogin.PASSWORD)
    user = models.CharField(max_length=320, blank=True)  # with OAuth the mailbox that sends
    sealed_password = models.BinaryField(default=b"", blank=True)
    password_set_at = models.DateTimeField(null=True, blank=True)
    tenant_id = models.CharField(max_length=260, blank=True)  # GUID or a verified domain
    client_id = models.CharField(max_length=100, blank=True)
    sealed_client_secret = models.BinaryField(default=b"", blank=True)
    client_secret_set_at = models.DateTimeField(null=True, blank=True)
    authority = models.URLField(blank=True)  # empty: Microsoft's worldwide cloud
    scope = models.CharField(max_length=260, blank=True)  # empty: Exchange Online
    ca_pem = models.TextField(blank=True)
    webhook_url = models.CharField(max_length=500, blank=True)
    is_webhook_internal = models.BooleanField(default=False)
    sealed_webhook_secret = models.BinaryField(default=b"", blank=True)
    webhook_secret_set_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, default="en")
    failing_polls = models.PositiveIntegerField(default=5, validators=[MinValueValidator(1)])
    quarantine_per_day = models.PositiveIntegerField(default=100, validators=[MinValueValidator(1)])
    disk_percent = models.PositiveIntegerField(default=80, validators=_percent())
    disk_full_percent = models.PositiveIntegerField(default=90, validators=_percent())
    behind_minutes = models.PositiveIntegerField(default=15, validators=[MinValueValidator(1)])

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=THE_ONE), name="one_row_of_notice_settings")
        ]

    @property
    def has_mail(self) -> bool:
        return bool(self.relay and self.addresses)

    @property
    def channels(self) -> list[Channel]:
        """The ways that are set up."""
        ways = {Channel.MAIL: self.has_mail, Channel.WEBHOOK: bool(self.webhook_url)}
        return [channel for channel, is_on in ways.items() if is_on]


class Notice(models.Model):
    """An alarm from its first sight to its end; open while `ended_at` is empty."""

    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=100, blank=True)
    level = models.SmallIntegerField()
    stage = models.BigIntegerField(default=0)
    arguments = models.JSONField(default=dict)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()  # seen last
    sent_at = models.DateTimeField(null=True)  # handed to the outbox last; empty: not told yet
    told_stage = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-first_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(ended_at=None),
                name="one_open_notice_of_a_kind_and_subject",
            )
        ]


class Dispatch(models.Model):
    """What one way is to carry: kept in the transaction that notes it as told, tried until it is handed over.

    Whoever sends it moves `next_at` first: that is the claim, and it runs out if the sender dies.
    """

    channel = models.CharField(max_length=10, choices=Channel.choices)
    events = models.JSONField()
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.JSONField(default=dict)  # a remark: of the last try

    class Meta:
        ordering = ("id",)


class Round(models.Model):
    """One row: when somebody is to look again. Claimed by UPDATE; of all processes exactly one does."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    next_at = models.DateTimeField()
