"""A large company through one whole run: read, planned, carried out; and a second run that changes nothing."""

import json
from pathlib import Path

import pytest
from benchmarks.child import Cost, run

from tests.app.directory.test_scale import SUFFIX, large_company
from tests.archive import environment
from tests.opened import Opened
from tests.road.test_directory_commands import fields
from tests.servers import openldap
from tests.servers.openldap import AD_LIKE, OpenLdap

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]


def command(opened: Opened, *words: str) -> tuple[Cost, dict[str, object]]:
    cost = run(opened.commands.line("directory", *words, "--json"), env=environment(opened.commands.settings))
    return cost, json.loads(cost.output)


@pytest.mark.parametrize(
    ("people", "groups"), [(300, 60), pytest.param(10_000, 2_000, marks=pytest.mark.long)]
)
def test_a_large_company_becomes_archives_in_one_run(
    opened: Opened, tmp_path: Path, people: int, groups: int
) -> None:
    entries, _members = large_company(people, groups)
    with OpenLdap(SUFFIX, entries, schema=AD_LIKE) as server:
        opened.commands.json("directory", "set", "--kind", "ad", *fields(server, tmp_path))
        first, done = command(opened, "sync")
        second, again = command(opened, "sync")
    assert (done["outcome"], done["came"]) == ("applied", people + groups)
    assert again["outcome"] == "unchanged"
    for name, cost in (("first", first), ("second", second)):
        print(
            f"{name} run, {people} people, {groups} groups: {cost.seconds:.1f} s, "
            f"{cost.cpu_seconds:.1f} s of CPU, {cost.peaks[0] / 2**20:.0f} MiB"
        )
