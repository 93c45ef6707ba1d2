"""Who may sign in. A user is not an archive: they may own one, and later be given others to read."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from amberpost.directory.models import Archive


class Role(models.TextChoices):
    READER = "reader", _("Reader")
    AUDITOR = "auditor", _("Auditor")
    OFFICER = "officer", _("Officer")
    OPERATOR = "operator", _("Operator")


class Theme(models.TextChoices):
    SYSTEM = "system", _("as the device")
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")


class Users(BaseUserManager["User"]):
    """Finds a user by login, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in. Never deleted: what they did stays recorded under their login."""

    login = models.CharField(_("login"), max_length=150, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.READER)
    is_active = models.BooleanField(_("may sign in"), default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    theme = models.CharField(_("appearance"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    private_archive = models.OneToOneField(Archive, models.PROTECT, null=True, related_name="owner")
    is_managed = models.BooleanField(_("comes from the directory"), default=False)
    directory_key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001
    directory_reference = models.TextField(blank=True)  # DN or object id for the sign-in; not an identity
    further_logins = models.TextField(blank=True)  # lower case, one a line, with a line break at both ends
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[Users] = Users()

    class Meta:
        ordering = ("login",)
        constraints: ClassVar = [models.UniqueConstraint(Lower("login"), name="login_is_unique")]

    def __str__(self) -> str:
        return self.login


class Membership(models.Model):
    """A person belongs to a group, nested groups resolved; what the directory said last."""

    group = models.ForeignKey(Archive, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "user"], name="one_membership")]


class ReleaseRule(models.TextChoices):
    """Why somebody may read an archive that is not theirs."""

    MEMBERS = "members", _("members of the group")
    DELEGATES = "delegates", _("delegates")
    MANUAL = "manual", _("by hand")
    SUCCESSOR = "successor", _("successor of a departed user")


class Release(models.Model):
    """The right of a user or a group to read an archive, until it is revoked. Never deleted."""

    archive = models.ForeignKey(Archive, models.PROTECT, related_name="releases")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="releases")
    group = models.ForeignKey(Archive, models.PROTECT, null=True, related_name="+")
    rule = models.CharField(max_length=10, choices=ReleaseRule.choices, default=ReleaseRule.MANUAL)
    reason = models.TextField(_("reason"), blank=True)
    released_at = models.DateTimeField()
    released_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=200, blank=True)
    is_refused = models.BooleanField(default=False)  # revoked by a person: its rule does not bring it back

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(group__isnull=True),
                name="release_to_a_user_or_a_group",
            ),
            models.UniqueConstraint(
                fields=["archive", "user", "rule"],
                condition=models.Q(revoked_at__isnull=True, user__isnull=False),
                name="one_release_a_user_and_rule",
            ),
            models.UniqueConstraint(
                fields=["archive", "group", "rule"],
                condition=models.Q(revoked_at__isnull=True, group__isnull=False),
                name="one_release_a_group_and_rule",
            ),
        ]


class SeatLimit(models.Model):
    """The one row about seats: how many there may be, and since when there are more."""

    limit = models.PositiveIntegerField(_("seats"), null=True, blank=True)  # null: no limit
    exceeded_at = models.DateTimeField(null=True)


class Installation(models.Model):
    """The one row about this archive itself: its name, defaults for its people, how far set-up has come."""

    name = models.CharField(_("name"), max_length=100, blank=True)  # of the company
    language = models.CharField(_("language"), max_length=10, blank=True)  # of people who chose none
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    setup_step = models.PositiveSmallIntegerField(default=0)  # the assistant's next page
    setup_finished_at = models.DateTimeField(null=True)
