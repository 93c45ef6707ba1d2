"""The shared corpora, where they lie beside the checkout."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from amberpost.message.addresses import normalise_address
from amberpost.message.attachments import attachments
from amberpost.message.evaluate import envelope_addresses
from amberpost.message.journal import Unwrapped, unwrap
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Defect, Flag
from tests.corpora import shared
from tests.unit.message.test_properties import check_everything

pytestmark = pytest.mark.shared
OWN = "@anyideas.example"


def example(start: str) -> tuple[bytes, Unwrapped]:
    (path,) = shared("reference/journal-examples").glob(f"{start}_*.eml")
    raw = path.read_bytes()
    return raw, unwrap(raw)


def own_people(unwrapped: Unwrapped) -> list[str]:
    assert unwrapped.envelope is not None
    found = (item.address for item in envelope_addresses(unwrapped.envelope))
    return [address.removesuffix(OWN) for address in found if address.endswith(OWN)]


def test_e1_as_written() -> None:
    (raw, first), (_, second) = example("e1a"), example("e1b")
    assert own_people(first) == ["vorzimmer", "anna.berg", "max.muster", "controlling", "chef"]
    assert first.envelope is not None
    assert first.envelope.mail_from == "vorzimmer" + OWN
    assert first.envelope.on_behalf_of == "anna.berg" + OWN
    assert len(first.shown_bytes(raw)) == 981
    assert first.originals[0].data == second.originals[0].data
    assert second.envelope is not None
    united = {
        (item.reason, item.address)
        for unwrapped in (first.envelope, second.envelope)
        for item in envelope_addresses(unwrapped)
    }
    assert united >= {
        ("to", "kunde@customer.example"),
        ("to", "einkauf@customer.example"),
        ("bcc", "steuer@kanzlei.example"),
    }


def test_e2_as_written() -> None:
    raw, unwrapped = example("e2")
    subject = "Rückfrage zur Rechnung 4711 – Fälligkeit März, bitte prüfen und freigeben"
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.reported_subject == subject
    assert parse(unwrapped.shown_bytes(raw)).subject == subject
    assert own_people(unwrapped) == ["anna.berg", "info", "max.muster", "vertretung", "urlaub", "gf1", "gf"]
    assert unwrapped.envelope.rcpt_to[-1].address.startswith("[ex:/o=anyideas/")


def test_e3_as_written() -> None:
    raw, unwrapped = example("e3")
    shown = unwrapped.shown_bytes(raw)
    parsed = parse(shown)
    assert parsed.subject == ""
    assert parsed.flags == {Flag.ENCRYPTED}
    assert index_text(shown, parsed).body == ""


def test_e4_as_written() -> None:
    raw, unwrapped = example("e4")
    shown = unwrapped.shown_bytes(raw)
    parsed = parse(shown)
    assert parsed.flags == {Flag.TNEF}
    assert [(item.name, item.size_bytes) for item in attachments(shown, parsed)] == [("preise.csv", 25)]
    assert shown in raw


def test_e5_as_written() -> None:
    raw, unwrapped = example("e5")
    assert (len(unwrapped.originals), unwrapped.shown) == (2, 1)
    assert b"Entwurf der Personalplanung" in unwrapped.shown_bytes(raw)


def test_e6_as_written() -> None:
    raw, unwrapped = example("e6")
    assert Flag.FROM_NDR in unwrapped.flags
    assert own_people(unwrapped) == ["anna.berg"]
    assert parse(unwrapped.shown_bytes(raw)).message_id == "t-1@anyideas.example"


def test_e7_as_written() -> None:
    raw, unwrapped = example("e7")
    assert Flag.SUSPICIOUS in unwrapped.flags
    assert unwrapped.shown_bytes(raw) == raw


def truths() -> list[dict[str, object]]:
    path = shared("corpora/journal/generated-400/truth.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_generated_reports_give_their_originals_and_recipients() -> None:
    wrong = []
    for truth in truths():
        originals: set[str] = set()
        recipients: set[str] = set()
        for name in truth["reports"]:  # type: ignore[attr-defined]
            unwrapped = unwrap(shared(f"corpora/journal/generated-400/reports/{name}").read_bytes())
            originals |= {hashlib.sha256(original.data).hexdigest() for original in unwrapped.originals}
            if unwrapped.envelope is None:
                assert unwrapped.flags == {Flag.REPORT_UNREADABLE}
                continue
            for recipient in unwrapped.envelope.rcpt_to:
                recipients |= {recipient.address, *(item.address for item in recipient.redirections)}
        expected = {
            normalise_address(address)
            for recipient in truth["recipients"]  # type: ignore[attr-defined]
            for address in (recipient["addr"], recipient.get("via", ""))
            if address
        }
        if truth["kind"] != "no_envelope" and (originals, recipients) != (
            set(truth["inner_sha256"]),
            expected,
        ):  # type: ignore[call-overload]
            wrong.append(truth["reports"])
    assert wrong == []


def test_real_reports_are_unwrapped() -> None:
    for path in sorted(shared("corpora/journal/exchange-online").iterdir()):
        unwrapped = unwrap(path.read_bytes())
        assert unwrapped.flags == {Flag.JOURNAL_REPORT}
        assert unwrapped.envelope is not None
        assert len(unwrapped.envelope.rcpt_to) == len(unwrapped.originals) == 1


@pytest.mark.parametrize("folder", ["mime", "hostile", "journal", "mbox", "formats", "documents"])
def test_every_file_of_the_corpora_is_read(folder: str) -> None:
    for path in sorted(shared(f"corpora/{folder}").rglob("*")):
        if path.is_file() and path.stat().st_size < 300_000:
            check_everything(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nest-rfc822-20", "innen"),
        ("nest-rfc822-100", "Ebene 0"),
        ("boundary-unclosed", "offenmarker"),
        ("boundary-empty", "leermarker"),
        ("boundary-long", "langrandmarker"),
        ("header-50000", "vielekopfmarker"),
        ("cte-multipart", "multib64marker"),
        ("qp-softbreak-bomb", "weichmarker"),
        ("b64-oneline", "einzeilemarker"),
        ("nul-body", "nullmarker"),
        ("unicode-mix", "zwölfmarker"),
        ("ical-rrule", "terminmarker"),
    ],
)
def test_what_hostile_mail_says_is_found(name: str, words: str) -> None:
    raw = shared(f"corpora/hostile/{name}.eml").read_bytes()
    found = index_text(raw, parse(raw))
    assert words in found.body or any(words in filename for filename in found.filenames)


def test_hostile_charsets_and_dates() -> None:
    for path in sorted(shared("corpora/hostile").glob("charset-*.eml")):
        raw = path.read_bytes()
        assert "zeichenmarker" in index_text(raw, parse(raw)).body
    for path in sorted(shared("corpora/hostile").glob("date-*.eml")):
        sent_at = parse(path.read_bytes(), captured_at=datetime(2026, 1, 1, tzinfo=UTC)).sent_at
        assert sent_at is None or sent_at.year == 2024
    deep = shared("corpora/hostile/nest-multipart-1000.eml").read_bytes()
    assert Defect.DEPTH_LIMIT in parse(deep).defects
