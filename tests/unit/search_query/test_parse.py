"""Query text to tree: the grammar, half-typed text, limits."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.errors import QueryError
from amberpost.search.query import MAX_DEPTH, MAX_LENGTH, MAX_OPEN_PHRASES, MAX_TERMS, MAX_WORDS, parse_query
from amberpost.search.tree import (
    All,
    Any,
    Everything,
    Field,
    HasAttachment,
    IsTruncated,
    Not,
    Number,
    Query,
    Sent,
    Size,
    Text,
    Thread,
)


def t(text: str, field: Field | None = None, *, prefix: bool = False) -> Text:
    return Text(text=text, field=field, prefix=prefix)


TREES: list[tuple[str, Query]] = [
    ("", Everything()),
    (" \t ", Everything()),
    ("*", Everything()),
    ("a", t("a")),
    ("a b", All((t("a"), t("b")))),
    ("a AND b", All((t("a"), t("b")))),
    ("a OR b", Any((t("a"), t("b")))),
    ("a b OR c", Any((All((t("a"), t("b"))), t("c")))),
    ("a (b OR c)", All((t("a"), Any((t("b"), t("c")))))),
    ("a or b and not", All((t("a"), t("or"), t("b"), t("and"), t("not")))),
    ("-a", Not(t("a"))),
    ("NOT a b", All((Not(t("a")), t("b")))),
    ("a -(b c)", All((t("a"), Not(All((t("b"), t("c"))))))),
    ("NOT NOT a", Not(Not(t("a")))),
    ("well-known", t("well-known")),
    ("--help", t("--help")),
    ("a - b", All((t("a"), t("b")))),
    ('"a b"', t("a b")),
    ('-"a b"', Not(t("a b"))),
    ("„a b“ «c d»", All((t("a b"), t("c d")))),
    ('"AND"', t("AND")),
    ('"an*"', t("an*")),
    ("an*", t("an", prefix=True)),
    ("RE/47*", t("RE/47", prefix=True)),
    ("東*", t("東")),
    ("*@firma.example", t("@firma.example")),
    ("*.pdf", t(".pdf", Field.FILENAME)),
    ("-*.pdf", Not(t(".pdf", Field.FILENAME))),
    ("subject:*.pdf", t(".pdf", Field.SUBJECT)),
    ("from:a", t("a", Field.FROM)),
    ("FROM:a", t("a", Field.FROM)),
    ("from: a", t("a", Field.FROM)),
    ('to:"a b"', t("a b", Field.TO)),
    ("subject:an*", t("an", Field.SUBJECT, prefix=True)),
    ("-filename:pdf", Not(t("pdf", Field.FILENAME))),
    ("from:(a OR to:b)", Any((t("a", Field.FROM), t("b", Field.TO)))),
    ("from:(a) b", All((t("a", Field.FROM), t("b")))),
    ("Re: a", All((t("Re:"), t("a")))),
    ("http://x.example/?from:y", t("http://x.example/?from:y")),
    ("mailto:a@b.example", t("mailto:a@b.example")),
    ("has:attachment", HasAttachment()),
    ("has:Attachments", HasAttachment()),
    ("is:truncated", IsTruncated()),
    ("IS: Truncated", IsTruncated()),
    ("id:42", Number(42)),
    ("thread:k3y", Thread("k3y")),
    ("larger:5M", Size(larger=5 * 1024**2)),
    ("smaller:1,5kb", Size(smaller=1536)),
    ("larger:7", Size(larger=7)),
    # half typed
    ('"a b', t("a b")),
    ('a "', t("a")),
    ("(a OR b", Any((t("a"), t("b")))),
    ("a) b", All((t("a"), t("b")))),
    ("a ()", t("a")),
    ("a & b", All((t("a"), t("b")))),
    ("a OR &", t("a")),
    (":-) a", t("a")),
    ("f(x)", All((t("f"), t("x")))),
]


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_text_becomes_this_tree(text: str, tree: Query) -> None:
    assert parse_query(text) == tree


REFUSED = [
    ("AND", "AND needs"),
    ("OR a", "OR needs"),
    ("a OR", "OR needs"),
    ("a AND", "AND needs"),
    ("a OR OR b", "OR needs"),
    ("(a OR) b", "OR needs"),
    ("(AND a)", "AND needs"),
    ("NOT", "NOT needs"),
    ("a NOT", "NOT needs"),
    ("(NOT) a", "NOT needs"),
    ("from:", "missing after the colon: from:"),
    ("from:()", "missing after the colon"),
    ("from:(&)", "missing after the colon"),
    ("from:&", "missing after the colon"),
    ("subject: (a OR b) to:", "missing after the colon: to:"),
    ("before:(2024)", "missing after the colon"),
    ("&", "no letter or digit"),
    ("()", "no letter or digit"),
    ('""', "no letter or digit"),
    ("-", "no letter or digit"),
    (")", "no letter or digit"),
    ("a*", "at least 2"),
    ("foo *", "at least 2"),
    ("RE/4*", "at least 2"),
    ("*foo", "only at the end"),
    ("f*o", "only at the end"),
    ("x" * 65 + "*", "too long"),
    ("before:yesterday", "not a date"),
    ("on:2024-13", "not a date"),
    ("on:2023-02-29", "not a date"),
    ("on:0001", "not a date"),
    ("on:٢٠٢٤", "not a date"),
    ("larger:big", "not a size"),
    ("has:cheese", "has:attachment"),
    ("is:cheese", "is:truncated"),
    ("id:x", "not the number"),
    ("id:٤٢", "not the number"),
    ("a" * (MAX_LENGTH + 1), "too long"),
    ("a " * (MAX_TERMS + 1), "too many search terms"),
    ("has:attachment " * (MAX_TERMS + 1), "too many search terms"),
    ('"' + "a " * (MAX_WORDS + 1) + '"', "phrase is too long"),
    ("(" * (MAX_DEPTH + 1) + "a", "too deeply"),
    ("NOT " * (MAX_DEPTH + 1) + "a", "too deeply"),
    ("a.bc* " * (MAX_OPEN_PHRASES + 1), "made of several"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_text_is_refused_in_clear_words(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words.replace("(", r"\(")):
        parse_query(text)


def test_limits_are_reached_and_kept() -> None:
    for text in (
        "a" * MAX_LENGTH,
        "a " * MAX_TERMS,
        '"' + "a " * MAX_WORDS + '"',
        "(" * MAX_DEPTH + "a",
        "a.bc* " * MAX_OPEN_PHRASES,
    ):
        parse_query(text)


PIECES = [*'()"-*: &aO', "OR", "from:", "from:(", "on:", "2024", "NOT ", "AND ", "東", "\ud800", "ab*"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_nothing_but_a_query_error_is_raised(text: str) -> None:
    try:
        parse_query(text)
    except QueryError as error:
        told = str(error)
        assert told


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("on:2024", datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("on:2024-12", datetime(2024, 11, 30, 23, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("on:2024-03-31", datetime(2024, 3, 30, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)),
        ("on:31.3.2024", datetime(2024, 3, 30, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC)),
        ("after:2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC), None),
        ("before:2024-07", None, datetime(2024, 6, 30, 22, tzinfo=UTC)),
    ],
)
def test_dates_are_days_of_the_zone(text: str, begin: datetime | None, end: datetime | None) -> None:
    assert parse_query(text, ZoneInfo("Europe/Berlin")) == Sent(begin=begin, end=end)


def test_after_and_before_the_same_year_meet_without_gap_or_overlap() -> None:
    after, before = parse_query("after:2024"), parse_query("before:2024")
    assert isinstance(after, Sent)
    assert isinstance(before, Sent)
    assert after.begin == before.end
