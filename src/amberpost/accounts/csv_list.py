"""Local users from and to CSV.

    user-id,password,first name,last name,e-mail[,further e-mail...]

Written as UTF-8 with commas, no heading, one user a line; passwords never come out. Read in whatever form a
spreadsheet program saves: with or without a heading, which then says what the columns are.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amberpost.accounts.models import Role, User
from amberpost.accounts.people import add_user
from amberpost.accounts.spreadsheet import ListRow, Table, read_table
from amberpost.directory.archives.local import valid_address
from amberpost.directory.models import Address
from amberpost.errors import UserError

_USER_ID = re.compile(r"[0-9A-Za-zÄÖÜäöüß._-]{1,150}")
_FORBIDDEN = re.compile(r"[,\r\n\0]")
_ADDRESSES = re.compile(r"[^\s,;|@]+@[^\s,;|@]+(?:[\s,;]+[^\s,;|@]+@[^\s,;|@]+)*")
_PARTS = re.compile(r"[,;\r\n]+")  # between addresses within one cell
_WITHOUT_HEADING = ("login", "password", "first", "last", "address")  # and further addresses

# What columns are called in English, German and French, without case, spaces, signs and a number at the end
_HEADINGS = {
    "login": "login user userid username loginname samaccountname benutzer benutzerid benutzername benutzerkennung "
    "kennung anmeldename identifiant utilisateur nomdutilisateur",
    "password": "password passwort kennwort motdepasse",
    "first": "firstname givenname forename vorname prénom prenom",
    "last": "lastname surname familyname nachname familienname zuname nom nomdefamille",
    "name": "name fullname displayname anzeigename vollername nomcomplet",
    "address": "email emailaddress mail mailaddress address addresses emailadresse emailadressen mailadresse adresse "
    "adressen emails courriel adressemail adresseemail adressecourriel furtheraddress furtheraddresses furtheremail "
    "furtheremails furtheremailaddresses weitereadresse weitereadressen weitereemail weitereemails "
    "weitereemailadresse weitereemailadressen autreadresse autresadresses alias aliases aliase",
}
_FIELDS = {word: field for field, words in _HEADINGS.items() for word in words.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """The file, and who is not in it because the format has no way to write their user-id."""

    text: str
    count: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedUsers:
    """Who was added, and how the list was read."""

    users: tuple[User, ...]
    table: Table
    has_heading: bool
    unread: tuple[str, ...]  # headings of columns that mean nothing here

    @property
    def said(self) -> str:
        """How it was read, for a person to see whether that is right."""
        number = len(self.users)
        with_heading = ngettext(
            "Read as %(form)s, with a heading: %(number)d person.",
            "Read as %(form)s, with a heading: %(number)d people.",
            number,
        )
        without = ngettext(
            "Read as %(form)s, without a heading: %(number)d person.",
            "Read as %(form)s, without a heading: %(number)d people.",
            number,
        )
        said = (with_heading if self.has_heading else without) % {"form": self.table.form, "number": number}
        if not self.unread:
            return said
        return f"{said} {_('Columns not used: %(names)s') % {'names': ', '.join(self.unread)}}"


def import_users(raw: bytes, *, by: str) -> ImportedUsers:
    """Users from the bytes of a list. All or none: a UserError names line and column."""
    table = read_table(raw, is_whole=_has_addresses)
    fields = _heading(table.rows[0]) if table.rows else None
    rows = table.rows[1:] if fields else table.rows
    names = dict(enumerate(table.rows[0].cells)) if fields else {}
    with transaction.atomic():
        users = tuple(_import_row(row, fields or {}, names, by=by) for row in rows)
    if not users:
        raise UserError("csv_nobody")
    unread = tuple(name for column, name in names.items() if name and column not in (fields or {}))
    return ImportedUsers(users=users, table=table, has_heading=bool(fields), unread=unread)


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


def _has_addresses(row: ListRow) -> bool:
    return len(row.cells) > 1 and any(_ADDRESSES.fullmatch(cell) for cell in row.cells)


def _heading(row: ListRow) -> dict[int, str] | None:
    """What each known column means, if this row is a heading."""
    fields = {}
    for column, cell in enumerate(row.cells):
        word = "".join(filter(str.isalpha, unicodedata.normalize("NFC", cell).casefold()))
        if word in _FIELDS:
            fields[column] = _FIELDS[word]
    meant = set(fields.values())
    if any("@" in cell for cell in row.cells) or ("address" not in meant and len(meant) < 2):
        return None
    if "first" in meant and "last" not in meant:  # "Name, Vorname"
        fields = {column: "last" if field == "name" else field for column, field in fields.items()}
    return fields


def _import_row(row: ListRow, fields: Mapping[int, str], names: Mapping[int, str], *, by: str) -> User:
    """One user. With a heading whose login column is missing or empty, the login is that of the first address."""
    if not fields and row.width < len(_WITHOUT_HEADING):
        raise UserError(row.place()) from UserError("csv_line_expected")
    given: dict[str, list[str]] = defaultdict(list)
    columns: dict[str, int] = {}  # what was typed -> where
    for column in range(len(row.cells)):
        field = fields.get(column) if fields else _WITHOUT_HEADING[min(column, 4)]
        values = _values(field, row.cells[column])
        for value in values:
            columns.setdefault(value, column)
        if field:
            given[field] += values
    try:
        addresses = [_address(text, columns) for text in given["address"]]
        login = "".join(given["login"]) or (addresses[0].rpartition("@")[0] if fields and addresses else "")
        columns.setdefault(login, next((column for column, field in fields.items() if field == "login"), 0))
        if not _USER_ID.fullmatch(login):
            raise UserError("csv_user_id_invalid", subject=login)
        name = " ".join(given["name"] or [*given["first"], *given["last"]])[:200]
        password = "".join(given["password"])
        return add_user(login, name=name, addresses=addresses, password=password, by=by)[0]
    except UserError as error:
        where = columns.get(error.subject or "")
        raise UserError(row.place(where, names.get(-1 if where is None else where, ""))) from error


def _values(field: str | None, cell: str) -> list[str]:
    if field == "address" and not cell.startswith("["):  # an X.500 name may hold whatever parts addresses
        return [part.strip() for part in _PARTS.split(cell) if part.strip()]
    text = cell if field == "password" else " ".join(cell.split())
    return [text] if text else []


def _address(text: str, columns: dict[str, int]) -> str:
    address = valid_address(text)
    columns.setdefault(address, columns[text])
    return address
