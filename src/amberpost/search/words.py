"""What a word is: the rules that texts and queries share.

prepare() makes a text ready for the index's own tokenizer (split at everything that is neither letter nor
digit, fold accents, lower-case), which does the bulk of the work in native code. words() does the same in
Python, with places in the original text, for excerpts and for judging a query. The rules in words for people:
docs/reference/query-language.md.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

# Scripts written without spaces (and Hangul, whose words carry endings): each character is a word of its
# own, a run of them in a query is a phrase. Thai, Lao, Tibetan, Burmese, Jamo, Khmer, CJK, Kana, Hangul,
# half-width.
_ALONE = (
    "\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Invisible inside words: soft hyphen, zero-width, combining marks that no precomposed letter exists for.
_INVISIBLE = "\u00ad\u034f\u200b-\u200d\u2060\ufeff\u0300-\u036f"
_GREEK = str.maketrans("άέήίόύώϊϋΐΰςΆΈΉΊΌΎΏΪΫёЁ", "αεηιουωιυιυσΑΕΗΙΟΥΩΙΥеЕ")
# Other shapes of letters and digits (Unicode's compatibility characters): long s, forms of Greek letters, modifiers,
# small figures, letterlike signs, Roman numerals, ligatures, Arabic forms of letters, full width, mathematics.
_SHAPES = (
    "\u02b0-\u02b8\u02e0-\u02e4\u0132-\u0133\u017f\u01c4-\u01cc\u01f1-\u01f3\u03d0-\u03d6\u03f0-\u03f5\u03f9\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u1e9b\u2070-\u209c"
    "\u2102-\u2149\u2160-\u217f\u2c7c-\u2c7d\ufb00-\ufb4f\ufb50-\ufdfb\ufe70-\ufefc\uff10-\uff5a\U0001d400-\U0001d7ff\U0001ee00-\U0001eebb"
)
_WESTERN_SHAPES = (
    ("\u00b5", "\u03bc"),
    ("\u00aa", "a"),
    ("\u00ba", "o"),
)  # micro is the Greek letter; 1ª, nº
_LONG_TEXT = 16 * 1024  # shorter texts hold no word that the index would drop (65,530 bytes)
_LONG_WORD = 2048  # longer than any query, so cutting there never hides a word that can be asked for
_LONG_RUN = re.compile(rf"[^\W_]{{{_LONG_WORD}}}")
_UNFOLDED = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ħ": "h",
        "ŋ": "n",
        "ё": "е",
    }
)


# Compiled when first used: classes as large as these take 50 ms, and most commands look at no word.


@cache
def _special() -> re.Pattern[str]:
    return re.compile(
        f"(?P<alone>[{_ALONE}]+)|(?P<gone>[{_INVISIBLE}]+)|(?P<shape>[{_SHAPES}]+)"
        "|(?P<greek>[\u0386-\u03ceςёЁ]+)|(?P<bad>[\ud800-\udfff]+)"
    )


@cache
def _any_special() -> re.Pattern[str]:
    """The same as one class: a third of the time."""
    return re.compile(f"[{_ALONE}{_INVISIBLE}{_SHAPES}\u0386-\u03ceςёЁ\ud800-\udfff]+")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(
        rf"[\uff66-\uff9d][\uff9e\uff9f]|[{_ALONE}]|[^\W_{_ALONE}{_INVISIBLE}][^\W_{_ALONE}]*"
        rf"(?:[{_INVISIBLE}]+[^\W_{_ALONE}]*)*"
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word and where it stands in the text."""

    text: str
    start: int
    end: int


def prepare(text: str) -> str:
    """The text with everything settled that the native tokenizer does not know. Cheap for western text."""
    if len(text) > _LONG_TEXT and max(map(len, text.split()), default=0) > _LONG_WORD:
        text = _LONG_RUN.sub(r"\g<0> ", text)
    if text.isascii():
        return text
    for char, usual in _WESTERN_SHAPES:
        text = text.replace(char, usual)
    if _fits(text, "latin-1"):
        return text.replace("\u00ad", "")
    text = unicodedata.normalize("NFC", text)
    if _fits(text, "cp1252"):
        return text.replace("\u00ad", "")
    return _any_special().sub(lambda run: _special().sub(_settle, run.group()), text)


def _fits(text: str, charset: str) -> bool:
    """Whether the text has no character beyond the charset: the fastest scan that Python offers."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _settle(match: re.Match[str]) -> str:
    run = match.group()
    if match.lastgroup == "alone":
        return f" {' '.join(filter(_counts, unicodedata.normalize('NFKC', run)))} "
    if match.lastgroup == "shape":
        return "".join(map(_usual_shape, run)).translate(_GREEK)
    if match.lastgroup == "greek":
        return run.translate(_GREEK)
    return "" if match.lastgroup == "gone" else " "


@lru_cache(maxsize=5_000)
def _usual_shape(char: str) -> str:
    """A letter or digit in its usual shape; a sign (™) stays what it is and parts words."""
    usual = unicodedata.normalize("NFKC", char)
    return usual if usual.isalnum() and char.isalnum() else char


def words(text: str) -> Iterator[Word]:
    """The folded words of a text in order, with their places in it."""
    for match in _word().finditer(text):
        word = match.group()
        if _counts(word[0]):
            yield Word(fold(word), match.start(), match.end())


def _counts(char: str) -> bool:
    """Whether a character is searched for: tone marks and vowels above or below the line (Mn) are not."""
    category = unicodedata.category(char)
    return category[0] in "LN" or category == "Mc"


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """One word without case and accents: "Müller" -> "muller", "Straße" -> "strasse"."""
    if word.isascii():
        return word.lower()
    kept: list[str] = []
    base = ""
    for char in unicodedata.normalize("NFKD", word):
        if not unicodedata.combining(char):
            base = char
        elif base < "\u0400":  # Latin and Greek lose their marks; elsewhere they make another letter
            continue
        if char not in "\u00ad\u200b\u200c\u200d\u2060\ufeff":
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).casefold().translate(_UNFOLDED)


def stands_alone(char: str) -> bool:
    """Whether a character is a word of its own."""
    return re.match(f"[{_ALONE}]", char) is not None
