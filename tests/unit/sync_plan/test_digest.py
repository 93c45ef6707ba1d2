"""A plan's hash: an operator says yes to what he has seen, and to nothing else."""

from dataclasses import replace

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.plan.digest import plan_hash
from amberpost.directory.plan.plan import plan
from amberpost.directory.plan.present import CurrentState, Rules
from tests.directory import person, public

ENTRIES = (
    person("anna"),
    person("bob"),
    public("info", delegates=("ad:anna", "ad:bob")),
    public("all", kind=EntryKind.GROUP, members=("ad:bob", "ad:anna")),
)


def hash_of(*entries: FoundEntry, notes: tuple[str, ...] = ()) -> str:
    return plan_hash(plan(CurrentState(), Found(entries=entries, notes=notes), Rules()))


def test_it_does_not_depend_on_the_order_of_the_directory_or_on_its_hints() -> None:
    assert hash_of(*ENTRIES) == hash_of(*reversed(ENTRIES), notes=("something was left out",))
    turned = replace(ENTRIES[3], members=("ad:anna", "ad:bob"))
    assert hash_of(*ENTRIES) == hash_of(*ENTRIES[:3], turned)


def test_whatever_would_be_changed_changes_it() -> None:
    before = hash_of(*ENTRIES)
    for number, changes in (
        (0, {"name": "Anna Neu"}),
        (0, {"login": "another"}),
        (0, {"addresses": ("anna@firma.example", "chef@firma.example")}),
        (0, {"is_enabled": False}),
        (0, {"key": "ad:made-anew"}),
        (2, {"delegates": ("ad:anna",)}),
        (3, {"members": ("ad:anna",)}),
    ):
        entries = list(ENTRIES)
        entries[number] = replace(entries[number], **changes)  # type: ignore[arg-type]
        assert hash_of(*entries) != before, changes
    assert hash_of(*ENTRIES[:3]) != before
