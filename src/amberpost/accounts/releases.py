"""Release a public archive to somebody, revoke it, hand a departed person's archive to a successor.

Who may read is asked at every read (accounts.permissions.scope_of), so a revocation acts at once.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from amberpost.accounts.models import Release, ReleaseRule, User
from amberpost.accounts.permissions import may
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin
from amberpost.errors import UserError

GROUPS = (ArchiveOrigin.GROUP, ArchiveOrigin.DYNAMIC_GROUP)


def release(archive: Archive, *, to: User | Archive, by: str, reason: str = "") -> Release:
    """Let a user, or the members of a group, read a public archive. UserError for a private one."""
    if archive.kind != ArchiveKind.PUBLIC:
        raise UserError(_("A private archive cannot be released"), subject=archive.name)
    if isinstance(to, Archive) and to.origin not in GROUPS:
        raise UserError(_("This is not a group"), subject=to.name)
    if isinstance(to, User):
        _require_reader(to)
    return _give(archive, to, ReleaseRule.MANUAL, by=by, reason=reason)


def hand_over(archive: Archive, *, to: User, by: str, reason: str) -> Release:
    """Let a successor read the private archive of somebody who may no longer sign in; a reason is required.

    It ends by itself when the owner returns. The archive stays the owner's; nothing moves.
    """
    owner = User.objects.filter(private_archive=archive).first()
    if archive.kind != ArchiveKind.PRIVATE or owner is None or owner.is_active:
        raise UserError(_("Only the archive of a departed user can be handed over"), subject=archive.name)
    if not reason.strip():
        raise UserError(_("Please give a reason; it is recorded"))
    _require_reader(to)
    return _give(archive, to, ReleaseRule.SUCCESSOR, by=by, reason=reason.strip())


def revoke(given: Release, *, by: str) -> None:
    """End a release at once; one that a rule gave does not come back by itself."""
    with transaction.atomic():
        changed = Release.objects.filter(pk=given.pk, revoked_at=None).update(
            revoked_at=now(), revoked_by=by[:200], is_refused=True
        )
        if changed:
            record(
                by,
                Action.ARCHIVE_RELEASE_REVOKED,
                given.archive.name,
                archive=given.archive_id,
                release=given.pk,
            )


def open_releases(archive: Archive) -> list[Release]:
    """Who may read an archive besides its owner."""
    found = Release.objects.filter(archive=archive, revoked_at=None)
    return list(found.select_related("user", "group", "archive"))


def _give(archive: Archive, to: User | Archive, rule: ReleaseRule, *, by: str, reason: str) -> Release:
    reader = {"user": to} if isinstance(to, User) else {"group": to}
    with transaction.atomic():
        given, is_new = Release.objects.get_or_create(
            archive=archive,
            rule=rule,
            revoked_at=None,
            **reader,
            defaults={"reason": reason, "released_at": now(), "released_by": by[:200]},
        )
        if is_new:
            name = to.login if isinstance(to, User) else to.name
            action = Action.ARCHIVE_HANDED_OVER if rule == ReleaseRule.SUCCESSOR else Action.ARCHIVE_RELEASED
            record(by, action, archive.name, archive=archive.pk, reader=name, release=given.pk, reason=reason)
    return given


def _require_reader(user: User) -> None:
    if not may(user, "mail:read"):
        raise UserError(_("This user may not read mail, or may not sign in"), subject=user.login)
