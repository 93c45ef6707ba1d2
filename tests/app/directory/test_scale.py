"""A large company in one reading: 10,000 people, 2,000 groups in each other, paged at 500."""

import json
import os
import random  # seeded: the same company in every run
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.servers import openldap
from tests.servers.ldif import LdifEntry
from tests.servers.openldap import AD_LIKE, OpenLdap

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]

SUFFIX = "DC=gross,DC=example"


def large_company(people: int, groups: int) -> tuple[list[LdifEntry], dict[str, set[str]]]:
    """The entries, and for each group its members as a slow and simple walk finds them."""
    chance = random.Random(11)
    entries, names = [], [f"Müller\\, Person {number}" for number in range(people)]
    for number, name in enumerate(names):
        mail = f"person{number}@gross.example"
        entry = LdifEntry(f"CN={name},OU=Abteilung {number % 40},OU=Leute,{SUFFIX}").add(
            "objectClass", "user"
        )
        entry.add("cn", name.replace("\\", "")).add("sAMAccountName", f"p{number}").add(
            "userAccountControl", 512
        )
        entry.add("userPrincipalName", mail).add("mail", mail).add("msExchRecipientTypeDetails", 1)
        entry.add(
            "proxyAddresses", f"SMTP:{mail}", f"smtp:p{number}@alt.example", f"X500:/o=Gross/cn=p{number}"
        )
        entry.add("objectGUID", uuid.uuid5(uuid.NAMESPACE_DNS, mail).bytes_le)
        entries.append(entry)
    direct: dict[str, tuple[set[str], set[str]]] = {}
    for number in range(groups):
        label = f"gruppe{number}"
        # Mostly downward, as companies nest them; one in fifty points back, so there are circles
        below = range(number) if number % 50 else range(groups)
        nested = {f"gruppe{chance.choice(below)}" for _ in range(chance.randrange(3))} if number else set()
        own = {f"person{chance.randrange(people)}@gross.example" for _ in range(chance.randrange(40))}
        direct[label] = (own, nested)
    for label, (own, nested) in direct.items():
        mail = f"{label}@gross.example"
        entry = LdifEntry(f"CN={label},OU=Gruppen,{SUFFIX}").add("objectClass", "group").add("cn", label)
        entry.add("mail", mail).add("proxyAddresses", f"SMTP:{mail}")
        entry.add("objectGUID", uuid.uuid5(uuid.NAMESPACE_DNS, mail).bytes_le)
        numbers = (int(one.partition("@")[0].removeprefix("person")) for one in own)
        entry.add("member", *(entries[number].dn for number in numbers))
        entry.add("member", *(f"CN={one},OU=Gruppen,{SUFFIX}" for one in nested))
        entries.append(entry)
    return entries, {label: _closure(label, direct) for label in direct}


def _closure(label: str, direct: dict[str, tuple[set[str], set[str]]]) -> set[str]:
    reached, size = {label}, 0
    while len(reached) != size:
        size = len(reached)
        reached |= {below for one in reached for below in direct[one][1]}
    return {person for one in reached for person in direct[one][0]}


def measure(people: int, groups: int) -> dict[str, float]:
    entries, members = large_company(people, groups)
    with OpenLdap(SUFFIX, entries, schema=AD_LIKE) as server:
        ca = server.folder / "ca.pem"
        ca.write_text(server.ca_pem)
        command = [sys.executable, "-m", "tests.app.directory.measure", f"localhost:{server.port}"]
        done = subprocess.run(
            [*command, server.reader, server.password, str(ca)],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "AMBERPOST_DATA": str(server.folder)},
        )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, float] = json.loads(done.stdout)
    assert result["people"] == people
    assert result["groups"] == groups
    assert result["memberships"] == sum(map(len, members.values()))
    assert result["largest"] == max(map(len, members.values()))
    print(f"\nread {people} people and {groups} groups: {done.stdout.strip()}")
    return result


def test_500_people_and_100_nested_groups_are_read_in_one_go() -> None:
    assert measure(500, 100)["peak_mib"] < 200


@pytest.mark.long
def test_10000_people_and_2000_nested_groups_are_read_in_one_go() -> None:
    result = measure(10_000, 2_000)
    assert result["peak_mib"] < 400
    assert result["cpu_seconds"] < 60
