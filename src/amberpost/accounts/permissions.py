"""The only place that decides who may do what.

`may(user, action)` answers for actions; `scope_of(user)` says whose mail a user may find. Everything not
granted here is refused. Operators run the system and read no mail.
"""

from typing import Literal

from amberpost.accounts.models import Role, User
from amberpost.search.index import Scope

Action = Literal[
    "mail:read",
    "account:change",
    "console:see",
    "users:change",
    "sources:change",
    "notices:change",
    "quarantine:see",
    "integrity:verify",
    "audit:see",
    "system:see",
    "system:change",
]

_READ: frozenset[Action] = frozenset({"mail:read", "account:change"})

RIGHTS: dict[str, frozenset[Action]] = {
    Role.READER: _READ,
    Role.AUDITOR: _READ | {"integrity:verify"},
    Role.OFFICER: _READ | {"audit:see", "integrity:verify"},
    Role.OPERATOR: frozenset(
        {
            "account:change",
            "console:see",
            "users:change",
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


def may(user: User, action: Action) -> bool:
    """True if `user`, as he is now, may do `action`."""
    return user.is_active and action in RIGHTS.get(user.role, frozenset())


def scope_of(user: User) -> Scope:
    """The archives whose messages `user` may find and open: his own. Grants and releases come later."""
    if not may(user, "mail:read") or user.private_archive_id is None:
        return NOTHING
    return Scope(everything=False, archives=frozenset({user.private_archive_id}))
