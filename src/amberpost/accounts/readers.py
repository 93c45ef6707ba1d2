"""Find archives, and people and groups one may release them to, by what an operator types."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from amberpost.accounts.models import Role, User
from amberpost.accounts.releases import GROUPS
from amberpost.directory.models import Archive
from amberpost.errors import UserError
from amberpost.message.headers import normalise_address

_MAIL_READERS = (Role.READER, Role.AUDITOR, Role.OFFICER)


def find_archive(text: str) -> Archive:
    """The archive with this number, or the one that holds this address now."""
    text = text.strip()
    if text.isdecimal():
        found = Archive.objects.filter(pk=int(text))
    else:
        held = Q(addresses__address=normalise_address(text), addresses__valid_until=None)
        found = Archive.objects.filter(held)
    return _only(found, text, "archive_unknown")


def find_reader(text: str) -> User | Archive:
    """A user by his login or address, or a group by its address or name; UserError if nobody fits, or several do."""
    text = text.strip()
    user = User.objects.filter(login__iexact=text).first()
    if user is not None:
        return user
    held = Q(addresses__address=normalise_address(text), addresses__valid_until=None)
    groups = Archive.objects.filter(held | Q(name=text), origin__in=GROUPS).distinct()
    if groups.exists():
        return _only(groups, text, "reader_unknown")
    owner = User.objects.filter(private_archive__in=Archive.objects.filter(held)).first()
    if owner is None:
        raise UserError("reader_unknown", subject=text)
    return owner


def suggest_readers(text: str, *, limit: int = 10) -> Iterable[tuple[str, str]]:
    """(what to type, name) of users and groups whose names, logins or addresses hold the text."""
    text = text.strip()
    if len(text) < 2:
        return
    people = User.objects.filter(is_active=True, role__in=_MAIL_READERS)
    for user in people.filter(Q(login__icontains=text) | Q(name__icontains=text))[:limit]:
        yield user.login, user.name or user.login
    groups = Archive.objects.filter(origin__in=GROUPS, addresses__valid_until=None)
    fitting = groups.filter(Q(name__icontains=text) | Q(addresses__address__icontains=text.lower()))
    for group in fitting.distinct().prefetch_related("addresses")[:limit]:
        held = [a.address for a in group.addresses.all() if a.valid_until is None and "@" in a.address]
        yield (held[0] if held else group.name), group.name


def _only(found: QuerySet[Archive], text: str, nobody: str) -> Archive:
    rows = list(found[:2])
    if not rows:
        raise UserError(nobody, subject=text)
    if len(rows) > 1:
        raise UserError("reader_ambiguous", subject=text)
    return rows[0]
