"""The directory in the background: on schedule, on demand, one run at a time, and sessions that end soon after."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from amberpost.accounts.models import User
from amberpost.accounts.people import get_user
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.daemon.directory import Turns
from amberpost.directory import readers
from amberpost.directory.active import active_directory, get_directory, status_of
from amberpost.directory.configure import store_settings
from amberpost.directory.found import Found, FoundEntry
from amberpost.directory.models import DirectoryRun
from amberpost.errors import DirectoryError, UserError
from amberpost.governance.directory_sync import is_due, request_sync, sync_directory
from amberpost.road.open import open_keys_of
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from tests.directory import found, person
from tests.opened import Opened


class Company:
    """A directory that says what the test wants."""

    def __init__(self, *entries: FoundEntry) -> None:
        self.entries = list(entries)
        self.disabled: set[str] = set()
        self.error: Exception | None = None
        self.readings = 0

    def read(self, _directory: object, _secret_of: object) -> Found:
        self.readings += 1
        if self.error is not None:
            raise self.error
        return found(*self.entries)

    def enabled(self, _directory: object, _secret_of: object, keys: list[str]) -> frozenset[str]:
        if self.error is not None:
            raise self.error
        return frozenset(keys) - self.disabled


@pytest.fixture
def company(opened: Opened, keys: KeyStore, monkeypatch: pytest.MonkeyPatch) -> Company:
    """In use, and its first plan applied."""
    company = Company(person("anna"), person("bob"))
    monkeypatch.setitem(readers.READERS, "ad", company.read)
    monkeypatch.setitem(readers.WATCHERS, "ad", company.enabled)
    directory = get_directory("ad")
    directory.settings = {"hosts": ["dc1"], "user": "reader"}
    store_settings(directory, {"password": "word"}, keys.seal_setting, by="otto", fields=())
    return company


@pytest.fixture
def keys(opened: Opened) -> Iterator[KeyStore]:
    found = open_keys_of(opened.config)
    yield found
    found.close()


@pytest.fixture
def turns(opened: Opened, keys: KeyStore) -> Turns:
    return Turns(LocalDisk(opened.config.data), keys)


def sync(opened: Opened, keys: KeyStore) -> DirectoryRun:
    return sync_directory(LocalDisk(opened.config.data), keys, by="otto").run


def outcomes() -> list[str]:
    return list(DirectoryRun.objects.order_by("id").values_list("outcome", flat=True))


def test_the_first_plan_waits_for_a_person_and_later_ones_do_not(
    opened: Opened, keys: KeyStore, company: Company, turns: Turns
) -> None:
    turns.read_if_due()
    assert (outcomes(), User.objects.count()) == (["waiting"], 0)
    turns.read_if_due()
    assert company.readings == 1  # not again before its time
    sync(opened, keys)
    company.entries.append(person("carl"))
    make_due()
    turns.read_if_due()
    assert outcomes() == ["waiting", "applied", "applied"]
    assert AuditEvent.objects.filter(action="directory:synced", actor="directory").count() == 1


def make_due() -> None:
    status = status_of(active_directory())
    status.next_attempt_at = now() - timedelta(seconds=1)
    status.save()


def test_the_interval_decides_and_an_operator_may_ask_sooner(
    opened: Opened, keys: KeyStore, company: Company
) -> None:
    sync(opened, keys)
    assert not is_due(now() + timedelta(minutes=59))
    assert is_due(now() + timedelta(minutes=61))
    request_sync(active_directory())
    assert is_due(now())
    sync(opened, keys)
    assert not is_due(now())


def test_a_failure_changes_nothing_is_noted_and_tried_again_soon(
    opened: Opened, keys: KeyStore, company: Company, turns: Turns
) -> None:
    sync(opened, keys)
    company.entries, company.error = [], DirectoryError("server_timeout", subject="dc1")
    make_due()
    turns.read_if_due()
    status = status_of(active_directory())
    assert (status.failures, status.last_error) == (1, {"code": "server_timeout", "subject": "dc1"})
    assert User.objects.filter(is_active=True).count() == 2
    assert is_due(now() + timedelta(minutes=5))
    company.error = DirectoryError("login_refused", permanent=True)
    make_due()
    turns.read_if_due()
    assert not is_due(now() + timedelta(minutes=59))  # asked too often, the account would be locked


def test_a_fault_of_ours_is_noted_and_does_not_stop_the_process(company: Company, turns: Turns) -> None:
    company.error = ZeroDivisionError("oops")
    turns.read_if_due()
    assert outcomes() == ["failed"]
    assert "ZeroDivisionError" in str(status_of(active_directory()).last_error)


def test_two_runs_never_meet(
    opened: Opened, keys: KeyStore, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(_directory: object, _secret_of: object) -> Found:
        reading.set()
        assert go_on.wait(60)
        raise DirectoryError("connection_lost")

    monkeypatch.setitem(readers.READERS, "ad", slow)
    first = threading.Thread(target=sync, args=(opened, keys))
    first.start()
    try:
        assert reading.wait(60)
        with pytest.raises(UserError, match="being read at this moment"):
            sync(opened, keys)
    finally:
        go_on.set()
        first.join()
    assert outcomes() == ["failed"]


def test_whom_the_directory_disables_loses_his_session_within_a_minute(
    opened: Opened, keys: KeyStore, company: Company, turns: Turns
) -> None:
    sync(opened, keys)
    anna, bob = opened.browser("anna"), opened.browser("bob")
    turns.watch_if_due()
    assert anna.get("/search/").status_code == bob.get("/search/").status_code == 200
    company.disabled = {str(get_user("anna").directory_key)}
    company.entries[0] = person("anna", is_enabled=False)
    turns.watch_at = now()
    turns.watch_if_due()
    assert anna.get("/search/").status_code == 302
    assert bob.get("/search/").status_code == 200
    assert AuditEvent.objects.filter(action="user:sessions_ended", target="anna").count() == 1
    turns.read_if_due()  # it has asked for a run, which disables her
    assert not get_user("anna").is_active


def test_a_directory_that_does_not_answer_ends_nobodys_session(
    opened: Opened, keys: KeyStore, company: Company, turns: Turns
) -> None:
    sync(opened, keys)
    anna = opened.browser("anna")
    company.error = DirectoryError("server_timeout")
    turns.watch_at = now()
    turns.watch_if_due()
    assert anna.get("/search/").status_code == 200


def test_who_leaves_with_a_plan_loses_his_session_at_once(
    opened: Opened, keys: KeyStore, company: Company
) -> None:
    sync(opened, keys)
    anna = opened.browser("anna")
    assert anna.get("/search/").status_code == 200
    del company.entries[0]
    sync(opened, keys)
    assert anna.get("/search/").status_code == 302


def test_the_local_list_is_never_read(opened: Opened, keys: KeyStore, turns: Turns) -> None:
    turns.read_if_due()
    assert not is_due(now())
    with pytest.raises(UserError, match="local list"):
        sync(opened, keys)
    assert outcomes() == []
