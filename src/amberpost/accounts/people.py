"""Add and change users; the use cases behind the console and the command line."""

import re
import secrets
from collections.abc import Sequence

from django.db import transaction

from amberpost.accounts.models import Role, User
from amberpost.accounts.sessions import end_sessions
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.local import add_addresses, create_archive
from amberpost.directory.models import ArchiveState
from amberpost.errors import UserError

_LOGIN = re.compile(r"[\w.@+-]{1,150}", re.UNICODE)
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that looks like another


def one_time_password() -> str:
    """16 random letters in groups: about 92 bits."""
    letters = [secrets.choice(_ALPHABET) for _ in range(16)]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 16, 4))


def add_user(
    login: str,
    *,
    name: str = "",
    addresses: Sequence[str] = (),
    role: str = Role.READER,
    password: str | None = None,
    by: str,
) -> tuple[User, str]:
    """A user with a private archive (operators have none). Returns him and his one-time password, if made."""
    if not _LOGIN.fullmatch(login):
        raise UserError("login_invalid", subject=login)
    if User.objects.filter(login__iexact=login).exists():
        raise UserError("login_taken", subject=login)
    if role not in Role.values:
        raise UserError("role_unknown", subject=role)
    one_time = one_time_password() if password is None else ""
    with transaction.atomic():
        archive = None if role == Role.OPERATOR else create_archive(name or login, addresses)
        user = User(login=login, name=name, role=role, private_archive=archive)
        user.must_change_password = bool(one_time)
        user.set_password(one_time or password or None)  # without one nobody signs in as him
        user.save()
        record(by, Action.USER_ADDED, login, role=role, addresses=len(addresses))
    return user, one_time


def give_addresses(user: User, addresses: Sequence[str], *, by: str) -> list[str]:
    """Further addresses for a user's private archive. Returns those that are new."""
    if user.private_archive is None:
        raise UserError("user_without_archive", subject=user.login)
    with transaction.atomic():
        added = add_addresses(user.private_archive, addresses)
        record(by, Action.USER_CHANGED, user.login, addresses=len(added))
    return added


def reset_password(user: User, *, by: str) -> str:
    """A new one-time password; every session of the user ends with the old one."""
    if user.is_managed:
        raise UserError("password_of_directory", subject=user.login)
    password = one_time_password()
    with transaction.atomic():
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        record(by, Action.USER_PASSWORD_RESET, user.login)
    return password


def set_active(user: User, *, active: bool, by: str) -> None:
    """Let a user sign in, or not any more; his archive stays. Whom the directory disabled, only it enables."""
    archive = user.private_archive
    if active and user.is_managed and archive is not None and archive.state == ArchiveState.DEPARTED:
        raise UserError("user_disabled_by_directory", subject=user.login)
    with transaction.atomic():
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            end_sessions([user])
        if archive is not None and not user.is_managed:
            archive.state = ArchiveState.ACTIVE if active else ArchiveState.DEPARTED
            archive.save(update_fields=["state"])
        record(by, Action.USER_ENABLED if active else Action.USER_DISABLED, user.login)


def find_signing_in(name: str) -> User | None:
    """Who signs in under this name: his login, else one of his further names if it is nobody else's."""
    user = User.objects.filter(login__iexact=name).first()
    if user is not None or not name.strip() or not name.isprintable():
        return user
    found = list(User.objects.filter(further_logins__contains=f"\n{name.strip().lower()}\n")[:2])
    return found[0] if len(found) == 1 else None


def get_user(login: str) -> User:
    """The user with this login, whatever its case; UserError if there is none."""
    user = User.objects.filter(login__iexact=login).select_related("private_archive").first()
    if user is None:
        raise UserError("user_unknown", subject=login)
    return user
