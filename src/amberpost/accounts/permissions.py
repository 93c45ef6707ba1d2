"""The only place that decides who may do what.

`may(user, action)` answers for actions; `scope_of(user)` says whose mail a user may find. Everything not
granted here is refused. Operators run the system and read no mail.
"""

from typing import Literal

from django.db.models import Q

from amberpost.accounts.models import Release, ReleaseRule, Role, User
from amberpost.directory.models import ArchiveKind
from amberpost.search.index import Scope

Right = Literal[
    "mail:read",
    "account:change",
    "console:see",
    "users:change",
    "directory:change",
    "archives:change",  # who may read public ones; not their mail
    "sources:change",
    "notices:change",
    "quarantine:see",
    "integrity:verify",
    "audit:see",
    "system:see",
    "envelope:see",  # every recipient of a message one may read, those in Bcc as well
    "system:change",
]

_READ: frozenset[Right] = frozenset({"mail:read", "account:change"})

RIGHTS: dict[str, frozenset[Right]] = {
    Role.READER: _READ,
    Role.AUDITOR: _READ | {"integrity:verify", "envelope:see"},
    Role.OFFICER: _READ | {"audit:see", "integrity:verify"},
    Role.OPERATOR: frozenset(
        {
            "account:change",
            "console:see",
            "users:change",
            "directory:change",
            "archives:change",
            "sources:change",
            "notices:change",
            "quarantine:see",
            "integrity:verify",
            "audit:see",
            "system:see",
            "system:change",
        }
    ),
}

NOTHING = Scope(everything=False, archives=frozenset())


def may(user: User, action: Right) -> bool:
    """True if `user`, as they are now, may do `action`."""
    return user.is_active and action in RIGHTS.get(user.role, frozenset())


def scope_of(user: User) -> Scope:
    """The archives whose messages `user` may find and open, as it is now: their own and those released to them."""
    if not may(user, "mail:read"):
        return NOTHING
    own = {user.private_archive_id} if user.private_archive_id is not None else set()
    return Scope(everything=False, archives=frozenset(own | released_to(user)))


def released_to(user: User) -> frozenset[int]:
    """Archives others may let them read: public ones, and those of departed people they succeed.

    What makes a release worthless is asked each time, not only when it is given.
    """
    to_him = Q(user=user) | Q(group__memberships__user=user)
    public = Q(archive__kind=ArchiveKind.PUBLIC) & ~Q(rule=ReleaseRule.SUCCESSOR)
    inherited = Q(
        rule=ReleaseRule.SUCCESSOR,
        user=user,
        archive__kind=ArchiveKind.PRIVATE,
        archive__owner__is_active=False,
    )
    found = Release.objects.filter(to_him, public | inherited, revoked_at=None)
    return frozenset(found.values_list("archive_id", flat=True))
