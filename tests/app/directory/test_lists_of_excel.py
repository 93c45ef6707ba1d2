"""Lists of users as spreadsheet programs save them: found out, said back, and every error with its place."""

from collections.abc import Sequence

import pytest

from amberpost.accounts.csv_list import ImportedUsers, import_users
from amberpost.accounts.models import User
from amberpost.accounts.people import get_user
from amberpost.console.fields import AddressesField
from amberpost.console.setup.forms import DomainsForm
from amberpost.directory.archives.local import current_addresses
from amberpost.errors import UserError

pytestmark = pytest.mark.usefixtures("opened")

GERMAN = "Benutzername;Passwort;Vorname;Nachname;E-Mail;Weitere Adressen\r\n"
JÜRGEN = "juergen;;Jürgen;Weiß;juergen@firma.example;j.weiss@firma.example\r\n"
ÖZLEM = "oezlem;;Özlem;Ünal;oezlem@firma.example;\r\n"


def taken(text: str, encoding: str = "utf-8") -> ImportedUsers:
    return import_users(text.encode(encoding), by="otto")


def people(imported: ImportedUsers) -> list[tuple[str, str, Sequence[str]]]:
    return [(u.login, u.name, addresses(u.login)) for u in imported.users]


def addresses(login: str) -> list[str]:
    archive = get_user(login).private_archive
    assert archive is not None
    return sorted(current_addresses(archive))


BOTH = [
    ("juergen", "Jürgen Weiß", ["j.weiss@firma.example", "juergen@firma.example"]),
    ("oezlem", "Özlem Ünal", ["oezlem@firma.example"]),
]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "said"),
    [
        ("cp1252", ";", "semicolon, Windows-1252"),
        ("utf-8-sig", ";", "semicolon, UTF-8"),
        ("utf-8", ",", "comma, UTF-8"),
        ("utf-16", "\t", "tab, UTF-16"),
        ("utf-16-le", "\t", "tab, UTF-16"),
        ("utf-16-be", "\t", "tab, UTF-16"),
        ("cp850", ";", "semicolon, MS-DOS (850)"),
    ],
)
@pytest.mark.parametrize("has_heading", [True, False], ids=["with a heading", "without one"])
def test_a_list_is_read_as_it_was_saved_and_that_is_said(
    encoding: str, delimiter: str, said: str, has_heading: bool
) -> None:
    text = (GERMAN if has_heading else "") + JÜRGEN + ÖZLEM
    imported = taken(text.replace(";", delimiter), encoding)
    assert people(imported) == BOTH
    heading = "with a heading" if has_heading else "without a heading"
    assert imported.said == f"Read as {said}, {heading}: 2 people."


def test_old_macs_end_lines_with_cr_and_have_letters_of_their_own() -> None:
    imported = taken((GERMAN + JÜRGEN + ÖZLEM).replace("\r\n", "\r"), "mac_roman")
    assert people(imported) == BOTH
    assert imported.table.form == "semicolon, Mac Roman"


@pytest.mark.parametrize(
    "heading",
    [
        "E-Mail;Name;Login",
        "E-mail address;Full name;User ID",
        "E-Mail-Adresse;Anzeigename;Benutzer-ID",
        "Adresse e-mail;Nom complet;Identifiant",
        "MAIL;NAME;USERNAME",
    ],
)
def test_a_heading_says_what_the_columns_are_in_any_order(heading: str) -> None:
    imported = taken(f"{heading}\nanna@firma.example;Anna Berg;a.berg\n")
    assert people(imported) == [("a.berg", "Anna Berg", ["anna@firma.example"])]


def test_without_a_login_column_the_login_is_that_of_the_address() -> None:
    imported = taken("Name;Vorname;E-Mail 1;E-Mail 2\nBerg;Anna;anna@firma.example;info@firma.example\n")
    assert people(imported) == [("anna", "Anna Berg", ["anna@firma.example", "info@firma.example"])]


def test_columns_that_mean_nothing_here_are_named() -> None:
    imported = taken("Abteilung;E-Mail;Telefon\nVertrieb;anna@firma.example;+49 89 1\n")
    assert people(imported) == [("anna", "", ["anna@firma.example"])]
    assert imported.said.endswith("1 person. Columns not used: Abteilung, Telefon")


def test_cells_with_line_breaks_and_commas_empty_columns_and_empty_lines_are_no_trouble() -> None:
    text = (
        "sep=;\r\n"
        "Login;Name;E-Mail;;;\r\n"
        'anna;"Berg,\nAnna";"anna@firma.example\na.berg@firma.example";;;\r\n'
        ";;;;;\r\n"
        "\r\n"
        'bob;"Bob ""B."" Berg";"bob@firma.example, b@firma.example";;;\r\n'
        ";;;;;\r\n"
    )
    assert people(taken(text, "cp1252")) == [
        ("anna", "Berg, Anna", ["a.berg@firma.example", "anna@firma.example"]),
        ("bob", 'Bob "B." Berg', ["b@firma.example", "bob@firma.example"]),
    ]


def test_names_with_commas_do_not_make_commas_the_delimiter() -> None:
    text = "Name;E-Mail\nBerg, Anna, Dr., MBA;anna@firma.example\nAhrens, Bob, Dr., MBA;bob@firma.example\n"
    assert [name for _login, name, _held in people(taken(text))] == [
        "Berg, Anna, Dr., MBA",
        "Ahrens, Bob, Dr., MBA",
    ]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("anna;;Anna;Berg;keine-adresse;\r\n", "line 2, column 5 (E-Mail): This is not an e-mail address"),
        (JÜRGEN + "anna;;A;B;a@firma.example;kaputt\r\n", "line 3, column 6 (Weitere Adressen): "),
        (JÜRGEN + ";;;;;\r\n" + "an na;;A;B;a@firma.example;\r\n", "line 4, column 1 (Benutzername): "),
        (JÜRGEN + JÜRGEN.replace("j.weiss", "x"), "line 3, column 1 (Benutzername): This login is taken"),
        (
            JÜRGEN + JÜRGEN.replace("juergen;", "j;"),
            "line 3, column 5 (E-Mail): This address belongs to another",
        ),
        ('eva;;"E\r\nva";E;eva@firma.example;\r\n' + "x;;;;-;", "line 4 (row 3), column 5 (E-Mail): "),
    ],
)
def test_an_error_names_line_and_column_and_nobody_is_added(lines: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        taken(GERMAN + lines, "cp1252")
    assert str(caught.value).startswith(place)
    assert not User.objects.exists()


def test_addresses_and_domains_pasted_from_a_sheet_are_taken_apart() -> None:
    pasted = "a@firma.example;b@firma.example\tc@firma.example\r\nd@firma.example, e@firma.example\r\n\t\r\n"
    assert AddressesField().clean(pasted) == [f"{name}@firma.example" for name in "abcde"]
    form = DomainsForm({"domains": "firma.example; firma.test\tfirma.invalid"})
    assert form.is_valid()
    assert form.cleaned_data["domains"] == ["firma.example", "firma.test", "firma.invalid"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n;;;\r\n",
        b"Login;E-Mail\r\n",
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00",
        b'"' + b"a;b\n" * 50_000,
    ],
    ids=["nothing", "empty cells", "a heading alone", "a workbook", "a quote without end"],
)
def test_what_is_no_list_is_refused_in_plain_words(raw: bytes) -> None:
    with pytest.raises(UserError):
        import_users(raw, by="otto")
