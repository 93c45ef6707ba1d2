"""The sample mail repeats, is varied, and the truth told about it is true."""

import email
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from amberpost.demo.sample_mail import SampleReport, journal_reports, plain_messages
from amberpost.message.journal import unwrap
from amberpost.message.parse import parse
from amberpost.message.types import Flag

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def reports() -> list[SampleReport]:
    return list(journal_reports("tests", 1_200, NOW))


def text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8")


def test_the_same_seed_gives_the_same_bytes(reports: list[SampleReport]) -> None:
    assert list(journal_reports("tests", 100, NOW)) == reports[:100]
    others = {one.raw for one in journal_reports("another", 100, NOW)}
    assert others.isdisjoint({one.raw for one in reports})


def test_a_report_names_whom_the_truth_names(reports: list[SampleReport]) -> None:
    """Read with Python's own parser, which knows nothing of ours."""
    for report in reports[:300]:
        first, second = email.message_from_bytes(report.raw).get_payload()
        assert second.get_content_type() == "message/rfc822"
        lines = text_of(first).split("\r\n")
        assert lines[0] == f"Sender: {report.sender or '<>'}"
        assert f"Message-Id: <{report.message_id}>" in lines
        kinds = ("To: ", "Cc: ", "Bcc: ", "Recipient: ")
        named = [line.split(": ", 1)[1].split(",")[0] for line in lines if line.startswith(kinds)]
        assert tuple(named) == report.recipients
        assert report.inner in report.raw


def test_our_own_reading_agrees_with_the_truth(reports: list[SampleReport]) -> None:
    for report in reports:
        unwrapped = unwrap(report.raw)
        assert unwrapped.envelope == report.envelope
        assert unwrapped.shown_bytes(report.raw) == report.inner
        assert Flag.SUSPICIOUS not in unwrapped.flags


def test_the_message_inside_says_what_the_truth_says(reports: list[SampleReport]) -> None:
    for report in reports:
        if report.kind != "defective":
            parsed = parse(report.inner)
            assert (parsed.message_id, parsed.subject) == (report.message_id, report.subject)
            assert parsed.sent_at == report.sent_at


def test_every_kind_of_mail_occurs(reports: list[SampleReport]) -> None:
    kinds = Counter(one.kind for one in reports)
    assert set(kinds) == {
        *("letter", "forwarded", "invitation", "winmail", "encrypted", "signed"),
        *("newsletter", "discussion", "bounce", "defective"),
    }
    assert kinds["letter"] > len(reports) / 3


def test_every_way_to_be_a_recipient_occurs(reports: list[SampleReport]) -> None:
    recipients = [one for report in reports for one in report.envelope.rcpt_to]
    assert {one.kind.value for one in recipients} == {"to", "cc", "bcc", "recipient"}
    assert {source.kind.value for one in recipients for source in one.redirections} == {
        "expanded",
        "forwarded",
    }
    assert any(report.envelope.on_behalf_of for report in reports)
    assert any(report.sender == "" for report in reports)
    assert all(report.recipients for report in reports)


def test_a_bcc_recipient_is_an_owner_but_not_in_the_message(reports: list[SampleReport]) -> None:
    hidden = [(report, one) for report in reports for one in report.bcc]
    assert len(hidden) > 20
    for report, address in hidden:
        parsed = parse(report.inner)
        shown = {one.address for one in (*parsed.from_, *parsed.to, *parsed.cc, *parsed.bcc)}
        assert address in report.owners
        assert address not in shown


def test_owners_include_lists_and_whoever_has_mail_forwarded(reports: list[SampleReport]) -> None:
    report = next(one for one in reports if any(who.redirections for who in one.envelope.rcpt_to))
    source = next(who.redirections[0].address for who in report.envelope.rcpt_to if who.redirections)
    assert {source, report.sender} <= report.owners


def test_forks_of_one_message_share_its_bytes(reports: list[SampleReport]) -> None:
    forks = Counter(one.inner for one in reports)
    assert max(forks.values()) == 2
    forked = next(inner for inner, count in forks.items() if count == 2)
    first, second = (one for one in reports if one.inner == forked)
    assert set(first.recipients).isdisjoint(second.recipients)


def test_answers_refer_to_what_they_answer(reports: list[SampleReport]) -> None:
    known = {one.message_id for one in reports}
    answers = [parse(one.inner) for one in reports if b"\r\nIn-Reply-To: " in one.inner]
    assert len(answers) > 100
    assert all(set(one.in_reply_to) <= known for one in answers)


def test_dates_lie_in_the_days_before_now(reports: list[SampleReport]) -> None:
    moments = [one.sent_at for one in reports]
    assert all(NOW - timedelta(days=731) < one <= NOW for one in moments)
    assert {one.year for one in moments} == {2024, 2025, 2026}
    fresh = next(journal_reports("fresh", 1, NOW, days=0))
    assert NOW - fresh.sent_at < timedelta(minutes=5)


def test_bodies_differ_and_attachments_return(reports: list[SampleReport]) -> None:
    assert len({one.inner for one in reports}) > 0.9 * len(reports)
    files: Counter[bytes] = Counter()
    for report in reports:
        if report.kind == "letter":
            for part in email.message_from_bytes(report.inner).walk():
                if part.get_content_disposition() == "attachment":
                    files[part.get_payload(decode=True) or b""] += 1  # type: ignore[index]
    assert 1.5 < sum(files.values()) / len(files) < 8


def test_both_languages_and_several_encodings_occur(reports: list[SampleReport]) -> None:
    everything = b"".join(one.inner for one in reports)
    for expected in (
        b"Viele Gr\xc3\xbc\xc3\x9fe",
        b"Kind regards",
        b"iso-8859-15",
        b"quoted-printable",
        b"8bit",
    ):
        assert expected in everything


def test_plain_messages_carry_their_truth() -> None:
    messages = list(plain_messages("plain", 200, NOW))
    for one in messages:
        if one.kind != "defective":
            parsed = parse(one.raw)
            assert parsed.from_[0].address == one.author
            assert tuple(who.address for who in parsed.to) == one.to
            assert tuple(who.address for who in parsed.cc) == one.cc
    assert list(plain_messages("plain", 50, NOW)) == messages[:50]
