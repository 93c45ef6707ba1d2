"""Copies without blind copies: whole fields go, every other byte stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.message import limits
from amberpost.message.confidential import has_bcc, without_bcc, without_deliveries
from amberpost.message.parse import parse
from tests.unit.message.test_parse import BEFORE

PLAIN = b"From: a@x.example\r\nTo: b@x.example\r\n\r\nBcc: not a field\r\n"


def names_blind_copies(raw: bytes) -> bool:
    return has_bcc(raw, parse(raw))


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize(
    "field",
    [b"Bcc: c@x.example", b"BCC : c@x.example,\r\n\td@x.example", b"resent-bcc:\r\n c@x.example", b"Bcc:"],
)
def test_the_field_goes_and_nothing_else(field: bytes, end: bytes) -> None:
    lines = PLAIN.replace(b"\r\n", end)
    whole = lines.replace(b"To:", field.replace(b"\r\n", end) + end + b"To:", 1)
    assert names_blind_copies(whole)
    assert without_bcc(whole) == lines


@pytest.mark.parametrize("before", BEFORE)
def test_the_field_goes_whatever_stands_before_the_header(before: bytes) -> None:
    plain = b"Subject: x\r\n" + PLAIN
    for lines in (b"Bcc: c@x.example\r\n" + plain, plain.replace(b"To:", b"Bcc: c@x.example\r\nTo:", 1)):
        assert names_blind_copies(before + lines)
        assert without_bcc(before + lines) == before + plain


def test_without_such_fields_the_bytes_are_the_same_object() -> None:
    for raw in (PLAIN, b"", b"\r\n\r\nBcc: x@y", b"Subject: Bcc: x\r\n\r\n", b"X-Bcc: a@b\r\n\r\n"):
        assert not names_blind_copies(raw)
        assert without_bcc(raw) is raw
        assert without_deliveries(raw, known=()) is raw


def test_a_field_is_found_where_a_parser_sees_the_end_of_the_header_before_it() -> None:
    for broken in (
        b"From: a@x.example\r\nno field\r\nBcc: c@x.example\r\n\r\n",
        b"no field\r\nBcc: c@x\r\n\r\n",
    ):
        assert names_blind_copies(broken)
    assert names_blind_copies(b"X-Many: x\r\n" * (limits.HEADER_FIELDS + 1) + b"Bcc: c@x.example\r\n\r\n")


def test_a_field_that_names_only_oneself_stays() -> None:
    raw = b"Bcc: Carl <C@X.example>\r\n" + PLAIN
    assert without_bcc(raw, own={"c@x.example"}) is raw
    assert without_bcc(raw, own={"d@x.example"}) == PLAIN


def test_notes_of_delivery_agents_go_if_they_name_somebody_unknown() -> None:
    notes = b"Delivered-To: c@x.example\r\nX-Mine: c@x.example\r\nReceived: by mx for <c@x.example>; now\r\n"
    notes += b"Received: by mx\r\n"
    assert without_deliveries(notes + PLAIN, known={"c@x.example"}) == notes + PLAIN
    left = b"Received: by mx\r\n" + PLAIN
    assert without_deliveries(notes + PLAIN, known={"b@x.example"}, field="x-mine") == left


@given(
    st.lists(
        st.sampled_from(
            [
                b"Bcc: a@b",
                b"\n",
                b"\r\n",
                b"\r",
                b" x",
                b"To: c@d",
                b"bcc:",
                b"\t",
                b"resent-BCC :",
                b"From x",
                b"\xef\xbb\xbf",
            ]
        )
    )
)
def test_any_bytes_give_a_copy_that_has_none(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    copy = without_bcc(raw)
    assert not names_blind_copies(copy)
    assert len(copy) <= len(raw)
    assert (copy is raw) == (not names_blind_copies(raw))
