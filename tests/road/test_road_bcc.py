"""The Bcc rule: the sender, the recipient of a blind copy and an auditor know of it, nobody else by any way."""

import json
from pathlib import Path

import pytest

from amberpost.accounts.people import get_user
from amberpost.reading.export import export_as
from amberpost.reading.find import excerpt, find
from amberpost.reading.read import open_message, open_part, open_raw
from amberpost.road.models import Message
from tests.directory import person
from tests.opened import Opened
from tests.people import letter, report
from tests.road.test_road_directory import sync

SECRET = "geheim@firma.example"
WORDS = ("geheim", SECRET, "to:geheim", f'"{SECRET}"', "from:geheim", "geh*", f"to:{SECRET}")
PEOPLE = ("absender", "offen", "kopie", "geheim", "pruefer")
KNOWING = ("absender", "geheim", "pruefer")


@pytest.fixture
def people(road: Opened) -> Opened:
    for name in PEOPLE:
        role = "auditor" if name == "pruefer" else "reader"
        road.add_user(name, f"{name}@firma.example", role=role)
    return road


def everything_shown(road: Opened, login: str, folder: Path) -> str:
    """All that any page, search, copy, export or count tells a person, as one text."""
    user = get_user(login)
    client = road.browser(login)
    told: list[str] = []
    with road.reading() as vault:
        for message in Message.objects.order_by("id"):
            opened = open_message(vault, user, message.id)
            told += [
                str(opened.fields),
                opened.text,
                str(opened.envelope),
                str(opened.owners),
                opened.raw.decode(),
            ]
            told.append(open_raw(vault, user, message.id)[1].decode())
            told += [
                open_part(vault, user, message.id, a.path)[2].decode("latin-1") for a in opened.attachments
            ]
            told.append(str(excerpt(vault, user, message.id, "Guten")))
        told.append(str(find(vault, user, "", limit=100)))
        export_as(vault, user, folder / login, query="", what="original", actor="test")
    told += [path.read_text() for path in sorted((folder / login).rglob("*")) if path.is_file()]
    for message in Message.objects.all():
        for view in ("", "?view=text", "?view=headers", "?view=source", "raw"):
            answer = client.get(f"/m/{message.id}/{view}")
            assert answer.status_code == 200, (login, view)
            told.append(b"".join(answer).decode())
    results = client.post("/search/", {"q": ""}, follow=True)
    assert results.status_code == 200
    told.append(results.content.decode())
    return "\n".join(told)


def counts(road: Opened, login: str) -> dict[str, int]:
    return {words: road.find(login, words).count for words in WORDS}


LINES = [
    "To: offen@firma.example",
    "Cc: kopie@firma.example",
    f"Bcc: {SECRET}",
    "Bcc: fort@elsewhere.example",
]


@pytest.mark.server
def test_the_report_names_a_blind_copy_and_only_those_who_may_learn_of_it(
    people: Opened, tmp_path: Path
) -> None:
    inner = letter(
        "x", sender="absender@firma.example", to="offen@firma.example", fields=["Cc: kopie@firma.example"]
    )
    people.take(
        report(inner, sender="absender@firma.example", recipients=[*LINES, "Cc: pruefer@firma.example"])
    )
    shown = {login: everything_shown(people, login, tmp_path) for login in PEOPLE}
    for login in ("offen", "kopie"):
        assert "geheim" not in shown[login], login
        assert "fort@" not in shown[login], login
        assert counts(people, login) == dict.fromkeys(WORDS, 0)
        assert "kopie@firma.example" in shown[login]
    for login in KNOWING:
        assert SECRET in shown[login], login
        assert people.find(login).count == 1
        assert counts(people, login) == dict.fromkeys(WORDS, 0)
    assert "fort@" not in shown["geheim"], "one blind copy learnt of another"
    assert "fort@" in shown["absender"]
    assert "fort@" in shown["pruefer"]


HEADER = [f"Bcc: {SECRET},", " Fort <fort@elsewhere.example>"]


@pytest.mark.server
def test_a_header_with_bcc_is_given_out_as_a_copy_without_it(people: Opened, tmp_path: Path) -> None:
    fields = [
        "Cc: kopie@firma.example, pruefer@firma.example",
        "\r\n".join(HEADER),
        "Resent-Bcc: fort@elsewhere.example",
    ]
    raw = letter("x", sender="absender@firma.example", to="offen@firma.example", fields=fields)
    people.take(raw)
    message = Message.objects.get()
    shown = {login: everything_shown(people, login, tmp_path) for login in PEOPLE}
    for login in ("offen", "kopie"):
        assert "geheim" not in shown[login], login
        assert "fort@" not in shown[login], login
        assert bytes(message.sha256).hex() not in shown[login], "the hash of the original confirms a guess"
        assert f"{len(raw):,}" not in shown[login]
        assert "Copy (.eml)" in shown[login]
        assert counts(people, login) == dict.fromkeys(WORDS, 0)
    assert "fort@" not in shown["geheim"]
    with people.reading() as vault:
        for login in ("absender", "pruefer"):
            assert open_raw(vault, get_user(login), message.id) == (f"{message.id} Brief x.eml", raw)
        name, copy = open_raw(vault, get_user("offen"), message.id)
        assert name.endswith("copy.eml")
        assert copy == b"".join(
            line
            for line in raw.splitlines(keepends=True)
            if b"cc: geheim" not in line.lower() and b"fort@" not in line
        )
    (line,) = [json.loads(text) for text in (tmp_path / "offen" / "manifest.jsonl").read_text().splitlines()]
    assert line["is_copy"]


def test_whoever_imported_it_into_his_own_archive_has_it_whole(people: Opened) -> None:
    raw = letter("x", sender="fort@elsewhere.example", fields=[f"Bcc: {SECRET}"])
    target = get_user("offen").private_archive_id
    people.take(raw, source=people.files, target=target)
    with people.reading() as vault:
        assert open_raw(vault, get_user("offen"), Message.objects.get().id)[1] == raw


def test_the_copy_of_a_blind_recipient_does_not_betray_him_to_the_others(
    people: Opened, tmp_path: Path
) -> None:
    """Forks are shared by all owners; what a delivery agent wrote into one copy names its recipient."""
    for name in ("offen", "geheim"):
        address = f"{name}@firma.example"
        trace = f"Received: from mx by mail with esmtp id 1 for <{address}>; Tue, 14 Feb 2023 08:41:06 +0000"
        fields = [f"Envelope-To: {address}", f"Delivered-To: {address}", trace]
        people.take(
            letter("x", sender="absender@firma.example", to="offen@firma.example", fields=fields),
            evaluation="custom:envelope-to",
        )
    assert Message.objects.count() == 2
    shown = everything_shown(people, "offen", tmp_path)
    assert people.find("offen").count == 2
    assert "geheim" not in shown
    assert "Delivered-To: offen@firma.example" in shown
    assert "Delivered-To: offen@firma.example" in everything_shown(people, "geheim", tmp_path)
    assert SECRET in everything_shown(people, "geheim", tmp_path / "again")


def test_who_was_named_by_an_unsure_server_is_shown_only_if_the_message_names_him(people: Opened) -> None:
    inner = letter("x", to="offen@firma.example")
    people.take(report(inner, recipients=["Recipient: offen@firma.example", f"Recipient: {SECRET}"]))
    with people.reading() as vault:
        envelope = open_message(vault, get_user("offen"), Message.objects.get().id).envelope
    assert [r.address for r in envelope.recipients] == ["offen@firma.example"]
    assert not envelope.is_whole


def test_a_list_in_blind_copy_is_hidden_with_its_members(people: Opened) -> None:
    lines = [
        "To: offen@firma.example, Expanded: liste@firma.example",
        f"Bcc: {SECRET}, Expanded: vorstand@firma.example",
        "Bcc: kopie@firma.example, Expanded: vorstand@firma.example",
    ]
    people.take(report(letter("x"), recipients=lines))
    with people.reading() as vault:
        seen = {
            login: open_message(vault, get_user(login), 0).envelope.recipients
            for login in ("offen", "geheim")
        }
    assert [(r.address, r.via) for r in seen["offen"]] == [
        ("offen@firma.example", (("expanded", "liste@firma.example"),))
    ]
    assert [r.address for r in seen["geheim"]] == ["offen@firma.example", SECRET]


def test_who_sent_the_same_bytes_on_does_not_learn_whom_the_first_sender_copied(people: Opened) -> None:
    """Each report speaks to its own sender only."""
    inner = letter("x", sender="absender@firma.example", to="offen@firma.example")
    people.take(
        report(inner, sender="absender@firma.example", recipients=LINES, number=1),
        report(inner, sender="offen@firma.example", recipients=["To: kopie@firma.example"], number=2),
    )
    with people.reading() as vault:
        envelope = open_message(vault, get_user("offen"), Message.objects.get().id).envelope
    assert "geheim" not in str(envelope)
    assert len(envelope.senders) == 2


def test_delegates_of_the_sending_mailbox_are_the_sender(road: Opened) -> None:
    from tests.directory import public

    sync(road, person("anna"), public("info", delegates=("ad:anna",)))
    road.take(
        report(
            letter("x"),
            sender="info@firma.example",
            recipients=["To: fort@elsewhere.example", f"Bcc: {SECRET}"],
        )
    )
    with road.reading() as vault:
        envelope = open_message(vault, get_user("anna"), Message.objects.get().id).envelope
    assert SECRET in str(envelope)


def test_a_broken_header_hides_a_blind_copy_as_well(people: Opened, tmp_path: Path) -> None:
    raw = letter("x", sender="absender@firma.example", to="offen@firma.example")
    people.take(
        raw.replace(b"\r\n\r\n", b"\r\nthis is no field\r\nBCC :\r\n\t" + SECRET.encode() + b"\r\n\r\n", 1)
    )
    shown = everything_shown(people, "offen", tmp_path)
    assert "geheim" not in shown
    assert counts(people, "offen") == dict.fromkeys(WORDS, 0)
