"""Jobs are done once, remembered for a while, and then forgotten."""

from datetime import timedelta

from amberpost.clock import now
from amberpost.daemon.jobs import KEPT, do_next_job
from amberpost.health.verified import note_verified, read_verified
from amberpost.health.verify import Verification
from amberpost.road.late import request_assignment
from amberpost.road.models import Work, WorkKind
from amberpost.road.open import open_writer_vault
from amberpost.road.pool import Pool
from amberpost.store.disk import LocalDisk
from tests.opened import Opened

DAY = timedelta(days=1)


def ended(kind: WorkKind, age: timedelta) -> Work:
    return Work.objects.create(kind=kind, claimed_at=now() - age, finished_at=now() - age)


def do_a_job(opened: Opened, *, may_seal: bool = True) -> Work:
    """`may_seal`: the clock is believed."""
    if may_seal:
        request_assignment(["a@firma.example"], "test")
    else:
        Work.objects.create(kind=WorkKind.REINDEX)
    job: Work = Work.objects.latest("id")
    with open_writer_vault(opened.config) as vault:
        pool = Pool(opened.config.pool, vault.dedup_key)
        assert do_next_job(vault, pool, may_seal=may_seal)
        pool.close()
    return job


def test_jobs_are_forgotten_ninety_days_after_their_end_and_a_verification_stays_noted(
    opened: Opened,
) -> None:
    last = ended(WorkKind.VERIFY, KEPT + 5 * DAY)
    note_verified(LocalDisk(opened.config.data), "quick", by="test", report=Verification())
    old, young = ended(WorkKind.ASSIGN, KEPT + DAY), ended(WorkKind.ASSIGN, KEPT - DAY)
    job = do_a_job(opened)
    assert {*Work.objects.all()} == {young, job}
    assert old not in Work.objects.all()
    assert last not in Work.objects.all()
    assert [run.by for run in read_verified(LocalDisk(opened.config.data))] == ["test"]


def test_a_clock_that_is_not_believed_forgets_nothing(opened: Opened) -> None:
    old = ended(WorkKind.ASSIGN, KEPT + DAY)
    do_a_job(opened, may_seal=False)
    assert old in Work.objects.all()
