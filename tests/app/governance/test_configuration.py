"""A configuration as a file: it comes back whole, and nothing in it can be read that is secret."""

import base64
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from amberpost.accounts.installation import save_installation
from amberpost.accounts.models import Installation, User
from amberpost.cli.main import main
from amberpost.directory.active import get_directory, save_directory, secret_of
from amberpost.directory.models import Directory
from amberpost.errors import IntegrityError, UserError
from amberpost.governance.configuration import (
    SEALING,
    Imported,
    export_configuration,
    import_around,
    import_configuration,
)
from amberpost.governance.state import STATE, take_snapshot
from amberpost.notice.configure import ROW, current_settings, save_settings
from amberpost.notice.models import NoticeSettings
from amberpost.road.late import set_plus_addresses
from amberpost.road.models import Outcome
from amberpost.road.open import open_keys_of
from amberpost.signin.first_operator import needs_operator
from amberpost.sources.configure import NewSecrets, save_source, setting_row
from amberpost.sources.domains import add_domain
from amberpost.sources.models import Source
from amberpost.store.secret import Secret
from tests.opened import Opened
from tests.people import ALICE, BOB, letter

PASSPHRASE = "four words of amber"
SECRETS = {
    "imap": b"imap-secret-Aa1",
    "client": b"client-secret-Bb2",
    "relay": b"relay-secret-Cc3",
    "hook": b"webhook-secret-Dd4",
    "bind": b"bind-secret-Ee5",
}
HASHED = "a long enough password"


@pytest.fixture
def full(new_opened: Callable[..., Opened]) -> Opened:
    """An archive in which everything is decided."""
    opened = new_opened("first")
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("otto", role="operator")
    add_domain("firma.example")
    set_plus_addresses(True, by="test")
    save_installation(name="Firma GmbH", language="de", time_zone="Europe/Berlin")
    keys = open_keys_of(opened.config)
    save_source(
        Source(name="Journal", server="imap.firma.example", user="journal"),
        NewSecrets(password=SECRETS["imap"].decode()),
        keys.seal_setting,
    )
    oauth = Source(
        name="Cloud",
        protocol="oauth-imap",
        user="box@tenant.example",
        tenant_id="tenant.example",
        client_id="11111111-2222-3333-4444-555555555555",
        security="ssl",
        secret_expires_on=date(2027, 5, 1),
    )
    save_source(oauth, NewSecrets(client_secret=SECRETS["client"].decode()), keys.seal_setting)
    notices = current_settings()
    notices.relay, notices.addresses, notices.user = "smtp.firma.example", ["it@firma.example"], "amber"
    notices.webhook_url = "https://hooks.firma.example/x"
    words = {"password": SECRETS["relay"].decode(), "webhook_secret": SECRETS["hook"].decode()}
    save_settings(notices, words, keys.seal_setting)
    bind = {"bind_password": Secret(SECRETS["bind"])}
    save_directory(Directory(kind="ad"), bind, keys.seal_setting, by="test")
    keys.close()
    return opened


def exported(opened: Opened, passphrase: str | None = None) -> bytes:
    keys = open_keys_of(opened.config)
    try:
        return export_configuration(keys.open_setting, passphrase)
    finally:
        keys.close()


def take(opened: Opened, data: bytes, passphrase: str | None = None, **how: bool) -> Imported:
    keys = open_keys_of(opened.config)
    try:
        return import_configuration(data, keys.seal_setting, passphrase=passphrase, **how)
    finally:
        keys.close()


def state() -> dict[str, Any]:
    """Without what is sealed and hashed, which each archive has its own way."""
    return json.loads(
        json.dumps(take_snapshot()),
        object_hook=lambda row: {
            name: value
            for name, value in row.items()
            if not name.startswith("sealed_") and not name.endswith("_set_at") and name != "password"
        },
    )


def unsealed(opened: Opened) -> dict[str, bytes]:
    keys = open_keys_of(opened.config)
    journal, cloud = Source.objects.get(name="Journal"), Source.objects.get(name="Cloud")
    notices = NoticeSettings.objects.get()
    try:
        return {
            "imap": keys.open_setting(setting_row(journal), "password", bytes(journal.sealed_password)),
            "client": keys.open_setting(
                setting_row(cloud), "client_secret", bytes(cloud.sealed_client_secret)
            ),
            "relay": keys.open_setting(ROW, "password", bytes(notices.sealed_password)),
            "hook": keys.open_setting(ROW, "webhook_secret", bytes(notices.sealed_webhook_secret)),
            "bind": secret_of(get_directory("ad"), "bind_password", keys.open_setting).reveal(),
        }
    finally:
        keys.close()


def changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(data)
    change(document)
    return json.dumps(document).encode()


# Round trip


def test_with_a_passphrase_everything_comes_back_secrets_and_passwords_too(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    before, data = state(), exported(full, PASSPHRASE)
    other = new_opened("second")
    imported = take(other, data, PASSPHRASE)
    assert imported.missing == ()
    assert state() == before
    assert unsealed(other) == SECRETS
    assert User.objects.get(login="alice").check_password(HASHED)
    assert not needs_operator()


def test_without_a_passphrase_exactly_the_missing_secrets_are_named(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    before, data = state(), exported(full)
    other = new_opened("second")
    imported = take(other, data)
    assert set(imported.missing) == {
        "Journal: password",
        "Cloud: client secret",
        "ad: bind password",
        "notifications: password",
        "notifications: webhook secret",
        "user alice: password",
        "user otto: password",
    }
    assert imported.missing[-1].startswith("user ")
    assert state() == before
    for source in Source.objects.exclude(protocol="file"):
        assert bytes(source.sealed_password) == bytes(source.sealed_client_secret) == b""
        assert source.password_set_at is None
        assert source.client_secret_set_at is None
    assert not User.objects.get(login="alice").check_password(HASHED)
    assert needs_operator()  # so that serve prints a one-time link again


def test_the_app_that_sends_notifications_travels_sealed_or_is_named(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    keys = open_keys_of(full.config)
    notices = current_settings()
    notices.login, notices.user = "oauth", "archive@tenant.example"
    notices.tenant_id, notices.client_id = "tenant.example", "11111111-2222-3333-4444-555555555555"
    save_settings(notices, {"client_secret": "send-secret-Ff6"}, keys.seal_setting)
    keys.close()
    assert b"send-secret-Ff6" not in exported(full) + exported(full, PASSPHRASE)
    open_file, locked_file = exported(full), exported(full, PASSPHRASE)
    assert "notifications: client secret" in take(new_opened("second"), open_file).missing
    third = new_opened("third")
    assert take(third, locked_file, PASSPHRASE).missing == ()
    keys = open_keys_of(third.config)
    sealed = bytes(current_settings().sealed_client_secret)
    assert keys.open_setting(ROW, "client_secret", sealed) == b"send-secret-Ff6"
    keys.close()


def test_secrets_may_be_left_behind_on_purpose(full: Opened, new_opened: Callable[..., Opened]) -> None:
    data = exported(full, PASSPHRASE)
    other = new_opened("second")
    with pytest.raises(UserError, match="carries secrets"):
        take(other, data)
    assert len(take(other, data, without_secrets=True).missing) == 7


def test_the_owners_of_mail_that_came_first_are_found(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    data = exported(full)
    other = new_opened("second")
    assert other.take(letter(1), source=other.files) == [Outcome.QUARANTINED]
    take(other, data)
    other.process()
    assert len(other.find("alice").hits) == 1


# Nothing secret


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_nothing_secret_stands_in_the_file(full: Opened, passphrase: str | None) -> None:
    data = exported(full, passphrase)
    hashes = [user.password.encode() for user in User.objects.all()]
    sealed = [bytes(source.sealed_password) for source in Source.objects.exclude(sealed_password=b"")]
    assert len(hashes) == 2
    assert len(sealed) == 1
    for secret in [*SECRETS.values(), *hashes, *sealed, PASSPHRASE.encode(), HASHED.encode()]:
        for form in (secret, base64.b64encode(secret), secret.hex().encode()):
            assert form not in data
            assert form.strip(b"=") not in data


def test_every_table_with_sealed_columns_is_known_here() -> None:
    """Whoever adds a secret to the state adds its table to SEALING, and this test to his reading."""
    found = {
        model
        for model in STATE
        for column in model._meta.concrete_fields
        if column.name.startswith("sealed_") or column.get_internal_type() == "BinaryField"
    }
    assert found == set(SEALING)
    binary = {
        column.name
        for model in STATE
        for column in model._meta.concrete_fields
        if column.get_internal_type() == "BinaryField"
    }
    assert all(name.startswith("sealed_") for name in binary)


def test_sealed_bytes_of_another_archive_are_emptied(full: Opened, new_opened: Callable[..., Opened]) -> None:
    foreign = base64.b64encode(bytes(Source.objects.get(name="Journal").sealed_password)).decode()

    def put_in(document: dict[str, Any]) -> None:
        for row in document["state"]["sources.Source"]:
            row["sealed_password"] = {"bytes": foreign}
        for row in document["state"]["accounts.User"]:
            row["password"] = make_password("known to the attacker")

    data = changed(exported(full), put_in)
    other = new_opened("second")
    take(other, data)
    assert bytes(Source.objects.get(name="Journal").sealed_password) == b""
    assert not User.objects.get(login="otto").has_usable_password()
    with pytest.raises(IntegrityError):
        unsealed(other)


# What is refused


@pytest.mark.parametrize("wrong", ["four words of Amber", "", PASSPHRASE + " "])
def test_a_wrong_passphrase_changes_nothing(
    full: Opened, new_opened: Callable[..., Opened], wrong: str
) -> None:
    data = exported(full, PASSPHRASE)
    other = new_opened("second")
    with pytest.raises(UserError, match="passphrase is wrong"):
        take(other, data, wrong)
    assert not User.objects.exists()


def test_a_password_cannot_be_pointed_at_another_server(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    def redirect(document: dict[str, Any]) -> None:
        for row in document["state"]["sources.Source"]:
            row["server"] = "imap.attacker.example"

    data = changed(exported(full, PASSPHRASE), redirect)
    other = new_opened("second")
    with pytest.raises(UserError, match="file was changed"):
        take(other, data, PASSPHRASE)


@pytest.mark.parametrize("where", ["document", "state"])
def test_a_newer_version_is_refused_with_what_to_do(
    full: Opened, new_opened: Callable[..., Opened], where: str
) -> None:
    def raise_version(document: dict[str, Any]) -> None:
        (document if where == "document" else document["state"])["version"] = 99

    data = changed(exported(full), raise_version)
    other = new_opened("second")
    with pytest.raises(UserError, match="newer Amberpost"):
        take(other, data)


_BROKEN: list[Callable[[dict[str, Any]], object]] = [
    lambda document: document.pop("format"),
    lambda document: document.update(format="something else"),
    lambda document: document.update(version="one"),
    lambda document: document.pop("state"),
    lambda document: document.update(state=[]),
    lambda document: document.update(secrets="no"),
    lambda document: document.update(secret_of=[["sources.Source", "1", "password"]]),
    lambda document: document["state"].pop("version"),
    lambda document: document["state"].update({"accounts.User": ["no row"]}),
    lambda document: document["state"]["accounts.User"].append(document["state"]["accounts.User"][0]),
    lambda document: document["state"]["accounts.User"][0].update(login=None),
    lambda document: document["state"]["accounts.User"][0].update(private_archive_id=4711),
    lambda document: document["state"]["sources.Source"][0].update(created_at={"at": "yesterday"}),
    lambda document: document["state"]["sources.Source"][0].update(interval_minutes="often"),
]


@pytest.mark.parametrize("number", range(len(_BROKEN)))
def test_a_damaged_file_is_told_and_changes_nothing(
    full: Opened, new_opened: Callable[..., Opened], number: int
) -> None:
    data = changed(exported(full), _BROKEN[number])
    other = new_opened("second")
    with pytest.raises(UserError, match="not an exported configuration"):
        take(other, data)
    assert not User.objects.exists()
    assert not Source.objects.exclude(protocol="file").exists()


@pytest.mark.parametrize(
    "data", [b"", b"no json", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000, b"1" * 5000]
)
def test_garbage_is_no_configuration(opened: Opened, data: bytes) -> None:
    with pytest.raises(UserError, match="not an exported configuration"):
        take(opened, data)


@pytest.mark.parametrize(
    "kdf",
    [
        "argon2id m=9999999 t=3 p=4 salt=" + "0" * 32,
        "argon2id m=65536 t=999 p=4 salt=" + "0" * 32,
        "none",
        "",
    ],
)
def test_a_file_may_not_ask_for_the_memory_of_the_machine(
    full: Opened, new_opened: Callable[..., Opened], kdf: str
) -> None:
    data = changed(exported(full, PASSPHRASE), lambda document: document["secrets"].update(kdf=kdf))
    other = new_opened("second")
    with pytest.raises(UserError, match="not an exported configuration"):
        take(other, data, PASSPHRASE)


def test_a_short_passphrase_is_refused(full: Opened) -> None:
    with pytest.raises(UserError, match="at least 12"):
        exported(full, "short")


def test_a_configuration_goes_into_an_empty_archive_only(full: Opened) -> None:
    with pytest.raises(UserError, match="already"):
        take(full, exported(full))


# Around the operator who sets up


def around(opened: Opened, operator: User, data: bytes) -> tuple[Imported, User]:
    keys = open_keys_of(opened.config)
    try:
        return import_around(operator, data, keys.seal_setting, passphrase=PASSPHRASE)
    finally:
        keys.close()


@pytest.mark.parametrize("login", ["olaf", "OTTO"])
def test_the_operator_who_imports_stays_and_keeps_his_password(
    full: Opened, new_opened: Callable[..., Opened], login: str
) -> None:
    data = exported(full, PASSPHRASE)
    other = new_opened("second")
    operator = other.add_user(login, role="operator")
    operator.set_password("quite another password")
    operator.save()
    Installation(pk=1, setup_step=0).save()
    imported, back = around(other, operator, data)
    assert imported.missing == ()
    assert back.check_password("quite another password")
    assert back.role == "operator"
    assert User.objects.filter(login__iexact=login).count() == 1
    assert User.objects.get(login="alice").check_password(HASHED)
    assert Installation.objects.get().name == "Firma GmbH"


def test_the_login_of_a_reader_cannot_be_taken_over(full: Opened, new_opened: Callable[..., Opened]) -> None:
    data = exported(full, PASSPHRASE)
    other = new_opened("second")
    operator = other.add_user("Alice", role="operator")
    with pytest.raises(UserError, match="belongs to somebody else"):
        around(other, operator, data)
    assert User.objects.get().role == "operator"


def test_nothing_that_was_decided_is_overwritten(full: Opened, new_opened: Callable[..., Opened]) -> None:
    data = exported(full, PASSPHRASE)
    other = new_opened("second")
    operator = other.add_user("olaf", role="operator")
    other.add_user("bob", *BOB.addresses)
    with pytest.raises(UserError, match="must be imported first"):
        around(other, operator, data)


# Commands


def test_the_commands_carry_secrets_under_a_passphrase(
    full: Opened, new_opened: Callable[..., Opened], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, file = tmp_path / "words", tmp_path / "configuration.json"
    words.write_text(PASSPHRASE + "\n")
    file.write_text("")
    file.chmod(0o644)
    export = ["config", "export", "--data", str(full.config.data), "--json", str(file)]
    assert main([*export, "--passphrase-file", str(words)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    other = new_opened("second")
    capsys.readouterr()
    take_in = ["config", "import", "--data", str(other.config.data), "--json", str(file)]
    assert main(take_in) == 2
    assert "carries secrets" in capsys.readouterr().err
    assert main([*take_in, "--passphrase-file", str(words)]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == []
    assert unsealed(other) == SECRETS


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("max_size_mb", 0, "Journal.*The smallest limit is 1 MB|The smallest limit is 1 MB.*Journal"),
        ("interval_minutes", 0, "interval_minutes"),
        ("interval_minutes", 10_000, "interval_minutes"),
        ("server", "imap.firma.example:0", "host name"),
        ("evaluation", "nonsense", "nonsense"),
    ],
)
def test_what_no_form_lets_through_does_not_come_in_by_a_file(
    full: Opened, new_opened: Callable[..., Opened], field: str, value: object, words: str
) -> None:
    def break_it(document: dict[str, Any]) -> None:
        (row,) = (row for row in document["state"]["sources.Source"] if row["name"] == "Journal")
        row[field] = value

    broken = changed(exported(full), break_it)
    second = new_opened("second")
    with pytest.raises(UserError, match=words):
        take(second, broken)
    assert not Source.objects.filter(name="Journal").exists()


def test_a_directory_that_would_be_read_all_the_time_does_not_come_in(
    full: Opened, new_opened: Callable[..., Opened]
) -> None:
    def break_it(document: dict[str, Any]) -> None:
        document["state"]["directory.Directory"][0]["interval_minutes"] = 0

    broken = changed(exported(full), break_it)
    with pytest.raises(UserError, match="5 minutes"):
        take(new_opened("second"), broken)
