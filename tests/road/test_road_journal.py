"""Journal reports through the whole road: the examples of the reference and our own equivalents."""

import hashlib
from collections import defaultdict
from pathlib import Path

import pytest

from amberpost.accounts.people import get_user
from amberpost.reading.read import open_message
from amberpost.road.models import Assignment, Capture, Message, Outcome, Party, Quarantine
from amberpost.road.reasons import Reason
from tests.corpora import shared
from tests.opened import Opened
from tests.people import ALICE, BOB, CHARLIE, letter, report

PEOPLE = (
    "vorzimmer", "anna.berg", "max.muster", "controlling", "chef", "steuer", "info", "vertretung", "urlaub", "gf1",
    "gf", "hr",
)  # fmt: skip


def take_examples(road: Opened, *names: str) -> None:
    for person in PEOPLE:
        domain = "kanzlei.example" if person == "steuer" else "anyideas.example"
        road.add_user(person, f"{person}@{domain}")
    files = [
        path for name in names for path in sorted(shared("reference/journal-examples").glob(f"{name}*.eml"))
    ]
    assert len(files) == len(names)
    road.take(*(path.read_bytes() for path in files))


def owners(road: Opened) -> set[str]:
    return {person for person in PEOPLE if road.find(person).count}


def reasons(message: Message) -> dict[str, set[Reason]]:
    """Address as the report names it -> reasons."""
    found: dict[str, set[Reason]] = defaultdict(set)
    captures = message.captures.values_list("index", flat=True)
    rows = Party.objects.filter(capture_index__in=list(captures)).values_list("address__address", "reason")
    for address, reason in rows:
        found[address].add(Reason(reason))
    return dict(found)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b">From journal@archive.example\r\n"])
def test_a_report_with_something_before_its_header_belongs_to_its_recipients(
    road: Opened, before: bytes, tmp_path: Path
) -> None:
    for person in (ALICE, BOB, CHARLIE):
        road.add_user(person.login, person.address)
    raw = before + report(
        letter(1, text="Bomtreffer"), recipients=(f"To: {ALICE.address}", f"Bcc: {BOB.address}")
    )
    road.take(raw)
    counts = {person.login: road.find(person.login, "Bomtreffer").count for person in (ALICE, BOB, CHARLIE)}
    assert counts == {"alice": 1, "bob": 1, "charlie": 0}
    assert not Message.objects.get().quarantine
    assert list(road.export(tmp_path / "out", "capture").values()) == [raw]
    assert road.verify() == []


@pytest.mark.shared
def test_e1_two_forks_are_one_document_with_united_recipients(road: Opened) -> None:
    take_examples(road, "e1a", "e1b")
    message = Message.objects.get()
    assert message.captures.count() == 2
    assert owners(road) >= {"vorzimmer", "anna.berg", "max.muster", "controlling", "chef"}
    said = reasons(message)
    assert said["kunde@customer.example"] == {Reason.TO}
    assert said["einkauf@customer.example"] == {Reason.TO}
    assert said["max.muster@anyideas.example"] == {Reason.TO}
    assert said["controlling@anyideas.example"] == {Reason.CC}
    assert said["chef@anyideas.example"] == {Reason.BCC}
    assert {address.partition("@")[0] for address, why in said.items() if Reason.BCC in why} == {
        "chef",
        "steuer",
    }
    assert said["vorzimmer@anyideas.example"] == {Reason.SENDER}
    assert said["anna.berg@anyideas.example"] == {Reason.ON_BEHALF_OF}


@pytest.mark.shared
def test_e1_a_to_recipient_does_not_find_it_by_the_bcc_address_nor_see_it(road: Opened) -> None:
    take_examples(road, "e1a", "e1b")
    assert road.find("max.muster", "Angebot").count == 1
    for query in ("chef", "chef@anyideas.example", "to:chef", "steuer", "vorzimmer@anyideas.example to:chef"):
        assert road.find("max.muster", query).count == 0, query
        assert road.find("chef", query).count == 0, query
    with road.reading() as vault:
        user = get_user("max.muster")
        shown = open_message(vault, user, Message.objects.get().id)
    text = shown.text + str(shown.fields) + str(shown.owners) + shown.raw.decode("latin-1")
    assert "chef" not in text
    assert "steuer" not in text


@pytest.mark.shared
def test_e2_lists_redirections_folding_and_charsets(road: Opened) -> None:
    take_examples(road, "e2")
    message = Message.objects.get()
    assert owners(road) == {
        "anna.berg", "max.muster", "info", "vertretung", "urlaub", "gf1", "gf",
    }  # fmt: skip
    said = reasons(message)
    assert said["info@anyideas.example"] == {Reason.EXPANDED_FROM}
    assert said["urlaub@anyideas.example"] == {Reason.FORWARDED_FROM}
    assert said["gf@anyideas.example"] == {Reason.EXPANDED_FROM}
    assert any(address.startswith("[ex:/o=anyideas") for address in said)
    assert message.subject == "Rückfrage zur Rechnung 4711 – Fälligkeit März, bitte prüfen und freigeben"
    assert road.find("info", "Rückfrage").count == 1
    assert road.find("info", "Rückruf").count == 1


@pytest.mark.shared
def test_e3_encrypted_mail_without_subject_is_found_by_its_people(road: Opened) -> None:
    take_examples(road, "e3")
    message = Message.objects.get()
    assert message.subject == ""
    assert "encrypted" in message.flags.split()
    assert owners(road) == {"max.muster"}
    assert road.find("max.muster", "to:anwalt@kanzlei.example").count == 1


@pytest.mark.shared
def test_e4_the_attachment_inside_winmail_dat_is_listed_and_found(road: Opened) -> None:
    take_examples(road, "e4")
    message = Message.objects.get()
    assert "tnef" in message.flags.split()
    assert owners(road) == {"max.muster", "anna.berg"}
    with road.reading() as vault:
        user = get_user("anna.berg")
        shown = open_message(vault, user, message.id)
    assert [(a.name, a.size_bytes) for a in shown.attachments if "winmail" not in a.name] == [
        ("preise.csv", 25)
    ]
    assert road.find("anna.berg", "filename:preise.csv").count == 1


@pytest.mark.shared
def test_e5_the_clear_copy_is_shown_and_both_are_kept(road: Opened) -> None:
    take_examples(road, "e5")
    message = Message.objects.get()
    assert owners(road) == {"hr", "chef"}
    assert road.find("chef", "Entwurf Personalplanung").count == 1
    assert road.find("chef", '"protected with Microsoft"').count == 0
    (hit,) = road.find("chef").hits
    assert hit.sha256 == bytes(message.sha256).hex()
    raw = next(shared("reference/journal-examples").glob("e5*")).read_bytes()
    assert message.captures.get().raw_bytes == len(raw)
    assert road.verify() == []


@pytest.mark.shared
def test_e6_a_report_inside_a_bounce_is_unwrapped(road: Opened) -> None:
    take_examples(road, "e6")
    message = Message.objects.get()
    assert message.subject == "Terminbestaetigung"
    assert "from_ndr" in message.flags.replace("-", "_").split()
    assert owners(road) == {"anna.berg"}
    assert "kunde@customer.example" in reasons(message)


@pytest.mark.shared
def test_e7_a_forged_report_is_owned_by_nobody(road: Opened) -> None:
    take_examples(road, "e7")
    message = Message.objects.get()
    assert message.quarantine == Quarantine.NO_ARCHIVE
    assert "suspicious" in message.flags.split()
    assert owners(road) == set()
    assert not Party.objects.exists()
    road.give_addresses("gf", "neu@anyideas.example")
    road.process()
    assert owners(road) == set()


@pytest.mark.shared
def test_all_eight_together_disturb_each_other_in_nothing(road: Opened, tmp_path: Path) -> None:
    take_examples(road, "e1a", "e1b", "e2", "e3", "e4", "e5", "e6", "e7")
    assert (Message.objects.count(), Capture.objects.count()) == (7, 8)
    assert Capture.objects.filter(outcome=Outcome.QUARANTINED).count() == 1
    assert road.verify() == []


# Our own, wherever the tests run


def people(road: Opened) -> None:
    for person in (ALICE, BOB, CHARLIE):
        road.add_user(person.login, *person.addresses)


def test_only_the_report_grants_and_the_header_inside_grants_nothing(road: Opened) -> None:
    people(road)
    spoofed = letter("spoof", sender=CHARLIE.address, to=CHARLIE.address)
    road.take(report(spoofed, recipients=["To: alice@firma.example"]))
    assert (road.find("alice").count, road.find("charlie").count) == (1, 0)


def test_a_bcc_recipient_finds_it_and_nobody_finds_it_by_his_address(road: Opened) -> None:
    people(road)
    lines = ["To: alice@firma.example", "Bcc: bob@firma.example"]
    road.take(report(letter("secret", subject="Geheimsache"), recipients=lines))
    for login in ("alice", "bob"):
        assert road.find(login, "Geheimsache").count == 1
        for query in ("bob", "bob@firma.example", "to:bob", "from:bob", "to:bob@firma.example", "bo*"):
            assert road.find(login, query).count == 0, (login, query)
    assert road.find("charlie", "Geheimsache").count == 0


def test_a_report_lists_senders_lists_and_redirections_with_their_reasons(road: Opened) -> None:
    people(road)
    road.add_user("liste", "liste@firma.example")
    lines = [
        "To: alice@firma.example, Expanded: liste@firma.example",
        "Cc: fort@elsewhere.example, Forwarded: charlie@elsewhere.example",
    ]
    extra = ["On-Behalf-Of: bob@firma.example"]
    road.take(report(letter("r"), sender="assistenz@firma.example", recipients=lines, extra=extra))
    message = Message.objects.get()
    rows = Assignment.objects.filter(message=message).values_list("archive_id", "reason")
    assert {Reason(reason) for _, reason in rows} == {
        Reason.TO, Reason.EXPANDED_FROM, Reason.FORWARDED_FROM, Reason.ON_BEHALF_OF,
    }  # fmt: skip
    assert all(road.find(login).count == 1 for login in ("alice", "bob", "charlie", "liste"))


def test_one_foreign_line_in_a_report_makes_it_suspicious(road: Opened) -> None:
    people(road)
    lines = ["To: alice@firma.example", "Hiermit kündigen wir Ihnen fristlos."]
    assert road.take(report(letter("forged"), recipients=lines)) == [Outcome.QUARANTINED]
    assert road.find("alice").count == 0


def test_five_thousand_recipients_are_all_remembered(road: Opened) -> None:
    people(road)
    lines = [f"To: p{number}@firma.example" for number in range(5000)] + ["To: bob@firma.example"]
    road.take(report(letter("crowd"), recipients=lines))
    assert road.find("bob").count == 1
    road.add_user("late", "p4711@firma.example")
    road.process()
    assert road.find("late").count == 1


def test_a_report_sent_on_by_a_user_is_ordinary_mail(road: Opened) -> None:
    people(road)
    inner = report(letter("inner"), recipients=["To: charlie@elsewhere.example"])
    head = f"From: {ALICE.address}\r\nTo: {BOB.address}\r\nContent-Type: message/rfc822\r\n\r\n".encode()
    road.take(head + inner)
    assert [road.find(login).count for login in ("alice", "bob", "charlie")] == [1, 1, 0]


def test_journal_reports_are_ordinary_mail_in_header_mode(road: Opened) -> None:
    people(road)
    road.take(report(letter("r")), evaluation="header")
    assert road.find("alice").count == 0
    assert Message.objects.get().quarantine == Quarantine.NO_ARCHIVE


def test_hashes_shown_are_those_of_the_message_inside(road: Opened) -> None:
    people(road)
    inner = letter("inner")
    road.take(report(inner))
    assert road.sees("alice") == {hashlib.sha256(inner).hexdigest()}
