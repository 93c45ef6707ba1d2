"""Jobs are done once, remembered for a while, and then forgotten."""

from datetime import timedelta

from amberpost.clock import now
from amberpost.daemon.jobs import KEPT, do_next_job
from amberpost.vault.facts import last_verify
from amberpost.vault.late import request_assignment
from amberpost.vault.models import Work, WorkKind
from amberpost.vault.open import open_writer_vault
from amberpost.vault.pool import Pool
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


def test_jobs_are_forgotten_ninety_days_after_their_end_but_for_the_last_verification(opened: Opened) -> None:
    earlier, last = ended(WorkKind.VERIFY, KEPT + 9 * DAY), ended(WorkKind.VERIFY, KEPT + 5 * DAY)
    old, young = ended(WorkKind.ASSIGN, KEPT + DAY), ended(WorkKind.ASSIGN, KEPT - DAY)
    job = do_a_job(opened)
    assert {*Work.objects.all()} == {last, young, job}
    assert last_verify() == last
    assert earlier not in Work.objects.all()
    assert old not in Work.objects.all()


def test_a_clock_that_is_not_believed_forgets_nothing(opened: Opened) -> None:
    old = ended(WorkKind.ASSIGN, KEPT + DAY)
    do_a_job(opened, may_seal=False)
    assert old in Work.objects.all()
