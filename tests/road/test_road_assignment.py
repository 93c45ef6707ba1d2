"""Whose mail it is: quarantine and late addresses, hand-overs, forks, duplicates, imports into an archive."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from amberpost.accounts.people import get_user
from amberpost.clock import now
from amberpost.directory.archives.local import set_addresses
from amberpost.directory.models import Address
from amberpost.road.entries import parse_leaf
from amberpost.road.late import set_plus_addresses
from amberpost.road.models import Assignment, Capture, Message, Outcome, Quarantine
from amberpost.road.quarantine import quarantined
from amberpost.road.reasons import Reason
from tests.corpora import shared
from tests.opened import Opened
from tests.people import ALICE, BOB, letter, report

STORED, DUPLICATE, QUARANTINED = Outcome.STORED, Outcome.DUPLICATE, Outcome.QUARANTINED


def subjects(road: Opened, login: str) -> set[str]:
    return {hit.subject for hit in road.find(login).hits}


def test_quarantined_mail_is_assigned_by_itself_when_a_fitting_address_appears_and_only_that(
    road: Opened,
) -> None:
    for name in ("anna", "bernd"):
        assert road.take(letter(name, to=f"{name}@firma.example")) == [QUARANTINED]
    assert quarantined()[0] == 2
    road.add_user("anna", "anna@firma.example")
    road.process()
    assert subjects(road, "anna") == {"Brief anna"}
    assert quarantined()[0] == 1
    road.add_user("b", "other@firma.example")
    road.give_addresses("b", "BERND@Firma.Example")
    road.process()
    assert subjects(road, "b") == {"Brief bernd"}
    assert quarantined()[0] == 0
    with road.reading() as vault:
        kinds = [parse_leaf(leaf)["t"] for _, leaf in vault.mail.store.leaves()]
    assert kinds.count("ASSIGN") == 2
    assert road.verify() == []


def test_a_late_address_brings_stored_mail_to_a_second_archive_as_well(road: Opened) -> None:
    road.add_user("alice", ALICE.address)
    road.take(letter(1, to=f"{ALICE.address}, bob@firma.example"))
    road.add_user("bob", BOB.address)
    road.process()
    assert subjects(road, "alice") == subjects(road, "bob") == {"Brief 1"}


def test_plus_addresses_are_switched_on_for_mail_that_comes_and_mail_that_is_kept(road: Opened) -> None:
    road.add_user("alice", ALICE.address)
    assert road.take(letter("before", to="alice+shop@firma.example")) == [QUARANTINED]
    set_plus_addresses(True, by="test")
    road.process()
    assert subjects(road, "alice") == {"Brief before"}
    assert road.take(letter("after", to="alice+news@firma.example")) == [STORED]
    assert road.take(letter("late", to="bob+x@firma.example")) == [QUARANTINED]
    road.add_user("bob", BOB.address)
    road.process()
    assert (subjects(road, "alice"), subjects(road, "bob")) == (
        {"Brief before", "Brief after"},
        {"Brief late"},
    )
    set_plus_addresses(False, by="test")
    assert road.take(letter("off", to="alice+shop@firma.example")) == [QUARANTINED]
    assert subjects(road, "alice") == {"Brief before", "Brief after"}
    assert road.verify() == []


def test_quarantine_tells_an_operator_facts_and_no_content(road: Opened) -> None:
    road.take(letter("geheim", to="nobody@x.example", subject="Streng vertraulich"))
    (entry,) = quarantined()[1]
    assert "vertraulich" not in str(entry).lower()
    assert "nobody" not in str(entry)


def test_the_first_holder_owns_from_the_beginning_and_the_next_from_the_hand_over_on(road: Opened) -> None:
    """collecting-mail.md, Decided 2: a new employee never gets the leaver's mail."""
    role = "vertrieb@firma.example"
    road.add_user("leaver", role)
    assert road.take(letter("old", to=role)) == [STORED]
    set_addresses(get_user("leaver").private_archive, [])
    road.add_user("successor")
    road.give_addresses("successor", role)
    road.process()
    assert road.take(letter("new", to=role)) == [STORED]
    assert subjects(road, "leaver") == {"Brief old"}
    assert subjects(road, "successor") == {"Brief new"}
    old = now() - timedelta(days=900)
    road.take(letter("from the past", to=role), received_at=old)
    assert "Brief from the past" in subjects(road, "leaver")
    assert subjects(road, "successor") == {"Brief new"}


def test_imported_mail_goes_by_the_day_it_was_sent(road: Opened) -> None:
    role = "info@firma.example"
    road.add_user("first", role)
    Address.objects.filter(address=role).update(valid_until=datetime(2023, 2, 1, tzinfo=UTC))
    road.add_user("second")
    road.give_addresses("second", role)
    Address.objects.filter(address=role, valid_until=None).update(valid_from=datetime(2023, 2, 1, tzinfo=UTC))
    facts = {"source": road.files}
    road.take(letter("january", to=role, date="Tue, 10 Jan 2023 08:00:00 +0000"), **facts)
    road.take(letter("march", to=role, date="Fri, 10 Mar 2023 08:00:00 +0000"), **facts)
    assert subjects(road, "first") == {"Brief january"}
    assert subjects(road, "second") == {"Brief march"}


def test_an_address_with_a_gap_between_its_holders_leaves_mail_in_quarantine(road: Opened) -> None:
    role = "gap@firma.example"
    road.add_user("first", role)
    Address.objects.filter(address=role).update(valid_until=timezone.now() - timedelta(days=2))
    assert road.take(letter("gap", to=role)) == [QUARANTINED]


def test_an_address_given_back_to_its_first_holder_gives_him_both_times(road: Opened) -> None:
    role = "zurueck@firma.example"
    first = road.add_user("first", role)
    set_addresses(first.private_archive, [])
    second = road.add_user("second")
    road.give_addresses("second", role)
    set_addresses(second.private_archive, [])
    road.give_addresses("first", role)
    assert road.take(letter("again", to=role)) == [STORED]
    assert subjects(road, "first") == {"Brief again"}
    assert subjects(road, "second") == set()


@pytest.mark.parametrize("together", [True, False])
def test_forks_of_one_mail_are_seen_by_the_owners_of_each(together: bool, road: Opened) -> None:
    for person in (ALICE, BOB):
        road.add_user(person.login, *person.addresses)
    first = report(letter("fork"), number=1, recipients=["To: alice@firma.example"])
    changed = letter("fork", fields=["X-Spam-Score: 0"])
    second = report(changed, number=2, recipients=["Bcc: bob@firma.example"])
    for some in ([first, second],) if together else ([first], [second]):
        road.take(*some)
    assert Message.objects.count() == 2
    assert len(set(Message.objects.values_list("fork", flat=True))) == 1
    assert len(road.sees("alice")) == len(road.sees("bob")) == 2
    assert Assignment.objects.filter(reason=Reason.FORK).count() == 2
    assert road.verify() == []


def test_the_same_message_id_with_other_content_is_no_fork(road: Opened) -> None:
    for person in (ALICE, BOB):
        road.add_user(person.login, *person.addresses)
    road.take(report(letter("x", text="Kaufen."), number=1))
    road.take(report(letter("x", text="Verkaufen."), number=2, recipients=["To: bob@firma.example"]))
    assert len(road.sees("alice")) == len(road.sees("bob")) == 1
    assert road.sees("alice") != road.sees("bob")


def test_a_fork_that_frees_the_other_from_quarantine(road: Opened) -> None:
    road.add_user("bob", BOB.address)
    road.take(report(letter("f"), number=1, recipients=["To: nobody@x.example"]))
    assert quarantined()[0] == 1
    changed = letter("f", fields=["X-Spam-Score: 0"])
    road.take(report(changed, number=2, recipients=["To: bob@firma.example"]))
    assert quarantined()[0] == 0
    assert len(road.sees("bob")) == 2


def test_the_same_handing_over_again_is_a_duplicate_and_nothing_less_is(road: Opened) -> None:
    """formats.md section 3: source, bytes, envelope and target archive all equal."""
    alice = road.add_user("alice", *ALICE.addresses)
    raw = letter("same")
    assert road.take(raw, remote="INBOX/1/7") == [STORED]
    assert road.take(raw, remote="INBOX/1/7") == [DUPLICATE]
    assert road.take(raw, remote="INBOX/2/9") == [DUPLICATE]  # a remote id is no reason for anything
    assert road.take(letter("other"), remote="INBOX/1/7") == [STORED]
    assert road.take(raw, source=road.files) == [STORED]  # another source
    assert road.take(raw, source=road.files, target=alice.private_archive_id) == [STORED]
    assert road.take(raw, raw, source=road.files) == [DUPLICATE, DUPLICATE]
    assert Message.objects.count() == 2
    assert Capture.objects.count() == 8
    assert road.find("alice").count == 2
    assert road.verify() == []


def test_twice_the_same_in_one_batch_is_stored_once(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    assert road.take(letter(1), letter(1), letter(1)) == [STORED, DUPLICATE, DUPLICATE]


def test_unassigned_duplicates_count_as_duplicates(road: Opened) -> None:
    assert road.take(letter(1), letter(1)) == [QUARANTINED, DUPLICATE]


def test_an_import_into_an_archive_belongs_there_and_nowhere_else(road: Opened) -> None:
    alice = road.add_user("alice", *ALICE.addresses)
    road.add_user("bob", BOB.address)
    road.take(letter("x", to=BOB.address), source=road.files, target=alice.private_archive_id)
    assert (road.find("alice").count, road.find("bob").count) == (1, 0)
    (assignment,) = Assignment.objects.all()
    assert assignment.reason == Reason.IMPORT


@pytest.mark.parametrize(
    ("mode", "field", "reason"),
    [
        ("x-envelope-to", "X-Envelope-To: <bob@firma.example>", Reason.X_ENVELOPE_TO),
        ("x-original-to", "X-Original-To: bob@firma.example", Reason.X_ORIGINAL_TO),
        ("delivered-to", "Delivered-To: bob@firma.example", Reason.DELIVERED_TO),
        ("custom:x-owner", "X-OWNER: Bob <BOB@firma.example>", Reason.CUSTOM),
        ("custom:envelope-from", "Received: from x (envelope-from <bob@firma.example>) by y", Reason.CUSTOM),
    ],
)
def test_a_chosen_header_field_alone_decides(mode: str, field: str, reason: Reason, road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    road.add_user("bob", BOB.address)
    road.take(letter("field", fields=[field]), letter("missing"), evaluation=mode)
    assert (road.find("alice").count, road.find("bob").count) == (0, 1)
    assert Assignment.objects.get().reason == reason
    assert Message.objects.get(quarantine=Quarantine.NO_ARCHIVE).subject == "Brief missing"


def test_what_waits_is_read_again_with_the_evaluation_it_came_with(road: Opened) -> None:
    fields = ["X-Envelope-To: <bob@firma.example>"]
    road.take(letter("by field", to="x@y.example", fields=fields), evaluation="x-envelope-to")
    road.take(letter("by header", to="x@y.example", fields=fields, sender="a@b.example"), evaluation="header")
    road.add_user("bob", BOB.address)
    road.process()
    assert [hit.subject for hit in road.find("bob").hits] == ["Brief by field"]


def test_the_header_grants_by_each_of_its_fields(road: Opened) -> None:
    people = ("from", "sender", "to", "cc", "bcc", "resent")
    for person in people:
        road.add_user(person, f"{person}@firma.example")
    fields = [f"{name.title()}: {name}@firma.example" for name in ("sender", "cc", "bcc")]
    fields.append("Resent-To: resent@firma.example")
    road.take(letter("all", sender="from@firma.example", to="to@firma.example", fields=fields))
    assert {person: road.find(person).count for person in people} == dict.fromkeys(people, 1)


def test_an_international_domain_is_the_same_in_both_forms(road: Opened) -> None:
    road.add_user("eva", "eva@bücher.example")
    road.take(letter("a", to="eva@xn--bcher-kva.example"), letter("u", to="EVA@BÜCHER.example"))
    assert road.find("eva").count == 2


def test_what_stands_only_in_the_copy_of_one_is_never_seen_by_another(road: Opened) -> None:
    for person in (ALICE, BOB):
        road.add_user(person.login, *person.addresses)
    lines = ["Content-Type: multipart/mixed; boundary=i", "MIME-Version: 1.0"]
    parts = "--i\r\nContent-Type: text/plain\r\n\r\nGuten Tag.\r\n--i--"
    mine = letter("same", fields=lines, text=parts)
    theirs = letter("same", fields=lines, text=f"{parts}\r\nNachsatz nur fuer Bob")
    road.take(report(mine, number=1, recipients=["To: alice@firma.example"]))
    road.take(report(theirs, number=2, recipients=["Bcc: bob@firma.example"]))
    assert len(road.sees("alice")) == len(road.sees("bob")) == 1
    assert road.sees("alice") != road.sees("bob")


@pytest.mark.parametrize(
    "text", [b"Content-Type: text/plain\r\n\r\nHello", b"Content-Type: text/html\r\n\r\n<p>Hello</p>", None]
)
def test_a_report_without_an_envelope_belongs_to_nobody(text: bytes | None, road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    whole = report(letter("inner", to=ALICE.address)).replace(
        b"To: <journal@archive.example>", b"To: alice@firma.example"
    )
    first = whole.index(b"Content-Type: text/plain")
    second = whole.index(b"\r\n--_report_", first)
    without = whole[:first] + (text or b"") + whole[second:]
    road.take(without)
    (waiting,) = quarantined()[1]
    assert waiting.reason == str(Quarantine.NO_ENVELOPE.label)
    assert road.sees("alice") == set()
    set_addresses(road.add_user("late").private_archive, [])
    road.give_addresses("late", "journal@archive.example")
    assert quarantined()[0] == 1, "an address given later changes nothing"
    assert road.verify() == []


@pytest.mark.shared
def test_the_trials_of_copies_and_of_a_report_without_envelope(road: Opened) -> None:
    for person in (ALICE, BOB):
        road.add_user(person.login, *person.addresses)
    for name in ("1-alice", "2-bob"):
        road.take(shared(f"trials/c07-fork-epilogue/{name}.eml").read_bytes())
    assert len(road.sees("alice")) == len(road.sees("bob")) == 1
    assert road.sees("alice") != road.sees("bob")
    assert (road.find("alice", "geheimer").count, road.find("bob", "geheimer").count) == (0, 1)
    (report_file,) = shared("trials/c11-report-without-envelope").iterdir()
    road.take(report_file.read_bytes())
    assert [one.reason for one in quarantined()[1]] == [str(Quarantine.NO_ENVELOPE.label)]
    assert len(road.sees("alice")) == 1
