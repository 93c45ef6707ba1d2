"""What mail proves about the set-up of its source."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amberpost.clock import now
from amberpost.health import evidence
from amberpost.health.evidence import Evidence, direction, evidence_of, note_evidence
from amberpost.road.models import Message
from amberpost.sources.models import OwnDomain, Source, SourceStatus
from tests.opened import Opened
from tests.people import ALICE, BOB, letter, report

OWN = frozenset({"firma.example", "firma.test"})
OUTSIDE = "kunde@customer.example"


@pytest.mark.parametrize(
    ("senders", "recipients", "expected"),
    [
        (["kunde@customer.example"], ["alice@firma.example"], Evidence.INCOMING),
        (["kunde@customer.example"], ["alice@firma.example", "x@customer.example"], Evidence.INCOMING),
        (["alice@firma.example"], ["kunde@customer.example"], Evidence.OUTGOING),
        (["alice@firma.example"], ["bob@firma.example", "kunde@customer.example"], Evidence.OUTGOING),
        (["alice@firma.example"], ["bob@firma.test"], Evidence.INTERNAL),
        (["alice@sub.firma.example"], ["bob@firma.example"], Evidence.INCOMING),
        (["alice@firma.example"], [], None),
        ([], ["alice@firma.example"], None),
    ],
)
def test_the_own_domains_tell_the_direction(
    senders: list[str], recipients: list[str], expected: Evidence | None
) -> None:
    assert direction(senders, recipients, OWN) == expected
    assert direction(senders, recipients, frozenset()) is None


def source_of(opened: Opened) -> Source:
    return Source.objects.get(pk=opened.mailbox)


def seen(opened: Opened) -> set[Evidence]:
    note_evidence(source_of(opened))
    return set(evidence_of(source_of(opened)))


def with_domain(opened: Opened) -> None:
    opened.add_user(ALICE.login, *ALICE.addresses)
    OwnDomain.objects.create(name="firma.example")


def test_each_kind_of_report_ticks_its_own_line(opened: Opened) -> None:
    with_domain(opened)
    assert seen(opened) == set()
    opened.take(letter(1))
    assert seen(opened) == {Evidence.INCOMING}
    opened.take(report(letter(2)))
    reports = {Evidence.INCOMING, Evidence.JOURNAL_REPORT, Evidence.LAST_REPORT}
    assert seen(opened) == reports
    opened.take(report(letter(3, sender=ALICE.address), sender=ALICE.address, recipients=[f"To: {OUTSIDE}"]))
    assert seen(opened) == reports | {Evidence.OUTGOING}
    opened.take(
        report(letter(4, sender=ALICE.address), sender=ALICE.address, recipients=[f"To: {BOB.address}"])
    )
    assert seen(opened) == reports | {Evidence.OUTGOING, Evidence.INTERNAL}
    opened.take(report(letter(5), recipients=["To: alice@firma.example", "Bcc: bob@firma.example"]))
    assert seen(opened) == reports | {Evidence.OUTGOING, Evidence.INTERNAL, Evidence.BCC}


def test_without_own_domains_no_direction_is_claimed(opened: Opened) -> None:
    opened.take(report(letter(1)))
    assert seen(opened) == {Evidence.JOURNAL_REPORT, Evidence.LAST_REPORT}


def test_mail_of_another_source_proves_nothing(opened: Opened) -> None:
    opened.take(report(letter(1)), source=opened.files)
    assert seen(opened) == set()


def test_what_was_seen_once_stays_and_the_newest_report_moves_on(opened: Opened) -> None:
    with_domain(opened)
    opened.take(report(letter(1)))
    seen(opened)
    before: datetime = evidence_of(source_of(opened))[Evidence.JOURNAL_REPORT]
    opened.take(report(letter(2)))
    seen(opened)
    after = evidence_of(source_of(opened))
    assert after[Evidence.JOURNAL_REPORT] == before
    assert before < after[Evidence.LAST_REPORT] <= now()


def test_evidence_that_fell_out_of_the_window_is_remembered(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_domain(opened)
    opened.take(report(letter(1)))
    seen(opened)
    monkeypatch.setattr(evidence, "WINDOW", 2)  # a bound that a test reaches
    opened.take(*(letter(number) for number in range(10, 15)))
    assert Evidence.JOURNAL_REPORT in seen(opened)
    SourceStatus.objects.update(evidence={})
    assert seen(opened) == {Evidence.INCOMING}


def test_a_look_reads_no_more_than_its_window(opened: Opened) -> None:
    opened.take(*(letter(number) for number in range(30)))
    with CaptureQueriesContext(
        connection,
    ) as few:
        note_evidence(source_of(opened))
    parties = [query["sql"] for query in few if "road_party" in query["sql"]]
    assert len(parties) == 1
    assert f"LIMIT {evidence.WINDOW}" in parties[0]


def test_an_unknown_name_in_the_row_is_ignored(opened: Opened) -> None:
    SourceStatus.objects.update_or_create(
        source=source_of(opened), defaults={"evidence": {"from_the_future": now().isoformat()}}
    )
    assert evidence_of(source_of(opened)) == {}


def test_the_own_domains_never_decide_whether_mail_is_kept(opened: Opened) -> None:
    opened.add_user("anna", "anna@elsewhere.example")
    with_domain(opened)
    opened.take(
        letter(1, to="anna@elsewhere.example", sender=OUTSIDE), letter(2, to="x@y.example", sender=OUTSIDE)
    )
    assert (opened.find("anna").count, Message.objects.count()) == (1, 2)
