"""Several users at once, as an operator writes them down: one a line, with their addresses."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from amberpost.accounts.models import User
from amberpost.accounts.people import add_user
from amberpost.errors import UserError
from amberpost.message.addresses import parse_mailboxes

MOST = 100  # each costs a tenth of a second for the hash of their password


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """One line, read."""

    login: str
    name: str
    addresses: tuple[str, ...]


def read_people(text: str) -> list[NewUser]:
    """One user a line: Name <address>, further addresses. UserError names the line."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MOST:
        raise UserError("users_at_most", number=MOST)
    return [_read(number, line) for number, line in lines]


def add_people(people: Iterable[NewUser], *, by: str) -> list[tuple[User, str]]:
    """All or none, each with their one-time password."""
    with transaction.atomic():
        return [
            add_user(person.login, name=person.name, addresses=person.addresses, by=by) for person in people
        ]


def _read(number: int, line: str) -> NewUser:
    found = parse_mailboxes(line, set())
    addresses = tuple(dict.fromkeys(box.address for box in found if "@" in box.address))
    if not addresses or len(addresses) != len({box.address for box in found}):
        where = _("line %(number)d") % {"number": number}
        raise UserError("person_line_expected", subject=where)
    name = next((box.name for box in found if box.name), "")
    return NewUser(login=addresses[0].rpartition("@")[0], name=name, addresses=addresses)
