"""Add and change users; the use cases behind the console and the command line."""

import re
import secrets
import unicodedata
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from amberpost.accounts.models import Role, User
from amberpost.accounts.sessions import end_sessions
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.archives.local import add_addresses, create_archive
from amberpost.directory.models import Address, Archive, ArchiveState
from amberpost.errors import UserError
from amberpost.message.headers import normalise_address

_LOGIN = re.compile(r"[\w.@+-]{1,150}", re.UNICODE)
_TOLD = 10  # of several that may be meant
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
    """A user with a private archive (operators have none). Returns them and their one-time password, if made."""
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
        user.set_password(one_time or password or None)  # without one nobody signs in as them
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
    """Let a user sign in, or no longer; their archive stays. Whom the directory disabled, only it enables."""
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
    """Who signs in under this name: their login, else one of their further names if it is nobody else's."""
    user = User.objects.filter(login__iexact=name).first()
    if user is not None or not name.strip() or not name.isprintable():
        return user
    found = list(User.objects.filter(further_logins__contains=f"\n{name.strip().lower()}\n")[:2])
    return found[0] if len(found) == 1 else None


def get_user(text: str) -> User:
    """The one whom an operator means: by login, address or name. UserError if nobody fits, or several do."""
    users = matching_users(text)
    if len(users) == 1:
        return users[0]
    if users:
        raise ambiguous(text, users, ())
    raise UserError("user_unknown", subject=text)


def matching_users(text: str) -> list[User]:
    """Users with this login; else the one who has this address; else those with this name or further login.

    Case, spaces around, and how a letter with a diacritic is put together (NFC) make no difference.
    """
    users = User.objects.select_related("private_archive")
    wanted = comparable(text)
    if not wanted:
        return []
    if found := list(users.filter(login__iexact=unicodedata.normalize("NFC", text.strip()))):
        return found
    rows = list(User.objects.values_list("pk", "login", "name", "further_logins"))
    by_login = [
        pk for pk, login, _name, _further in rows if comparable(login) == wanted
    ]  # SQLite folds ASCII only
    held = Address.objects.filter(address=normalise_address(text), valid_until=None)
    by_address = list(held.filter(archive__owner__isnull=False).values_list("archive__owner", flat=True))
    by_name = [
        pk
        for pk, _login, name, further in rows
        if comparable(name) == wanted or wanted in map(comparable, further.splitlines())
    ]
    return list(users.filter(pk__in=by_login or by_address or by_name))


def comparable(text: str) -> str:
    """The form in which logins and names are compared."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


def ambiguous(text: str, users: Sequence[User], groups: Sequence[Archive]) -> UserError:
    """Who all may be meant, each by what only they have."""
    told = [f"{user.name} ({user.login})" if user.name else user.login for user in users[:_TOLD]]
    for group in groups[:_TOLD]:
        held = (
            Address.objects.filter(archive=group, valid_until=None).values_list("address", flat=True).first()
        )
        told.append(f"{group.name} ({held or _('archive %(number)d') % {'number': group.pk}})")
    if len(users) > _TOLD or len(groups) > _TOLD:
        told.append("…")
    return UserError(
        "several_fit",
        names="; ".join(told),
        subject=text,
    )
