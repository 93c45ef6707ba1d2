"""Excerpts show why a message was found."""

from hypothesis import given
from hypothesis import strategies as st

from amberpost.search.excerpt import excerpt, highlight_terms
from amberpost.search.query import parse_query

LONG = "Anfang. " + "Füllwort " * 100 + "Die große Straße am Fluß. " + "Füllwort " * 100


def marked(text: str, query: str, length: int = 240) -> list[str]:
    return [piece for piece, is_marked in excerpt(text, parse_query(query), length) if is_marked]


def test_words_are_marked_as_they_stand_in_the_text() -> None:
    assert excerpt("Die Straße ist lang.", parse_query("STRASSE")) == [
        ("Die ", False),
        ("Straße", True),
        (" ist lang.", False),
    ]


def test_phrases_are_marked_whole_and_beginnings_by_the_word() -> None:
    assert marked("eins zwei drei zwei", '"eins zwei"') == ["eins zwei"]
    assert marked("Strassenfest im Sommer", "stra*") == ["Strassenfest"]
    assert marked("Nr. RE/4711-b", "RE/47*") == ["RE/4711"]
    assert marked("in 東京都庁 heute", "京都") == ["京都"]


def test_the_stretch_with_the_hits_is_shown() -> None:
    pieces = excerpt(LONG, parse_query("straße fluss"), 80)
    assert [piece for piece, is_marked in pieces if is_marked] == ["Straße", "Fluß"]
    assert pieces[0] == ("… ", False)
    assert pieces[-1] == (" …", False)
    assert len("".join(piece for piece, _ in pieces)) < 100


def test_without_a_hit_the_beginning_is_shown() -> None:
    assert excerpt(LONG, parse_query("nirgends"), 20) == [("Anfang. Füllwort", False), (" …", False)]
    assert excerpt("", parse_query("x")) == []


def test_what_is_excluded_or_stands_in_another_field_is_not_marked() -> None:
    assert marked("a b c d", "a -b from:c subject:d") == ["a", "d"]


def test_each_term_is_named_once() -> None:
    assert [term.words for term in highlight_terms(parse_query('Müller muller OR "a b" OR 2024'))] == [
        ("muller",),
        ("a", "b"),
        ("2024",),
    ]


@given(st.text(), st.integers(1, 60))
def test_the_pieces_are_the_text(text: str, length: int) -> None:
    whole = " ".join(text.split())
    shown = "".join(piece for piece, _ in excerpt(text, parse_query("a OR b OR 1"), length))
    assert shown.removeprefix("… ").removesuffix(" …") in whole
    assert len(shown) <= length + 4


def test_an_endless_text_is_looked_through_only_at_its_beginning() -> None:
    assert marked("x " * 1_000_000 + "needle", "needle") == []
