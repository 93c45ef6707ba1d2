"""Which code reads which kind of directory, made of the settings an operator entered.

A new kind is one line in READERS, TESTS and WATCHERS. Secrets are opened here and live as long as the reading.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from amberpost.directory.entra.reader import enabled_entra_keys, read_entra
from amberpost.directory.entra.steps import test_entra
from amberpost.directory.found import Found
from amberpost.directory.ldap.reader import enabled_keys, read_directory
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.directory.settings import EntraSettings, LdapKind, LdapSettings
from amberpost.directory.steps import DirectoryStep, test_directory
from amberpost.errors import UserError
from amberpost.store.secret import Secret

T = TypeVar("T")
SecretOf = Callable[[str], Secret]  # name of the field -> what is set, empty if nothing is

_TUPLES = ("hosts", "mail_attributes", "member_attributes")
_SETTABLE = {field.name for field in fields(LdapSettings)} - {"kind", "password", "should_archive_rooms"}
_SETTABLE_ENTRA = {field.name for field in fields(EntraSettings)} - {"client_secret", "should_archive_rooms"}


def ldap_settings(directory: Directory, secret_of: SecretOf) -> LdapSettings:
    """What reading and sign-in at an LDAP directory need; what was left empty is as the reader has it."""
    values: dict[str, Any] = {"hosts": (), "user": ""}
    for name in _SETTABLE:
        if value := directory.settings.get(name):
            values[name] = tuple(value) if name in _TUPLES else value
    return LdapSettings(
        kind=LdapKind(directory.kind),
        password=secret_of("password"),
        should_archive_rooms=directory.has_rooms,
        **values,
    )


def entra_settings(directory: Directory, secret_of: SecretOf) -> EntraSettings:
    """What reading and sign-in at Microsoft Entra ID need; what was left empty is as the reader has it."""
    given = {name: value for name, value in directory.settings.items() if name in _SETTABLE_ENTRA and value}
    return EntraSettings(
        client_secret=secret_of("client_secret"),
        should_archive_rooms=directory.has_rooms,
        **{"tenant_id": "", "client_id": "", **given},
    )


def read_found(directory: Directory, secret_of: SecretOf) -> Found:
    """Everybody and everything in a directory; DirectoryError if it does not answer in full."""
    return _of(READERS, directory)(directory, secret_of)


def test_steps(directory: Directory, secret_of: SecretOf) -> Iterator[DirectoryStep]:
    """Try the connection step by step."""
    return _of(TESTS, directory)(directory, secret_of)


def _of(known: Mapping[str, T], directory: Directory) -> T:
    found = known.get(directory.kind)
    if found is None:
        raise UserError("directory_without_server", subject=directory.get_kind_display())
    return found


def _read_ldap(directory: Directory, secret_of: SecretOf) -> Found:
    return read_directory(ldap_settings(directory, secret_of))


def _test_ldap(directory: Directory, secret_of: SecretOf) -> Iterator[DirectoryStep]:
    return test_directory(ldap_settings(directory, secret_of))


def _watch_ldap(directory: Directory, secret_of: SecretOf, keys: Collection[str]) -> frozenset[str]:
    return enabled_keys(ldap_settings(directory, secret_of), keys)


def _read_entra(directory: Directory, secret_of: SecretOf) -> Found:
    return read_entra(entra_settings(directory, secret_of))


def _test_entra(directory: Directory, secret_of: SecretOf) -> Iterator[DirectoryStep]:
    return test_entra(entra_settings(directory, secret_of))


def _watch_entra(directory: Directory, secret_of: SecretOf, keys: Collection[str]) -> frozenset[str]:
    return enabled_entra_keys(entra_settings(directory, secret_of), keys)


READERS: Mapping[str, Callable[[Directory, SecretOf], Found]] = {
    DirectoryKind.AD: _read_ldap,
    DirectoryKind.LDAP: _read_ldap,
    DirectoryKind.ENTRA: _read_entra,
}
TESTS: Mapping[str, Callable[[Directory, SecretOf], Iterator[DirectoryStep]]] = {
    DirectoryKind.AD: _test_ldap,
    DirectoryKind.LDAP: _test_ldap,
    DirectoryKind.ENTRA: _test_entra,
}
WATCHERS: Mapping[str, Callable[[Directory, SecretOf, Collection[str]], frozenset[str]]] = {  # who is enabled
    DirectoryKind.AD: _watch_ldap,
    DirectoryKind.LDAP: _watch_ldap,
    DirectoryKind.ENTRA: _watch_entra,
}
