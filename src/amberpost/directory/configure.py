"""What an operator enters about a directory: its fields by kind, and whether they make sense together."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from amberpost.directory.active import activate, save_directory
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.errors import UserError
from amberpost.net.server import read_server
from amberpost.store.secret import SealSetting, Secret

SHORTEST_INTERVAL = 5  # minutes; a large directory takes one or two to read
_LDAP = ("hosts", "security", "ca_pem", "user", "base_dn")
FIELDS: Mapping[str, tuple[str, ...]] = {
    DirectoryKind.LOCAL: (),
    DirectoryKind.AD: (*_LDAP, "domain", "netbios"),
    DirectoryKind.LDAP: (
        *_LDAP, "user_container", "user_filter", "user_attribute", "mail_attributes",
    ),
    DirectoryKind.ENTRA: ("tenant_id", "client_id", "authority", "graph", "ca_pem"),
}  # fmt: skip
SECRETS: Mapping[str, str] = {
    DirectoryKind.AD: "password",
    DirectoryKind.LDAP: "password",
    DirectoryKind.ENTRA: "client_secret",
}
_NEEDED = {
    DirectoryKind.AD: ("hosts", "user"),
    DirectoryKind.LDAP: ("hosts", "user", "base_dn"),
    DirectoryKind.ENTRA: ("tenant_id", "client_id"),
}


def missing_fields(directory: Directory, secrets: Iterable[str] = ()) -> list[str]:
    """The names of the fields without which nothing can be read; `secrets` are those just entered."""
    needed = _NEEDED.get(DirectoryKind(directory.kind), ())
    missing = [name for name in needed if not directory.settings.get(name)]
    secret = SECRETS.get(directory.kind)
    if secret is not None and secret not in {*secrets, *directory.sealed_secrets}:
        missing.append(secret)
    return missing


def valid_hosts(lines: Iterable[str]) -> list[str]:
    """Servers in the order they are tried, each with or without a port; UserError for what is none."""
    hosts = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    for host in hosts:
        read_server(host, 389)
    return hosts


def valid_filter(text: str) -> str:
    """An LDAP filter as typed, if its brackets close; UserError otherwise."""
    text = text.strip()
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
    if text and (depth != 0 or not text.startswith("(")):
        raise UserError("filter_without_brackets", subject=text)
    return text


def store_settings(
    directory: Directory, secrets: Mapping[str, str], seal: SealSetting, *, by: str, fields: Iterable[str]
) -> None:
    """Check, save, and make this the directory that decides. UserError, and nothing is saved, if a field is missing.

    Nobody's archive changes by this: that takes a plan, which is shown first.
    """
    given = {name: Secret(value.encode()) for name, value in secrets.items() if value}
    directory.settings = {name: value for name, value in directory.settings.items() if value}
    if missing := missing_fields(directory, given):
        raise UserError("something_missing", subject=", ".join(missing))
    check_interval(directory)
    with transaction.atomic():
        save_directory(directory, given, seal, by=by, fields=",".join(sorted(fields)))
        if not directory.is_active:
            activate(directory, by=by)


def check_interval(directory: Directory) -> None:
    """UserError for a directory that would be read too often."""
    if directory.interval_minutes < SHORTEST_INTERVAL:
        raise UserError("directory_interval_short", minutes=SHORTEST_INTERVAL)
