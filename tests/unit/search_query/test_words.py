"""What a word is, and that western text is prepared without work."""

import pytest

from amberpost.search.words import fold, prepare, words


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Müller", "muller"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ẞ", "ss"),
        ("İstanbul", "istanbul"),
        ("ışık", "isik"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("ﬁn", "fin"),
        ("ＡＢ１２", "ab12"),
        ("Αθήνα", "αθηνα"),
        ("Ёлка", "елка"),
        ("йод", "йод"),
        ("ｶﾞ", "ガ"),
        ("µm", "μm"),
        ("ϐ", "β"),
        ("𝐌𝐚𝐭𝐡", "math"),
        ("Wachſtube", "wachstube"),
    ],
)
def test_folding(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_places_are_those_of_the_original_text() -> None:
    text = "Die Stra\u00adße, e\u0301te\u0301 東京 a_b"
    assert [(word.text, text[word.start : word.end]) for word in words(text)] == [
        ("die", "Die"),
        ("strasse", "Stra\u00adße"),
        ("ete", "e\u0301te\u0301"),
        ("東", "東"),
        ("京", "京"),
        ("a", "a"),
        ("b", "b"),
    ]


@pytest.mark.parametrize("text", ["plain text", "größer café", "„typografisch“ – 5 €"])
def test_western_text_is_left_as_it_is(text: str) -> None:
    assert prepare(text) == text


def test_preparing_settles_what_the_tokenizer_cannot() -> None:
    assert prepare("Donau\u00addampf") == "Donaudampf"
    assert prepare("Donau\u200bdampf Ж") == "Donaudampf Ж"
    assert prepare("e\u0301") == "é"
    assert prepare("abc東京").split() == ["abc", "東", "京"]
    assert prepare("5 µm ϐ 𝐌 ſ") == "5 μm β M s"
    assert prepare("Windows™ №5") == "Windows™ №5"
    assert prepare("a\ud800b") == "a b"


def test_endless_words_are_cut_and_none_of_them_dropped() -> None:
    cut = prepare("x" * 100_000 + " end").split()
    assert max(map(len, cut)) == 2048
    assert sum(map(len, cut)) == 100_003
