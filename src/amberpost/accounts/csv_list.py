"""Local users from and to CSV: UTF-8, no header line, one user a line.

    user-id,password,first name,last name,e-mail[,further e-mail...]

Fields hold no line break and no comma; a quote is doubled and its field quoted. Passwords never come out.
"""

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from amberpost.accounts.models import Role, User
from amberpost.accounts.people import add_user
from amberpost.directory.models import Address
from amberpost.errors import UserError

_USER_ID = re.compile(r"[0-9A-Za-zÄÖÜäöüß._-]{1,150}")
_FORBIDDEN = re.compile(r"[,\r\n\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """The file, and who is not in it because the format has no way to write his user-id."""

    text: str
    count: int
    left_out: tuple[str, ...]


def import_users(path: Path, *, by: str) -> list[User]:
    """Users from a file. All or none: a UserError names the line."""
    rows = _read(path)
    users = []
    with transaction.atomic():
        for number, row in enumerate(rows, start=1):
            try:
                users.append(_import_row(row, by=by))
            except UserError as error:
                raise UserError("line_number", number=number, subject=str(path)) from error
    return users


def export_users() -> UserList:
    """Every local reader's line; the password field is empty."""
    local = User.objects.filter(is_managed=False, private_archive__isnull=False, role=Role.READER)
    users = list(local.order_by("login"))
    written = [user for user in users if _USER_ID.fullmatch(user.login)]
    held = _addresses()
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    for user in written:
        first, _space, last = user.name.rpartition(" ")
        names = (_field(first), _field(last))
        writer.writerow([user.login, "", *names, *held.get(user.private_archive_id or 0, [""])])
    left_out = tuple(user.login for user in users if user not in written)
    return UserList(text=lines.getvalue(), count=len(written), left_out=left_out)


def _addresses() -> dict[int, list[str]]:
    """Mail addresses of archives; X.500 names have no place in the format."""
    held: dict[int, list[str]] = defaultdict(list)
    rows = Address.objects.filter(valid_until=None, address__contains="@").order_by("pk")
    for archive_id, address in rows.values_list("archive_id", "address"):
        held[archive_id].append(address)
    return held


def _field(text: str) -> str:
    return " ".join(_FORBIDDEN.sub(" ", text).split())


def _read(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.reader(file) if any(field.strip() for field in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError("csv_unreadable", subject=str(path)) from error


def _import_row(row: list[str], *, by: str) -> User:
    if len(row) < 5:
        raise UserError("csv_line_expected")
    if any(_FORBIDDEN.search(field) for field in (row[0], *row[2:])):
        raise UserError("csv_field_forbidden")
    login, password, first, last, *addresses = (field.strip() for field in row)
    if not _USER_ID.fullmatch(login):
        raise UserError("csv_user_id_invalid", subject=login)
    name = " ".join(part for part in (first, last) if part)
    user, _one_time = add_user(
        login, name=name, addresses=[a for a in addresses if a], password=password, by=by
    )
    return user
