"""Header evaluations and undeliverable journal reports through the whole road."""

import hashlib
from base64 import b64encode

import pytest

from amberpost.accounts.people import get_user
from amberpost.health.numbers import overview
from amberpost.reading.read import open_message
from amberpost.road.models import Assignment, Message, Outcome, Party, Quarantine
from amberpost.road.quarantine import quarantined
from amberpost.road.reasons import Reason
from tests.opened import Opened
from tests.people import ALICE, BOB, letter, report
from tests.unit.message.mail import mail, multipart, nested

INNER = letter("inner", sender=ALICE.address, to="kunde@customer.example", subject="Terminbestätigung")
REPORT = report(INNER, sender=ALICE.address, recipients=["To: kunde@customer.example", f"Bcc: {BOB.address}"])


def undeliverable(*parts: bytes, to: str = "undelivered@firma.example", boundary: str = "_ndr_") -> bytes:
    status = mail("Content-Type: message/delivery-status", body="Reporting-MTA: dns; x\r\n\r\n")
    return multipart(
        mail("Content-Type: text/plain", body="Delivery has failed.\r\n"),
        status,
        *parts,
        kind="report; report-type=delivery-status",
        boundary=boundary,
        fields=("From: Mail Delivery <mailer-daemon@firma.example>", f"To: {to}", "Subject: Undeliverable"),
    )


UNDELIVERABLE = {
    "as it was": undeliverable(nested(REPORT)),
    "in base64": undeliverable(nested(b64encode(REPORT), "Content-Transfer-Encoding: base64")),
    "twice": undeliverable(nested(undeliverable(nested(REPORT))), boundary="_outer_"),
}


@pytest.mark.parametrize("raw", UNDELIVERABLE.values(), ids=UNDELIVERABLE.keys())
def test_an_undeliverable_report_is_archived_for_its_people_and_marked(road: Opened, raw: bytes) -> None:
    road.add_user("alice", *ALICE.addresses)
    road.add_user("bob", *BOB.addresses)
    assert road.take(raw) == [Outcome.STORED]
    message = Message.objects.get()
    assert {"from_ndr", "journal_report"} <= set(message.flags.split())
    assert [road.find(login, "Terminbestätigung").count for login in ("alice", "bob")] == [1, 1]
    with road.reading() as vault:
        opened = open_message(vault, get_user("alice"), message.id)
    assert opened.raw == INNER
    assert opened.marks == ("came back as undeliverable on its way to the archive",)
    assert road.verify() == []
    road.rebuild()
    assert road.find("bob", "Terminbestätigung").count == 1


def test_the_report_that_was_delivered_later_is_the_same_message(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    road.take(UNDELIVERABLE["in base64"], REPORT)
    assert Message.objects.get().captures.count() == 2
    assert road.verify() == []


def test_an_ordinary_non_delivery_report_is_ordinary_mail(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    road.add_user("bob", *BOB.addresses)
    lost = letter("lost", sender=ALICE.address, to=BOB.address)
    road.take(undeliverable(nested(lost), to=ALICE.address))
    message = Message.objects.get()
    assert (message.subject, message.flags) == ("Undeliverable", "")
    assert [road.find(login).count for login in ("alice", "bob")] == [1, 0]


def test_of_a_report_whose_header_alone_came_back_the_operator_is_told(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    head = REPORT.partition(b"\r\n\r\n")[0] + b"\r\n"
    road.take(undeliverable(mail("Content-Type: text/rfc822-headers", body=head)))
    _, (row,) = quarantined()
    assert row.marks == (
        "came back as undeliverable on its way to the archive",
        "says it is a journal report, but none can be read in it",
    )


def test_a_report_in_another_evaluation_waits_marked_in_quarantine(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    road.take(report(letter("r")), evaluation="delivered-to")
    message = Message.objects.get()
    assert (message.quarantine, message.flags) == (Quarantine.NO_ARCHIVE, "report_not_opened")
    with road.reading() as vault:
        (source,) = (n for n in overview(vault).sources if n.source.pk == road.mailbox)
    assert source.closed_reports == 1


def test_a_prefix_of_qmail_is_stripped_only_if_nobody_holds_the_whole(road: Opened) -> None:
    alices = road.add_user("alice", "berg@firma.example").private_archive_id
    road.take(
        letter(1, to="x@y.example", fields=["Delivered-To: mbox-berg@firma.example"]),
        evaluation="delivered-to",
    )
    found = Assignment.objects.values_list("archive_id", "reason")
    assert list(found) == [(alices, Reason.DELIVERED_TO_PREFIXED)]
    road.add_user("anna", "anna-berg@firma.example")
    road.take(
        letter(2, to="x@y.example", fields=["Delivered-To: anna-berg@firma.example"]),
        evaluation="delivered-to",
    )
    assert [road.find(login).count for login in ("alice", "anna")] == [1, 1]


def test_kept_mail_finds_its_archive_behind_a_prefix_as_new_mail_would(road: Opened) -> None:
    road.add_user("anna", "anna-berg@firma.example")
    road.take(
        *(
            letter(number, to="x@y.example", fields=[f"Delivered-To: {address}@firma.example"])
            for number, address in enumerate(("anna-berg", "mbox-berg"))
        ),
        evaluation="delivered-to",
    )
    road.add_user("alice", "berg@firma.example")
    road.process()
    assert [road.find(login).count for login in ("alice", "anna")] == [1, 1]
    assert Message.objects.exclude(quarantine=0).count() == 0


def test_an_endless_address_stops_nothing_and_owns_nothing(road: Opened) -> None:
    road.add_user("alice", *ALICE.addresses)
    endless = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))
    encoded = "IMCEAEX-_o+3DFirma+00_cn+3Dx@firma.example"
    road.take(letter(1, to=f"{ALICE.address}, {endless}@firma.example, {encoded}"))
    assert road.find("alice").count == 1
    assert {party.address.address for party in Party.objects.select_related("address")} == {
        ALICE.address, "kunde@customer.example", "[ex:/o=firma/cn=x]",
    }  # fmt: skip
