"""For every input: no exception, offsets inside, originals that really are in the report."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amberpost.message.addresses import normalise_address, parse_mailboxes
from amberpost.message.attachments import attachments, open_attachment
from amberpost.message.body import decode_text, shown_pieces, shown_text
from amberpost.message.charset import decode
from amberpost.message.cuts import attachment_cuts
from amberpost.message.dates import parse_date
from amberpost.message.evaluate import addresses, envelope_addresses
from amberpost.message.fork import fork_key, likeness
from amberpost.message.headers import header_fields
from amberpost.message.html import safe_html
from amberpost.message.journal import unwrap
from amberpost.message.markup import html_text
from amberpost.message.parse import parse
from amberpost.message.rtf import rtf_text, uncompress_rtf
from amberpost.message.text import index_text
from amberpost.message.tnef import read_tnef
from amberpost.message.transfer import decode_transfer
from amberpost.message.words import clean_filename, decode_words, parse_parameters
from tests.corpora import shared
from tests.mutate import mutate
from tests.unit.message import examples
from tests.unit.message.mail import INNER, REPORT_HEAD, multipart, nested, report

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SEEDS = [
    examples.E1A,
    examples.E2,
    examples.E3,
    examples.E4,
    examples.E5,
    examples.E6,
    examples.E7,
    multipart(nested(INNER), multipart(INNER, boundary="in"), boundary="out"),
]
FRAGMENTS = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"X-MS-Journal-Report:\r\n",
        b"From: Kim <kim@own.example>\r\n",
        b"Subject: =?utf-8?Q?=C3?=\r\n =?utf-8?Q?=BC?=\r\n",
        b"Date: 1 Jan 2024 00:00 +0000\r\n",
        b"\r\n",
        b"\r\n--b\r\n",
        b"\r\n--b--\r\n",
        b"Sender: a@b\r\nMessage-Id: <x@y>\r\n",
        b"To: a@b, Expanded: c@d\r\n",
    ]
)
MAIL = st.lists(st.one_of(FRAGMENTS, st.binary(max_size=30)), max_size=25).map(b"".join)
TEXT = st.one_of(st.text(), st.text(alphabet=' "<>(),;:@=?*\\abQB\t\n.-%'))


def check_everything(raw: bytes) -> None:
    """All that the archive does with a message, and what must hold for any bytes."""
    parsed = parse(raw, captured_at=MOMENT)
    assert parse(raw, captured_at=MOMENT) == parsed
    assert parsed.thread
    for part in parsed.parts:
        assert 0 <= part.header.start <= part.header.end <= part.body.start <= part.body.end <= len(raw)
        decode_text(raw, part).encode()
    assert len({part.path for part in parsed.parts}) == len(parsed.parts)
    indexed = index_text(raw, parsed)
    for text in (indexed.body, parsed.subject, parsed.message_id, parsed.thread, *indexed.filenames):
        assert "\0" not in text
        text.encode()
    check_unwrapped(raw)
    check_derived(raw)


def check_unwrapped(raw: bytes) -> None:
    unwrapped = unwrap(raw)
    for original in unwrapped.originals:
        body = raw[original.body.start : original.body.end]
        assert original.data == decode_transfer(body, original.encoding)[0]
        assert original.encoding or original.data in raw
    assert unwrapped.shown_bytes(raw) in (raw, *(original.data for original in unwrapped.originals))
    if unwrapped.envelope is not None:
        for found in envelope_addresses(unwrapped.envelope):
            found.address.encode()


def check_derived(raw: bytes) -> None:
    parsed = parse(raw, captured_at=MOMENT)
    for item in attachments(raw, parsed):
        assert item.name
        assert "/" not in item.name
        assert item.name not in (".", "..")
        item.name.encode()
        open_attachment(raw, parsed, item.path)
    indexed = index_text(raw, parsed)
    assert indexed.attachment_count == len(attachments(raw, parsed))
    assert len(fork_key(raw, parsed)) == len(likeness(raw, parsed)) == 16
    ends = 0
    for span in attachment_cuts(raw, parsed, minimum=1):
        assert ends <= span.start < span.end <= len(raw)
        ends = span.end
    for name, value in header_fields(raw):
        (name + value).encode()
    shown_text(raw, parsed).encode()
    for mode in ("header", "delivered-to", "custom:envelope-from"):
        for found in addresses(raw, parsed, mode):
            assert found.address.isprintable()
    for piece in shown_pieces(raw, parsed, prefers_html=True):
        if piece.kind == "html":
            safe_html(piece.text, cid_url=lambda _: None)


@given(MAIL)
@settings(max_examples=300, deadline=None)
@example(b"")
@example(b"\r")
@example(b"From ")
@example(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b")
@example(b"Content-Type: multipart/mixed\r\n\r\n--b--\r\n--b----")
def test_any_bytes_are_read(raw: bytes) -> None:
    check_everything(raw)


@given(st.lists(st.text(), max_size=5), st.lists(st.binary(max_size=60), max_size=3))
@settings(max_examples=100, deadline=None)
def test_any_report_is_unwrapped_to_its_own_bytes(lines: list[str], originals: list[bytes]) -> None:
    text = REPORT_HEAD + "\r\n".join(lines)
    check_unwrapped(report(text.encode("utf-8", "replace"), *map(nested, originals)))


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_hand_made_mail_are_read(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        check_everything(mutate(rng.choice(SEEDS), rng))


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["mime", "hostile", "journal"])
def test_mutants_of_the_corpora_are_read(folder: str) -> None:
    rng = random.Random(folder)
    files = [path for path in sorted(shared(f"corpora/{folder}").rglob("*")) if path.is_file()]
    small = [path for path in files if path.stat().st_size < 30_000]
    for _ in range(150):
        check_everything(mutate(rng.choice(small).read_bytes(), rng))


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_any_header_text_is_read(text: str) -> None:
    decode_words(text, set())
    parse_parameters(text)
    parse_date(text)
    for box in parse_mailboxes(text, set()):
        assert box.name or box.address
        assert box.address.isprintable()
    once = normalise_address(text)
    assert "\0" not in once
    name = clean_filename(text)
    assert "/" not in name
    assert "\\" not in name
    assert "\0" not in name
    assert clean_filename(name) in (name, "_" + name)


@given(
    st.binary(max_size=200),
    st.sampled_from([None, "utf-8", "utf-7", "utf-16", "iso-2022-jp", "nope", "big5", "zlib"]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_text(data: bytes, label: str | None) -> None:
    decode(data, label).encode()


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_tnef_and_rtf_is_read(data: bytes) -> None:
    read_tnef(b"\x78\x9f\x3e\x22\1\0" + data)
    rtf_text(uncompress_rtf(data)).encode()
    rtf_text(data).encode()


@given(st.text(alphabet="<>/\"'=-! pdivscript&;#x0"))
@settings(max_examples=300, deadline=None)
def test_any_markup_is_read(text: str) -> None:
    html_text(text).encode()
    safe_html(text, cid_url=lambda _: None)
