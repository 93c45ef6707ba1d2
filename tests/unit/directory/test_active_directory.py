"""What single objects of Active Directory mean, kind by kind and state by state."""

import uuid
from datetime import UTC, datetime

import pytest

from amberpost.directory.found import FoundEntry
from amberpost.directory.ldap.active_directory import guid_of, is_enabled, key_of, read_objects
from amberpost.directory.ldap.entry import LdapEntry
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.errors import DirectoryError
from amberpost.net.server import ServerAddress
from amberpost.store.secret import Secret

AT = datetime(2026, 11, 25, tzinfo=UTC)
SETTINGS = LdapSettings(
    kind=LdapKind.AD, hosts=("dc1",), user="reader", password=Secret(b"x"), should_archive_rooms=True
)


def entry(
    name: str = "x", classes: tuple[str, ...] = ("user",), **values: str | int | list[str]
) -> LdapEntry:
    held: dict[str, list[bytes]] = {
        "objectclass": [one.encode() for one in classes],
        "objectguid": [uuid.uuid5(uuid.NAMESPACE_DNS, name).bytes_le],
        "cn": [name.encode()],
        "mail": [f"{name}@firma.example".encode()],
    }
    for key, value in values.items():
        many = value if isinstance(value, list) else [value]
        held[key.lower()] = [str(one).encode() for one in many]
    return LdapEntry(f"CN={name},DC=firma", held)


def read(*entries: LdapEntry) -> dict[str, FoundEntry]:
    return {one.name: one for one in read_objects(entries, SETTINGS, AT).entries}


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        (None, "person"), (1, "person"), (2, "person"), (2147483648, "person"),
        (4, "shared"), (34359738368, "shared"), (137438953472, "shared"), (274877906944, "shared"),
        (16, "room"), (8589934592, "room"), (2199023255552, "room"), (32, "equipment"), (17179869184, "equipment"),
        (64, None), (128, None), (35184372088832, None),
        (8192, None), (16384, None), (4194304, None), (8388608, None), (16777216, None), (536870912, None),
        (1073741824, None), (549755813888, None), (68719476736, None), (4398046511104, None), (2**62, None),
    ],
)  # fmt: skip
def test_the_kind_of_a_user_object(details: int | None, kind: str | None) -> None:
    values = {} if details is None else {"msExchRecipientTypeDetails": details}
    found = read(entry(**values))
    assert (str(found["x"].kind) if found else None) == kind


@pytest.mark.parametrize(
    ("classes", "details", "kind"),
    [
        (("top", "group"), 256, "group"),
        (("top", "group"), 1024, "group"),
        (("top", "group"), 268435456, "group"),
        (("top", "group"), 8796093022208, "group"),
        (("top", "group"), 1073741824, None),
        (("top", "msExchDynamicDistributionList"), 2048, "dynamic_group"),
        (("top", "publicFolder"), 4096, "public_folder"),
    ],
)
def test_the_kind_of_other_objects(classes: tuple[str, ...], details: int, kind: str | None) -> None:
    found = read(entry(classes=classes, msExchRecipientTypeDetails=details))
    assert (str(found["x"].kind) if found else None) == kind


@pytest.mark.parametrize(
    ("values", "enabled"),
    [
        ({}, True),
        ({"userAccountControl": 512}, True),
        ({"userAccountControl": 514}, False),
        ({"userAccountControl": 66050}, False),
        ({"userAccountControl": 514, "msExchRecipientTypeDetails": 2}, True),
        ({"accountExpires": 0}, True),
        ({"accountExpires": 9223372036854775807}, True),
        ({"accountExpires": 9223372036854775806}, True),
        ({"accountExpires": 130000000000000000}, False),
        ({"accountExpires": 140000000000000000}, True),
        ({"userAccountControl": "rubbish", "accountExpires": ""}, True),
    ],
)
def test_who_may_use_his_account(values: dict[str, str | int], enabled: bool) -> None:
    assert is_enabled(entry(**values), AT) is enabled


def test_a_key_is_the_guid_as_windows_writes_it() -> None:
    raw = bytes.fromhex("01e0e1b8922f545b8a07727a5fab54ec")
    one = LdapEntry("CN=x", {"objectguid": [raw]})
    assert key_of(one) == "ad:b8e1e001-2f92-5b54-8a07-727a5fab54ec"
    assert guid_of(key_of(one)) == raw
    with pytest.raises(DirectoryError, match="objectGUID"):
        key_of(LdapEntry("CN=x", {"objectguid": [b"short"]}))


def test_members_are_people_only_and_each_once() -> None:
    dn = "CN={},DC=firma".format
    group = entry("g", ("group",), member=[dn("a"), dn("A"), dn("box"), dn("contact"), "rubbish", dn("g")])
    box = entry(
        "box", msExchRecipientTypeDetails=4, publicDelegates=[dn("a")], msExchDelegateListLink=[dn("g")]
    )
    found = read(group, box, entry("a"), entry("b"))
    assert found["g"].members == (found["a"].key,)
    assert found["box"].delegates == (found["a"].key,)


def test_a_deputy_of_a_person_reads_nothing() -> None:
    found = read(entry("boss", publicDelegates=["CN=a,DC=firma"]), entry("a"))
    assert found["boss"].delegates == ()


def test_hosts_are_read_with_and_without_ports() -> None:
    settings = LdapSettings(
        kind=LdapKind.AD, hosts=("dc1", "dc2:3268", "[::1]", "[::1]:1389", "fe80::1", " dc3 "), user="u",
        password=Secret(b"x"), security="ssl",
    )  # fmt: skip
    assert settings.addresses == (
        ServerAddress(name="dc1", port=636),
        ServerAddress(name="dc2", port=3268),
        ServerAddress(name="::1", port=636),
        ServerAddress(name="::1", port=1389),
        ServerAddress(name="fe80::1", port=636),
        ServerAddress(name="dc3", port=636),
    )
    assert "***" in repr(settings)
