"""Find archives, and people and groups one may release them to, by what an operator types."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from amberpost.accounts.models import Role, User
from amberpost.accounts.people import ambiguous, comparable, matching_users
from amberpost.accounts.releases import GROUPS
from amberpost.directory.models import Archive
from amberpost.errors import UserError
from amberpost.message.headers import normalise_address

_MAIL_READERS = (Role.READER, Role.AUDITOR, Role.OFFICER)


def find_archive(text: str) -> Archive:
    """The archive with this number, address or name, or that of the person with this login or name."""
    text = text.strip()
    if text.isdecimal() and (numbered := Archive.objects.filter(pk=int(text)).first()):
        return numbered
    if held := _holder(Archive.objects.all(), text):
        return held
    users = [user for user in matching_users(text) if user.private_archive is not None]
    named = [archive for archive in _named(text) if archive.pk not in {u.private_archive_id for u in users}]
    if any(_is_login_of(text, user) for user in users):
        named = []
    if len(users) + len(named) > 1:
        raise ambiguous(text, users, named)
    for user in users:
        assert user.private_archive is not None
        return user.private_archive
    if named:
        return named[0]
    raise UserError(_("There is no such archive"), subject=text)


def find_reader(text: str) -> User | Archive:
    """A user by login, address or name, or a group by address or name; UserError if nobody fits, or several do."""
    text = text.strip()
    groups = Archive.objects.filter(origin__in=GROUPS)
    users, named = matching_users(text), _named(text, groups)
    if any(_is_login_of(text, user) for user in users):
        return users[0]
    if held := _holder(groups, text):
        return held
    found: list[User | Archive] = [*users, *named]
    if len(found) > 1:
        raise ambiguous(text, users, named)
    if not found:
        raise UserError(_("There is no such user or group"), subject=text)
    return found[0]


def suggest_readers(text: str, *, limit: int = 10) -> Iterable[tuple[str, str]]:
    """(what to type, name) of users and groups whose names, logins or addresses hold the text."""
    text = text.strip()
    if len(text) < 2:
        return
    people = User.objects.filter(is_active=True, role__in=_MAIL_READERS)
    fitting = Q(login__icontains=text) | Q(name__icontains=text)
    held = Q(private_archive__addresses__address__icontains=text.lower())
    for user in people.filter(fitting | (held & Q(private_archive__addresses__valid_until=None))).distinct()[
        :limit
    ]:
        yield user.login, user.name or user.login
    groups = Archive.objects.filter(origin__in=GROUPS, addresses__valid_until=None)
    named = groups.filter(Q(name__icontains=text) | Q(addresses__address__icontains=text.lower()))
    for group in named.distinct().prefetch_related("addresses")[:limit]:
        now = [a.address for a in group.addresses.all() if a.valid_until is None and "@" in a.address]
        yield (now[0] if now else group.name), group.name


def _is_login_of(text: str, user: User) -> bool:
    return comparable(user.login) == comparable(text)


def _holder(archives: QuerySet[Archive], text: str) -> Archive | None:
    """Which of these holds this address now."""
    return archives.filter(addresses__address=normalise_address(text), addresses__valid_until=None).first()


def _named(text: str, archives: QuerySet[Archive] | None = None) -> list[Archive]:
    rows = (Archive.objects.all() if archives is None else archives).values_list("pk", "name")
    wanted = comparable(text)
    return list(Archive.objects.filter(pk__in=[pk for pk, name in rows if comparable(name) == wanted]))
