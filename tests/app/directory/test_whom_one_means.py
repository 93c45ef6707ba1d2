"""Whoever is asked for: by login, address or name, whatever the case; several that fit are named."""

import pytest

from amberpost.accounts.models import User
from amberpost.accounts.people import add_user, get_user
from amberpost.accounts.readers import find_archive, find_reader
from amberpost.directory.archives.local import create_archive
from amberpost.directory.models import ArchiveKind, ArchiveOrigin
from amberpost.errors import UserError
from tests.opened import Opened

DECOMPOSED = "Ju\u0308rgen Weiß"  # as a Mac writes it


@pytest.fixture(autouse=True)
def company(opened: Opened) -> None:
    add_user(
        "jweiss", name="Jürgen Weiß", addresses=["juergen@firma.example", "info@firma.example"], by="otto"
    )
    add_user("anna", name="Anna Berg", addresses=["anna@firma.example"], by="otto")
    add_user("anna2", name="Anna  Berg", addresses=["a.berg@firma.example"], by="otto")
    add_user("Ärmel", name="anna", by="otto")
    group = create_archive(
        "Vertrieb", ["v@firma.example"], kind=ArchiveKind.PUBLIC, origin=ArchiveOrigin.GROUP
    )
    create_archive("Vertrieb", ["v2@firma.example"], kind=ArchiveKind.PUBLIC, origin=ArchiveOrigin.GROUP)
    assert group.pk


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("jweiss", "jweiss"),
        (" JWeiss ", "jweiss"),
        ("Jürgen Weiß", "jweiss"),
        ("JÜRGEN  WEISS", "jweiss"),
        (DECOMPOSED, "jweiss"),
        ("Juergen@Firma.Example", "jweiss"),
        ("info@firma.example", "jweiss"),
        ("Jürgen Weiß <juergen@firma.example>", "jweiss"),
        ("anna", "anna"),  # a login comes before the name of somebody else
        ("ärmel", "Ärmel"),
        ("A\u0308RMEL", "Ärmel"),
    ],
)
def test_a_person_is_found_by_login_address_or_name(typed: str, login: str) -> None:
    assert get_user(typed).login == login
    reader = find_reader(typed)
    assert isinstance(reader, User)
    assert reader.login == login
    assert find_archive(typed) == User.objects.get(login=login).private_archive


def test_several_that_fit_are_named_with_what_tells_them_apart() -> None:
    for find in (get_user, find_reader, find_archive):
        with pytest.raises(UserError) as caught:
            find("anna berg")
        assert str(caught.value) == (
            "Several fit; please give a login or an address. They are: Anna Berg (anna); Anna  Berg (anna2): anna berg"
        )
    with pytest.raises(UserError, match=r"Vertrieb \(v@firma.example\); Vertrieb \(v2@firma.example\)"):
        find_reader("vertrieb")


@pytest.mark.parametrize("typed", ["", " ", "nobody", "ann", "jürgen", "x@firma.example", "%", "_nna"])
def test_a_part_of_a_name_is_nobody(typed: str) -> None:
    for find in (get_user, find_reader, find_archive):
        with pytest.raises(UserError):
            find(typed)


def test_a_command_takes_a_name_an_address_or_a_login(opened: Opened) -> None:
    for typed in ("Jürgen Weiß", "INFO@firma.example", "JWEISS"):
        assert opened.commands.json("user", "disable", "--login", typed)["login"] == "jweiss"
    refused = opened.commands.json("user", "disable", "--login", "Anna Berg", code=2)
    assert "Anna Berg (anna); Anna  Berg (anna2)" in refused["error"]
