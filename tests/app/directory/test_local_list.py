"""The local list: CSV both ways, public archives only where they are switched on, managed users left alone."""

import pytest
from django.test import Client

from amberpost.accounts.csv_list import export_users, import_users
from amberpost.accounts.models import User
from amberpost.accounts.people import add_user, find_signing_in, get_user, give_addresses, reset_password
from amberpost.accounts.public_archives import add_public_archive
from amberpost.directory.active import (
    activate,
    active_directory,
    get_directory,
    may_have_public_archives,
    save_directory,
    secret_of,
)
from amberpost.directory.archives.local import add_addresses, current_addresses, set_addresses, valid_address
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin, Directory
from amberpost.errors import UserError
from amberpost.governance.directories import synchronise
from amberpost.store.secret import Secret
from tests.directory import found, person
from tests.opened import Opened
from tests.people import letter

pytestmark = pytest.mark.usefixtures("opened")


def test_what_is_exported_can_be_imported_and_is_the_same() -> None:
    lines = (
        "anna,,Anna Maria,Berg,anna@firma.example,a.berg@firma.example\r\n"
        'jürgen_x-1.y,,"Jürgen ""Jogi""",Weiß,j@firma.example\r\n'
        "leer,,,Ohne,\r\n"
    )
    assert len(import_users(lines.encode(), by="otto").users) == 3
    written = export_users()
    assert (written.text, written.count, written.left_out) == (lines, 3, ())
    assert "\ufeff" not in written.text


def test_an_export_has_no_password_and_no_managed_users_or_operators(opened: Opened) -> None:
    add_user(
        "anna", name="Anna, Dr.", addresses=["anna@firma.example"], password="streng geheim 77", by="otto"
    )
    add_user("mit@zeichen", name="x", by="otto")
    add_user("otto", role="operator", by="init")
    activate(get_directory("ad"), by="otto")
    synchronise(found(person("bob")), by="directory")
    written = export_users()
    assert written.text == "anna,,Anna,Dr.,anna@firma.example\r\n"
    assert written.left_out == ("mit@zeichen",)


def test_a_user_without_a_password_cannot_sign_in() -> None:
    import_users(b"anna,,Anna,Berg,anna@firma.example\n", by="otto")
    assert not get_user("anna").has_usable_password()
    assert reset_password(get_user("anna"), by="otto")


@pytest.mark.parametrize(
    "line",
    [
        "an na,x,A,B,a@firma.example",
        "anna@firma,x,A,B,a@firma.example",
        "an/na,x,A,B,a@firma.example",
        "anna,x,A",
        "anna,x,A,B,no-address",
        ",x,A,B,a@firma.example",
    ],
)
def test_a_wrong_line_imports_nobody_and_is_named(line: str) -> None:
    with pytest.raises(UserError, match="line 2"):
        import_users(f"gut,pass,A,B,gut@firma.example\n{line}\n".encode(), by="otto")
    assert not User.objects.exists()


def test_the_local_list_has_public_archives_only_if_that_is_switched_on() -> None:
    assert active_directory().kind == "local"
    assert not may_have_public_archives()
    with pytest.raises(UserError):
        add_public_archive("Info", ["info@firma.example"], by="otto")
    directory = get_directory("local")
    directory.has_public_archives = True
    activate(directory, by="otto")
    made = add_public_archive("Info", ["info@firma.example"], by="otto")
    assert made.kind == ArchiveKind.PUBLIC
    with pytest.raises(UserError):
        add_public_archive("Anna", [], origin=ArchiveOrigin.PERSON, by="otto")


def test_one_directory_is_active_and_secrets_come_out_nowhere() -> None:
    for kind in ("ad", "ldap"):
        activate(
            save_directory(get_directory(kind), {}, lambda row, field, plain: plain, by="otto"), by="otto"
        )
    assert [d.kind for d in Directory.objects.filter(is_active=True)] == ["ldap"]
    directory = get_directory("ldap")
    save_directory(
        directory, {"password": Secret(b"streng geheim")}, lambda r, f, plain: plain[::-1], by="otto"
    )
    save_directory(directory, {"password": Secret(b"")}, lambda r, f, plain: plain[::-1], by="otto")
    assert "streng" not in str(Directory.objects.values().get(kind="ldap"))
    opened = secret_of(get_directory("ldap"), "password", lambda row, field, sealed: sealed[::-1])
    assert opened.reveal() == b"streng geheim"


def test_what_the_directory_manages_is_not_changed_by_hand() -> None:
    activate(get_directory("ad"), by="otto")
    synchronise(found(person("anna")), by="directory")
    anna = get_user("anna")
    assert anna.private_archive is not None
    for change in (
        lambda: add_addresses(Archive.objects.get(), ["x@firma.example"]),
        lambda: set_addresses(Archive.objects.get(), []),
        lambda: give_addresses(anna, ["x@firma.example"], by="otto"),
        lambda: reset_password(anna, by="otto"),
    ):
        with pytest.raises(UserError):
            change()
    assert current_addresses(anna.private_archive) == ["anna@firma.example"]


def test_a_local_user_becomes_the_directorys_with_his_archive_and_its_mail(opened: Opened) -> None:
    opened.add_user("anna", "anna@firma.example")
    opened.take(letter("x", to="anna@firma.example"))
    activate(get_directory("ad"), by="otto")
    synchronise(found(person("A.Berg", "anna@firma.example", "a.berg@firma.example")), by="directory")
    assert User.objects.count() == Archive.objects.count() == 1
    assert opened.find("a.berg").count == 1
    assert not get_user("a.berg").has_usable_password()


def test_a_managed_user_is_found_by_each_of_his_names_and_by_no_part_of_one() -> None:
    activate(get_directory("ad"), by="otto")
    anna = person("anna@firma.example", logins=("anna", "FIRMA\\Anna", "geteilt"))
    bob = person("bob@firma.example", logins=("geteilt", "anna@firma.example"))
    synchronise(found(anna, bob), by="directory")
    for name in ("anna", "ANNA", "firma\\anna", "anna@firma.example", " anna "):
        user = find_signing_in(name)
        assert user is not None, name
        assert user.login == "anna@firma.example"
    for name in ("ann", "geteilt", "", " ", "anna\nfirma\\anna", "%", "_nna"):
        assert find_signing_in(name) is None, name


def test_x500_names_are_addresses_that_may_be_typed() -> None:
    assert valid_address("[EX:/o=Firma/ou=Ex Group (X)/cn=Anna]") == "[ex:/o=firma/ou=ex group (x)/cn=anna]"
    for wrong in ("[EX:]", "[EX:/o=a", "[x]", "[EX:/o=a]b]"):
        with pytest.raises(UserError):
            valid_address(wrong)


def test_back_at_the_local_list_the_users_of_the_directory_keep_their_archives_and_cannot_sign_in(
    opened: Opened,
) -> None:
    activate(get_directory("ad"), by="otto")
    synchronise(found(person("anna")), by="directory")
    opened.take(letter("x", to="anna@firma.example"))
    activate(get_directory("local"), by="otto")
    assert opened.find("anna").count == 1
    assert Client().post("/sign-in/", {"login": "anna", "password": "geheim-17"}).status_code == 401
