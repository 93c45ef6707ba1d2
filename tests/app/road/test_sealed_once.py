"""What people did and decided is sealed once, wherever a worker dies, and comes back as often as it was done."""

import json
import os
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.governance import deeds as decisions
from amberpost.governance.deeds import find_last_snapshot, follow_audit_log, seal_events, seal_state
from amberpost.road.entries import parse_header, parse_leaf
from amberpost.road.open import open_writer_vault
from amberpost.store.disk import LocalDisk
from amberpost.store.store import Store
from tests.opened import Opened

# Where a worker dies: the function that is entered, or has returned, for the n-th time.
STEPS: dict[str, tuple[Any, str, str]] = {
    "before the keys are committed": (Store, "_commit_keys", "before"),
    "keys committed, nothing written": (Store, "_commit_keys", "after"),
    "segment synced, ledger without the leaf": (Store, "_note_durable", "before"),
    "sealed, rows not marked": (decisions, "append", "after"),
    "rows marked, position not moved": (decisions, "_follow", "after"),
}
NEW_NAME = "renamed"


def sealed(opened: Opened, kind: str) -> list[dict[str, Any]]:
    """The headers of the audit log's entries of one kind."""
    with opened.reading() as vault:
        found = [vault.audit.store.read_header(index) for index in range(vault.audit.store.next_index)]
    return [parse_header(header) for leaf, header in found if parse_leaf(leaf)["t"] == kind]


def deeds(opened: Opened) -> list[str]:
    return [
        fields["event"]["target"] for fields in sealed(opened, "EVENT") if fields["event"]["actor"] == "me"
    ]


def do_and_die(opened: Opened, step: str) -> None:
    """Two deeds and a decision wait; the worker dies while it seals them."""
    place, name, when = STEPS[step]
    real = getattr(place, name)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        os._exit(9)

    record("me", Action.SEARCH_MADE, "one")
    record("me", Action.SEARCH_MADE, "two")
    setattr(place, name, dies)
    with open_writer_vault(opened.config) as vault:
        seal_events(vault)


def decide_and_die(opened: Opened, step: str) -> None:
    place, name, when = STEPS[step]
    real = getattr(place, name)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        os._exit(9)

    opened.add_user(NEW_NAME)
    with open_writer_vault(opened.config) as vault:
        while seal_events(vault):
            pass
        setattr(place, name, dies)
        seal_state(vault)


@pytest.mark.parametrize("step", STEPS)
def test_two_deeds_are_two_entries_and_two_rows_wherever_the_worker_dies(step: str, opened: Opened) -> None:
    opened.dies_in("tests.app.road.test_sealed_once:do_and_die", step)
    opened.process()
    assert deeds(opened) == ["one", "two"]
    assert_one_row_a_deed(opened)
    assert opened.verify() == []


@pytest.mark.parametrize("step", ["segment synced, ledger without the leaf", "sealed, rows not marked"])
def test_a_rebuild_after_such_a_death_makes_as_many_rows_as_there_were_deeds(
    step: str, opened: Opened
) -> None:
    """Also where the rows that wait to be sealed are still there: the audit log knows them already."""
    opened.dies_in("tests.app.road.test_sealed_once:do_and_die", step)
    opened.rebuild()
    opened.process()
    assert deeds(opened) == ["one", "two"]
    assert_one_row_a_deed(opened)


@pytest.mark.parametrize("step", STEPS)
def test_a_decision_is_sealed_once_wherever_the_worker_dies(step: str, opened: Opened) -> None:
    before = len(sealed(opened, "CONFIG"))
    opened.dies_in("tests.app.road.test_sealed_once:decide_and_die", step)
    for _ in range(2):
        opened.process()
    assert len(sealed(opened, "CONFIG")) == before + 1
    with opened.reading() as vault:
        snapshot = find_last_snapshot(vault)
    assert snapshot is not None
    assert NEW_NAME in [user["login"] for user in snapshot["accounts.User"]]


def test_a_decision_taken_back_after_such_a_death_is_sealed_as_taken_back(opened: Opened) -> None:
    """The state is again what the database remembers as sealed last, and not what the log has last."""
    user = opened.add_user("bob")
    opened.process()
    opened.dies_in("tests.app.road.test_sealed_once:rename_and_die")
    type(user).objects.filter(pk=user.pk).update(name="bob")
    opened.process()
    with opened.reading() as vault:
        snapshot = find_last_snapshot(vault)
    assert snapshot is not None
    assert [row["name"] for row in snapshot["accounts.User"] if row["login"] == "bob"] == ["bob"]


def rename_and_die(opened: Opened) -> None:
    from amberpost.accounts.models import User

    User.objects.filter(login="bob").update(name=NEW_NAME)
    real = decisions.append

    def dies(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        os._exit(9)

    decisions.append = dies  # type: ignore[assignment]
    with open_writer_vault(opened.config) as vault:
        seal_state(vault)


def take_over_and_die(opened: Opened, when: str) -> None:
    """What lay in the reserve is taken over; the worker dies around the moment that empties the reserve."""
    real = LocalDisk.overwrite

    def dies(*args: Any) -> None:
        if when == "after":
            real(*args)
        os._exit(9)

    LocalDisk.overwrite = dies  # type: ignore[method-assign]
    with open_writer_vault(opened.config) as vault:
        seal_events(vault)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_lay_in_the_reserve_is_taken_over_once(when: str, opened: Opened) -> None:
    opened.process()
    with opened.reading() as vault:
        for name in ("one", "two"):
            event = AuditEvent(at=now(), actor="me", action=Action.SEARCH_MADE, target=name)
            vault.reserve.append(json.dumps(event.as_fields()).encode())
    opened.dies_in("tests.app.road.test_sealed_once:take_over_and_die", when)
    for _ in range(2):
        opened.process()
    assert deeds(opened) == ["one", "two"]
    assert_one_row_a_deed(opened)
    with opened.reading() as vault:
        assert vault.reserve.is_empty()


def test_the_store_takes_an_event_once_though_somebody_hands_it_over_twice(opened: Opened) -> None:
    record("me", Action.SEARCH_MADE, "one")
    opened.process()
    AuditEvent.objects.filter(actor="me").update(entry=None)  # a database from before the sealing
    decisions.set_position("audit", 0)
    opened.process()
    assert deeds(opened) == ["one"]
    assert_one_row_a_deed(opened)


def test_events_that_were_sealed_without_an_id_come_back_once(opened: Opened) -> None:
    """As the first archives have them."""
    with open_writer_vault(opened.config) as vault:
        event = {
            "at": "2026-01-01T00:00:00+00:00",
            "actor": "me",
            "action": "search:made",
            "target": "old",
            "detail": {},
        }
        at = decisions.sealing_time(vault.audit)
        leaf = {"v": 1, "t": "EVENT", "ts": int(at.timestamp() * 1000)}
        from amberpost.road.entries import _with_hash

        decisions.append(vault.audit, [(_with_hash(leaf, {"event": event, "salt": "00"}), None)], at=at)
        follow_audit_log(vault)
    opened.rebuild()
    assert AuditEvent.objects.filter(actor="me", target="old").count() == 1


def assert_one_row_a_deed(opened: Opened) -> None:
    rows = Counter(AuditEvent.objects.filter(actor="me").values_list("target", flat=True))
    assert set(rows.values()) == {1}, rows
    assert not AuditEvent.objects.filter(entry=None).exists(), "every row is sealed"
    assert AuditEvent.objects.count() == len(sealed(opened, "EVENT"))
    connections.close_all()
