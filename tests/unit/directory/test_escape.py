"""No text of a stranger changes the meaning of a filter or a name."""

import random  # a seeded grammar, the same in every run
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.search import compile_filter, parse_filter
from ldap3.utils.dn import parse_dn

from amberpost.directory.ldap.escape import dn_key, dn_value, filter_bytes, filter_value
from amberpost.directory.ldap.reader import person_filter
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.store.secret import Secret

SETTINGS = {
    kind: LdapSettings(
        kind=kind,
        hosts=("dc1",),
        user="reader",
        password=Secret(b"x"),
        domain="firma.example",
        netbios="FIRMA",
    )
    for kind in LdapKind
}

_PIECES = (
    *("*", "(", ")", "\\", "\0", "&", "|", "!", "=", "~=", ">=", "<=", ":=", ":dn:", "/", " ", "\t", "\n", "\r", ","),
    *("+", ";", '"', "#", "<", ">", "\\2a", "\\28", "\\5c", "\\00", "\\", "\\zz", "%2a", "*)(", ")(", "))", "(("),
    *("(uid=*)", "(objectClass=*)", "*)(uid=*))(|(uid=*", "admin)(&)", "admin)(!(&(1=0", ")(cn=))\\x00", "|(a=b)"),
    *("1.2.840.113556.1.4.803:=2", "userPassword=*", "cn=admin,dc=firma", "firma\\", "@firma.example", "admin", "a"),
    *("ä", "ß", "王", "😀", "\u00ad", "\u200b", "\u202e", "\ufeff", "İ", "ı", "\ud800", "\x7f", "\x1b", "e\u0301"),
)  # fmt: skip


def injections(count: int, seed: int = 4) -> Iterator[str]:
    """Texts of an LDAP-injection grammar: pieces of filters and names, in any order and depth."""
    chance = random.Random(seed)

    def text(depth: int) -> str:
        if depth == 0 or chance.random() < 0.3:
            return "".join(chance.choices(_PIECES, k=chance.randrange(1, 8)))
        inner = text(depth - 1)
        around = chance.choice(
            ("{}", "*{}*", "({})", "){}(", "(&{})", "(|{}", "*)(uid={}", "{}\0", "\\{}", " {} ", "#{}")
        )
        return around.format(inner) if "{}" in around else inner

    for _ in range(count):
        yield text(chance.randrange(4))


def octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def reference_filter(text: str) -> str:
    """RFC 4515 §3 by the letter: every octet that must be escaped, and every one that may."""
    return "".join(f"\\{octet:02x}" for octet in octets(text))


def compiled(query: str) -> object:
    return compile_filter(parse_filter(query, None, False, False, None, False).elements[0])


def check_filter(text: str) -> None:
    """The library sends exactly the octets of the text, in a filter of the same shape."""
    for kind, settings in SETTINGS.items():
        ours = compiled(person_filter(settings, text))
        by_letter = person_filter(settings, "MARK")
        if kind is LdapKind.LDAP or ("\\" not in text and "@" not in text):
            assert ours == compiled(by_letter.replace("MARK", reference_filter(text))), text
        assert set(filter_value(text)) <= set("0123456789abcdef\\") | set(
            filter_value(text).replace("\\", "")
        )
    node = compiled(f"(uid={filter_value(text)})")
    assert bytes(node["equalityMatch"]["assertionValue"]) == octets(text)  # type: ignore[index]


def check_name(text: str) -> None:
    """A name built with the text has the same parts as with any other text, and a key of its own."""
    if "\ud800" in text or not text:
        return  # no text of a directory holds half a surrogate pair
    dn = f"CN={dn_value(text)},OU=Leute,DC=firma,DC=example"
    parts = parse_dn(dn)
    assert [name for name, _value, _separator in parts] == ["CN", "OU", "DC", "DC"], text
    # Another escaping of the same text, octet by octet, is the same name
    hexed = "".join(f"\\{octet:02X}" for octet in octets(text))
    if text.strip(" "):
        assert dn_key(dn) == dn_key(f"cn = {hexed}, ou=LEUTE,DC=firma,dc=example"), text
    assert dn_key(dn).count(",ou=leute,dc=firma,dc=example") >= 1


def test_strings_of_an_injection_grammar_mean_only_themselves() -> None:
    for text in injections(500):
        check_filter(text)
        check_name(text)


@pytest.mark.long
def test_50000_strings_of_an_injection_grammar_mean_only_themselves() -> None:
    for text in injections(50_000, seed=17):
        check_filter(text)
        check_name(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_means_only_itself(text: str) -> None:
    check_filter(text)
    check_name(text)


@given(st.binary())
def test_any_octets_arrive_as_they_are(raw: bytes) -> None:
    node = compiled(f"(objectGUID={filter_bytes(raw)})")
    assert bytes(node["equalityMatch"]["assertionValue"]) == raw  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Ahrens, Alice", "Ahrens\\2C Alice"),
        (" Rand ", "\\20Rand\\20"),
        ("#Raute", "\\23Raute"),
        ("a+b=c", "a\\2Bb\\3Dc"),
        ('"<;>\\', "\\22\\3C\\3B\\3E\\5C"),
        ("\0", "\\00"),
        ("Böhm", "Böhm"),
    ],
)
def test_values_of_names_are_escaped_as_rfc_4514_says(text: str, escaped: str) -> None:
    assert dn_value(text) == escaped


@pytest.mark.parametrize(
    "other",
    [
        "cn=Ahrens\\2C Alice,ou=Leute,dc=firma",
        "CN=Ahrens\\, Alice,OU=Leute,DC=firma",
        "CN = ahrens\\,  ALICE , OU=leute;DC=firma",
        "cn=Ahrens\\2c\\20Alice,ou=Leute,dc=firma",
    ],
)
def test_spellings_of_one_name_have_one_key(other: str) -> None:
    assert dn_key(other) == dn_key("CN=Ahrens\\, Alice,OU=Leute,DC=firma")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Weiß,DC=firma", "CN=Weiss,DC=firma"),
        ("CN=a\\,OU=b,DC=firma", "CN=a,OU=b,DC=firma"),
        ("CN=a\\+b,DC=firma", "CN=a+b,DC=firma"),
        ("CN=a\\5Cb,DC=firma", "CN=ab,DC=firma"),
        ("CN=a\\3Db,DC=firma", "CN=a\\2Cb,DC=firma"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert dn_key(one) != dn_key(other)
