"""The worker dies between two steps of a batch (formats.md section 4), or anywhere else on the road.

Afterwards: nothing lost, nothing sealed twice, every message catalogued and findable, and no finding.
"""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amberpost.road import indexing, late, process, seal
from amberpost.road import open as opening
from amberpost.road.entries import parse_leaf
from amberpost.road.models import Capture, Message
from amberpost.road.open import LogPair
from amberpost.search.local import TantivyIndex
from amberpost.store.disk import LocalDisk
from amberpost.store.drain import IntakeReader
from amberpost.store.store import Store
from tests.opened import Opened
from tests.people import ALICE, BOB, letter, report
from tests.road.sample import generated
from tests.road.test_road_bytes import assert_findable, digest

# step -> where it begins and where it ends. "before" dies as the function is entered, "after" when it has returned.
STEPS: dict[str, tuple[Any, str, str]] = {
    "before the keys are committed": (Store, "_commit_keys", "before"),
    "keys committed, nothing written": (Store, "_commit_keys", "after"),
    "segment written, not synced": (LocalDisk, "sync_of_a_segment", "before"),
    "segment synced, nobody knows": (Store, "_write", "after"),
    "segment synced, durable mark not noted": (Store, "_note_durable", "before"),
    "ledger has not the leaves": (seal, "append", "after"),
    "sealed, not catalogued": (process, "catalogue", "before"),
    "catalogue made, not committed": (process, "catalogue", "after"),
    "catalogued, intake not released": (IntakeReader, "release", "before"),
    "intake released, not indexed": (IntakeReader, "release", "after"),
    "indexed, index not committed": (indexing.Indexer, "commit", "before"),
    "index written, its commit not begun": (TantivyIndex, "commit", "before"),
    "index committed, position not moved": (indexing, "set_position", "before"),
    "before the checkpoint": (LogPair, "publish", "before"),
    "after the checkpoint": (LogPair, "publish", "after"),
}


def break_at(step: str, count: int) -> None:
    """Die at the `count`-th time a step is reached."""
    place, name, when = STEPS[step]
    if name == "sync_of_a_segment":
        _break_sync(count)
        return
    real, seen = getattr(place, name), Counter[str]()

    def dies(*args: Any, **kwargs: Any) -> Any:
        seen[name] += 1
        if when == "before" and seen[name] == count:
            os._exit(9)
        result = real(*args, **kwargs)
        if when == "after" and seen[name] == count:
            os._exit(9)
        return result

    setattr(place, name, dies)


def _break_sync(count: int) -> None:
    """The bytes are in the page cache and in no promise."""
    from amberpost.store.disk import LocalAppendFile

    real, seen = LocalAppendFile.sync, Counter[str]()

    def dies(self: LocalAppendFile) -> None:
        if "mail/segments" in self._path and self.size:
            seen["sync"] += 1
            if seen["sync"] == count:
                os._exit(9)
        real(self)

    LocalAppendFile.sync = dies  # type: ignore[method-assign]


def process_and_die(opened: Opened, step: str, count: str) -> None:
    break_at(step, int(count))
    opened.process()


def messages(tag: str) -> list[bytes]:
    inner = letter(f"inner {tag}")
    return [
        *generated(30, tag),
        letter(f"{tag} one"),
        report(inner, number=f"{tag}1"),
        report(inner, number=f"{tag}2", recipients=["Bcc: bob@firma.example"]),
        letter(f"{tag} nobody", to="nobody@x.example"),
    ]


def hand_over(opened: Opened, given: list[bytes], first: int) -> None:
    opened.accept(opened.incoming(raw, remote=f"INBOX/1/{n}") for n, raw in enumerate(given, start=first))


def assert_all_there_once(opened: Opened, given: list[bytes], folder: Path) -> None:
    with opened.reading() as vault:
        kinds = Counter(parse_leaf(leaf)["t"] for _, leaf in vault.mail.store.leaves())
    assert kinds["ARCHIVE"] == len(set(given)), kinds  # each handing-over sealed once
    assert Capture.objects.count() == len(given)
    exported = opened.export(folder, "capture")
    assert sorted(map(digest, exported.values())) == sorted(map(digest, set(given)))
    assert_findable(opened)


def prepare(opened: Opened) -> list[bytes]:
    """One batch is archived, another is accepted."""
    opened.add_user("alice", *ALICE.addresses)
    opened.add_user("bob", BOB.address)
    first, second = messages("first"), messages("second")
    hand_over(opened, first, 1)
    opened.process()
    hand_over(opened, second, 1000)
    return first + second


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_this_step_loses_nothing_and_seals_nothing_twice(
    step: str, opened: Opened, tmp_path: Path
) -> None:
    given = prepare(opened)
    opened.dies_in("tests.road.test_road_steps:process_and_die", step, 1)
    assert serious(opened) == []
    opened.process()
    assert_all_there_once(opened, given, tmp_path / "out")
    assert opened.verify() == []


def serious(opened: Opened) -> list[str]:
    """Findings of a check that comes before any recovery: only what is derived may lag behind."""
    return [f.kind for f in opened.verify() if f.kind not in {"catalogue_behind"}]


@pytest.mark.parametrize("step", ["segment synced, nobody knows", "sealed, not catalogued"])
@pytest.mark.server
def test_a_crash_is_healed_on_postgresql_as_well(step: str, new_on_postgres: Any, tmp_path: Path) -> None:
    opened = new_on_postgres()
    given = prepare(opened)
    opened.dies_in("tests.road.test_road_steps:process_and_die", step, 1)
    opened.process()
    assert_all_there_once(opened, given, tmp_path / "out")
    assert opened.verify() == []


def test_crashes_at_one_step_after_the_other_lose_nothing(opened: Opened, tmp_path: Path) -> None:
    """Every worker dies, each further on the road than the one before; the last one is left in peace."""
    given = prepare(opened)
    for step in STEPS:
        opened.dies_in("tests.road.test_road_steps:process_and_die", step, 1)
        more = messages(step)
        hand_over(opened, more, 10_000 + len(given))
        given += more
    opened.process()
    assert_all_there_once(opened, given, tmp_path / "out")
    assert opened.verify() == []


def assign_and_die(opened: Opened, when: str) -> None:
    real: Callable[..., Any] = late.append

    def dies(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            os._exit(9)
        real(*args, **kwargs)
        os._exit(9)

    late.append = dies
    opened.process()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_in_a_late_assignment_assigns_once(
    when: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.add_user("alice", ALICE.address)
    opened.take(letter(1, to="late@firma.example"), letter(2, to="other@firma.example"))
    opened.give_addresses("alice", "late@firma.example")
    opened.dies_in("tests.road.test_road_steps:assign_and_die", when)
    monkeypatch.setattr("amberpost.daemon.jobs.CLAIM_EXPIRES", -__import__("datetime").timedelta(days=1))
    opened.process()
    assert len(opened.sees("alice")) == 1
    assert opened.verify() == []
    rows = sum(
        Message.objects.get(id=i).assignments.count() for i in Message.objects.values_list("id", flat=True)
    )
    assert rows == 1


def test_orphans_of_a_crash_are_collected_and_never_a_finding(opened: Opened) -> None:
    prepare(opened)
    opened.dies_in("tests.road.test_road_steps:process_and_die", "keys committed, nothing written", 1)
    assert serious(opened) == []
    opened.process()
    with opening.open_writer_vault(opened.config) as vault:
        vault.mail.store.collect_orphans()
    assert opened.verify() == []
