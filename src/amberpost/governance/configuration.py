"""A whole configuration as one file: users, archives, addresses, accounts, domains, notifications, this archive.

Secrets and password hashes never stand in it as they are, nor sealed with this archive's keys: they travel
under a passphrase (Argon2id, AES-256-GCM) or not at all. They are bound to the rest of the file, so that
nobody can point a password at another server. What did not travel is named when the file is read.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext as _

from amberpost.accounts.models import Installation, Role, User
from amberpost.clock import milliseconds, now
from amberpost.config import current
from amberpost.directory.active import setting_row as directory_row
from amberpost.directory.configure import check_interval
from amberpost.directory.models import Address, Directory
from amberpost.errors import ArchiveError, UserError
from amberpost.governance.state import (
    STATE,
    STATE_VERSION,
    Snapshot,
    restore_snapshot,
    state_is_empty,
    take_snapshot,
)
from amberpost.notice.configure import ROW
from amberpost.notice.models import NoticeSettings
from amberpost.road.late import request_assignment
from amberpost.road.models import Message
from amberpost.sources.configure import check_source, setting_row
from amberpost.sources.models import Source, SourceProtocol
from amberpost.store.place import Doubt, doubt_place
from amberpost.store.slots import passphrase_key, passphrase_params
from amberpost.store.wrap import bound, unwrap, wrap

FORMAT = "amberpost configuration"
VERSION = 1
SHORTEST_PASSPHRASE = 12
LARGEST_BYTES = 64 * 2**20

_SEALED = "sealed_"  # how columns with sealed secrets begin
_HASH = "password"  # of a user
_MOST_MEMORY = 1 << 18  # KiB, 256 MiB: a file must not make us ask for more

Cipher = Callable[[str, str, bytes], bytes]  # row, field, bytes
Key = tuple[str, int, str]  # table, row, name of the secret


# Models with sealed secrets -> the name under which a row seals them
SEALING: dict[type[models.Model], Callable[[Any], str]] = {
    Directory: directory_row,
    Source: setting_row,
    NoticeSettings: lambda _row: ROW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came in, and which secrets must be set again, in words."""

    users: int
    missing: tuple[str, ...]


def export_configuration(unseal: Cipher, passphrase: str | None) -> bytes:
    """The configuration as JSON; with a passphrase the secrets too. UserError for a short passphrase."""
    if passphrase is not None and len(passphrase) < SHORTEST_PASSPHRASE:
        raise UserError("passphrase_too_short", number=SHORTEST_PASSPHRASE)
    secrets = dict(_collect(unseal))
    state = _without_secrets(take_snapshot())
    document = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": milliseconds(now()),
        "state": state,
        "secret_of": sorted(list(key) for key in secrets),
        "secrets": None if passphrase is None else _lock(secrets, state, passphrase),
    }
    return json.dumps(document, indent=1).encode()


def import_configuration(
    data: bytes, seal: Cipher, *, passphrase: str | None, without_secrets: bool = False
) -> Imported:
    """Make an empty archive what the file says, all or nothing. UserError says what is wrong with the file.

    It then waits for somebody to say that it is the archive: the accounts may still be those of another one.
    """
    if not state_is_empty():
        raise UserError("configuration_not_empty")
    document = _read(data)
    secrets = _open(document, passphrase, without_secrets=without_secrets)
    try:
        with transaction.atomic():
            restore_snapshot(_without_secrets(document["state"]))
            _require_sound()
            _set_passwords(secrets)
            _set_secrets(secrets, seal)
            _look_for_owners()
            doubt_place(current().data, Doubt.IMPORTED)  # last, and before anybody sees the accounts
    except (DatabaseError, ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError("configuration_damaged") from error
    missing = [tuple(key) for key in document["secret_of"] if tuple(key) not in secrets]
    return Imported(users=User.objects.count(), missing=tuple(_in_words(missing)))


def import_around(
    operator: User, data: bytes, seal: Cipher, *, passphrase: str | None, without_secrets: bool = False
) -> tuple[Imported, User]:
    """The same for an archive in which nothing is decided but this operator, who stays; returns their new row.

    Their login may be in the file: then they are that user, with the password they have now.
    """
    with transaction.atomic():
        if not is_untouched(operator):
            raise UserError("configuration_not_first")
        operator.delete()
        Installation.objects.all().delete()
        imported = import_configuration(data, seal, passphrase=passphrase, without_secrets=without_secrets)
        back = _bring_back(operator)
    theirs = _("user %(login)s") % {"login": back.login}
    missing = tuple(text for text in imported.missing if not text.startswith(f"{theirs}: "))
    return Imported(users=User.objects.count(), missing=missing), back


def is_untouched(operator: User) -> bool:
    """True while nobody has decided anything but to make this operator."""
    decided = (User.objects.exclude(pk=operator.pk), Source.every.exclude(protocol=SourceProtocol.FILE))
    others = [model for model in STATE if model not in {User, Source, Installation}]
    return not any(rows.exists() for rows in decided) and not any(
        model._default_manager.exists() for model in others
    )


# What is secret


def _collect(unseal: Cipher) -> Iterator[tuple[Key, bytes]]:
    for model, row_name in SEALING.items():
        for row in model._default_manager.order_by("pk"):
            for name, sealed in _sealed_of(row).items():
                yield _key(row, name), unseal(row_name(row), name, sealed)
    for user in User.objects.order_by("pk"):
        if user.has_usable_password():
            yield _key(user, _HASH), user.password.encode()


def _sealed_of(row: models.Model) -> dict[str, bytes]:
    """Name -> sealed bytes of each secret that is set."""
    if isinstance(row, Directory):
        return {name: base64.b64decode(sealed) for name, sealed in row.sealed_secrets.items() if sealed}
    columns = [field.name for field in row._meta.concrete_fields if field.name.startswith(_SEALED)]
    found = {column.removeprefix(_SEALED): bytes(getattr(row, column)) for column in columns}
    return {name: sealed for name, sealed in found.items() if sealed}


def _put_sealed(row: models.Model, name: str, sealed: bytes) -> None:
    if isinstance(row, Directory):
        row.sealed_secrets = {**row.sealed_secrets, name: base64.b64encode(sealed).decode()}
    elif hasattr(row, f"{_SEALED}{name}"):
        setattr(row, f"{_SEALED}{name}", sealed)
        setattr(row, f"{name}_set_at", now())
    row.save()


def _without_secrets(state: Snapshot) -> Snapshot:
    """Without sealed columns and password hashes, also those of a file somebody has written by hand."""
    empty: Snapshot = {}
    for table, rows in state.items():
        empty[table] = [_emptied(table, row) for row in rows] if isinstance(rows, list) else rows
    return empty


def _emptied(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    clean = {name: value for name, value in row.items() if not name.startswith(_SEALED)}
    dated = {f"{name.removeprefix(_SEALED)}_set_at" for name in row.keys() - clean.keys()} & row.keys()
    clean.update(dict.fromkeys(dated))
    return {**clean, _HASH: ""} if table == User._meta.label else clean


def _key(row: models.Model, name: str) -> Key:
    return (row._meta.label, row.pk, name)


# Under the passphrase


def _lock(secrets: Mapping[Key, bytes], state: Snapshot, passphrase: str) -> dict[str, str]:
    params = passphrase_params()
    plain = json.dumps([[*key, base64.b64encode(value).decode()] for key, value in secrets.items()])
    cipher = AESGCM(passphrase_key(passphrase, params).reveal())
    locked = wrap(cipher, plain.encode(), _bound(params, state))
    return {"kdf": params, "sealed": base64.b64encode(locked).decode()}


def _open(document: Mapping[str, Any], passphrase: str | None, *, without_secrets: bool) -> dict[Key, bytes]:
    locked = document["secrets"]
    if locked is None or without_secrets:
        return {}
    if passphrase is None:
        raise UserError("configuration_needs_passphrase")
    try:
        params = _checked_params(str(locked["kdf"]))
        cipher = AESGCM(passphrase_key(passphrase, params).reveal())
        sealed = base64.b64decode(locked["sealed"], validate=True)
    except (ArchiveError, ValueError, TypeError, KeyError) as error:
        raise UserError("configuration_damaged") from error
    try:
        plain = unwrap(cipher, sealed, _bound(params, document["state"]))
    except ValueError as error:
        raise UserError("configuration_does_not_open") from error
    return {(table, pk, name): base64.b64decode(value) for table, pk, name, value in json.loads(plain)}


def _bound(params: str, state: Snapshot) -> bytes:
    digest = hashlib.sha256(json.dumps(state, sort_keys=True).encode()).digest()
    return bound(FORMAT, VERSION, params, digest)


def _checked_params(params: str) -> str:
    """Our own figures or smaller: another's file must not take the machine's memory."""
    figures = dict(word.split("=", 1) for word in params.split() if "=" in word)
    if int(figures["m"]) > _MOST_MEMORY or int(figures["t"]) > 10 or int(figures["p"]) > 16:
        raise ValueError("too costly")
    return params


# Back into rows


def _require_sound() -> None:
    """What no form would let through, such as a limit of 0 MB, does not come in by a file either."""
    for source in Source.objects.exclude(protocol=SourceProtocol.FILE):
        try:
            check_source(source)
        except UserError as error:
            raise UserError("account_wrong", subject=source.name) from error
    for directory in Directory.objects.all():
        check_interval(directory)


def _set_passwords(secrets: Mapping[Key, bytes]) -> None:
    """A user without a hash cannot sign in until they get a new password."""
    for user in User.objects.all():
        kept = secrets.get(_key(user, _HASH), b"").decode("ascii", "replace")
        user.password = kept if _is_hash(kept) else make_password(None)
        user.save(update_fields=["password"])


def _bring_back(operator: User) -> User:
    known = User.objects.filter(login__iexact=operator.login).first()
    if known is None:
        operator.pk = None
        operator.save(force_insert=True)
        return operator
    if known.role != Role.OPERATOR:
        raise UserError(
            "configuration_login_taken",
            subject=operator.login,
        )
    known.password, known.is_active, known.must_change_password = operator.password, True, False
    known.save()
    return known


def _look_for_owners() -> None:
    """Mail that came before its owners waits in quarantine."""
    if Message.objects.exclude(quarantine=0).exists():
        held = Address.objects.filter(valid_until=None).values_list("address", flat=True)
        request_assignment(list(held), "setup")


def _set_secrets(secrets: Mapping[Key, bytes], seal: Cipher) -> None:
    for model, row_name in SEALING.items():
        rows = {row.pk: row for row in model._default_manager.all()}
        for (table, pk, name), plain in secrets.items():
            if table == model._meta.label and pk in rows:
                _put_sealed(rows[pk], name, seal(row_name(rows[pk]), name, plain))


def _is_hash(text: str) -> bool:
    try:
        return bool(text) and identify_hasher(text) is not None
    except ValueError:
        return False


# The file


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_BYTES:
        raise UserError("configuration_damaged")
    try:
        document = json.loads(data)
        is_ours = document["format"] == FORMAT
        version = int(document["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UserError("configuration_damaged") from None
    if not is_ours:
        raise UserError("configuration_damaged")
    if version <= VERSION and not _is_well_formed(document):
        raise UserError("configuration_damaged")
    if version > VERSION or document["state"]["version"] > STATE_VERSION:
        raise UserError("configuration_newer")
    return dict(document)


def _is_well_formed(document: Mapping[str, Any]) -> bool:
    state, named = document.get("state"), document.get("secret_of")
    return (
        isinstance(state, dict)
        and isinstance(state.get("version"), int)
        and all(isinstance(row, dict) for rows in state.values() if isinstance(rows, list) for row in rows)
        and isinstance(named, list)
        and all(isinstance(key, list) and list(map(type, key)) == [str, int, str] for key in named)
        and isinstance(document.get("secrets", 0), dict | None)
    )


def _in_words(missing: list[Key]) -> Iterator[str]:
    """Of accounts first: nothing is collected without their secrets."""
    words = {
        "password": _("password"),
        "client_secret": _("client secret"),
        "webhook_secret": _("webhook secret"),
    }
    for table, pk, name in sorted(missing, key=lambda key: (key[0] == User._meta.label, key)):
        yield f"{_owner(table, pk)}: {words.get(name, name.replace('_', ' '))}"


def _owner(table: str, pk: int) -> str:
    if table == User._meta.label:
        login = User.objects.filter(pk=pk).values_list("login", flat=True).first()
        return _("user %(login)s") % {"login": login}
    if table == Source._meta.label:
        return str(Source.every.filter(pk=pk).first() or pk)
    if table == Directory._meta.label:
        return str(Directory.objects.filter(pk=pk).first() or pk)
    return _("notifications")
