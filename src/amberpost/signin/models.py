"""What the ways in keep: the link that makes the first operator, and how often somebody has failed."""

from django.db import models
from django.db.models.functions import Now


class SetupLink(models.Model):
    """A one-time link that makes the first operator; only its hash is kept."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignInFailures(models.Model):
    """Failed attempts for one login from one network address, for the lock-out."""

    key = models.CharField(max_length=64, unique=True)  # SHA-256 of login and address
    failures = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    last_at = models.DateTimeField(db_default=Now())
