"""Query text to query tree. Pure; raises QueryError and nothing else.

What people half type works where only one meaning is possible (a quote or parenthesis left open ends with the
text) and is refused in clear words where not (an operator without its word). The language for people:
docs/reference/query-language.md. Limits as in the house's security rules: length, terms, depth.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

from amberpost.errors import QueryError
from amberpost.search.dates import interval
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
from amberpost.search.words import Word, stands_alone, words

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "MAX_TERMS", "MAX_WORDS", "Query", "parse_query"]

MAX_LENGTH = 1024  # characters
MAX_TERMS = 32  # words, phrases and conditions
MAX_DEPTH = 8  # parentheses and negations
MAX_WORDS = 64  # words of one phrase
MAX_OPEN_PHRASES = 4  # phrases that end with *, the dearest thing to ask for
MIN_PREFIX = 2  # characters before *
MAX_PREFIX = 64  # the automaton of an index that looks for beginnings has an end, too

TokenKind = Literal["word", "phrase", "field", "(", ")", "minus", "operator"]

_TEXT_FIELDS = {field.value: field for field in Field}
_QUOTES = str.maketrans("„“”‟«»＂", '"' * 7)
_SPACE = re.compile(r"\s*")
_FIELD = re.compile(
    r"(from|to|subject|body|filename|before|after|on|has|is|larger|smaller|id|thread):", re.IGNORECASE
)
_MINUS = re.compile(r"(?<![^\s(])-(?=[^\s\-)])")  # at the beginning of a word; "--help" is a word
_PHRASE = re.compile(r'"([^"]*)"?')
_WORD = re.compile(r'[^\s()"]+')
_SIZE = re.compile(r"(?P<number>\d{1,9}(?:[.,]\d{1,3})?)(?P<unit>[kmg]?)b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)  # fits 64 bits


@dataclass(frozen=True, slots=True)
class _Token:
    kind: TokenKind
    text: str


def parse_query(text: str, zone: tzinfo = UTC) -> Query:
    """The tree of a query; dates in it are days of `zone`. Empty text and a lone * mean everything.

    QueryError, with a code and what it is about, for a text that means nothing or asks too much.
    """
    text = text.strip()
    if text in ("", "*"):
        return Everything()
    if len(text) > MAX_LENGTH:
        raise QueryError("search_too_long", limit=MAX_LENGTH)
    query = _Parser(list(_tokens(text.translate(_QUOTES))), zone).parse()
    if query is None:
        raise QueryError("search_without_letter", subject=text)
    return query


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while (space := _SPACE.match(text, place)) and (place := space.end()) < len(text):
        char = text[place]
        if char in "()":
            yield _Token("(" if char == "(" else ")", char)
            place += 1
        elif match := _PHRASE.match(text, place):
            yield _Token("phrase", match.group(1))
            place = match.end()
        elif match := _MINUS.match(text, place):
            yield _Token("minus", "-")
            place = match.end()
        elif match := _FIELD.match(text, place):
            yield _Token("field", match.group(1).lower())
            place = match.end()
        else:
            # Operators are in capitals: "and" and "or" are words people look for.
            match = _WORD.match(text, place)
            word = match.group() if match else char
            yield _Token("operator" if word in ("AND", "OR", "NOT") else "word", word)
            place += len(word)


class _Parser:
    """Recursive descent over the tokens; recursion is bounded by MAX_DEPTH.

    A part without letter or digit ("&", "()") is None: it says nothing and vanishes.
    """

    def __init__(self, tokens: list[_Token], zone: tzinfo) -> None:
        self._tokens = tokens
        self._next = 0
        self._zone = zone
        self._terms = 0
        self._open_phrases = 0
        self._depth = 0
        self._field: Field | None = None

    def parse(self) -> Query | None:
        items = []
        while self._next < len(self._tokens):
            items.append(self._either())
            self._take(")")  # one too many closes nothing
        return _joined(All, items)

    def _either(self) -> Query | None:
        items = [self._both()]
        while self._take("operator", "OR"):
            self._operand_follows("OR")
            items.append(self._both())
        return _joined(Any, items)

    def _both(self) -> Query | None:
        self._refuse_operator()
        items = []
        while (
            (token := self._peek()) and token.kind != ")" and (token.kind, token.text) != ("operator", "OR")
        ):
            if self._take("operator", "AND"):
                self._operand_follows("AND")
            items.append(self._one())
        return _joined(All, items)

    def _one(self) -> Query | None:
        if self._take("minus") or self._take("operator", "NOT"):
            self._operand_follows("NOT")
            item = self._deeper(self._one)
            return None if item is None else Not(item)
        if self._take("("):
            return self._group()
        token = self._tokens[self._next]
        self._next += 1
        if token.kind == "field":
            return self._in_field(token.text)
        return self._text(token)

    def _group(self) -> Query | None:
        item = None
        if not self._take(")"):
            item = self._deeper(self._either)
            self._take(")")  # left open: ends with the text
        return item

    def _deeper(self, parse: Callable[[], Query | None]) -> Query | None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryError("parentheses_too_deep", limit=MAX_DEPTH)
        item = parse()
        self._depth -= 1
        return item

    def _in_field(self, name: str) -> Query:
        field = _TEXT_FIELDS.get(name)
        if field is not None and self._take("("):
            outer, self._field = self._field, field
            item = self._group()
            self._field = outer
            return _told(item, name)
        token = self._peek()
        if token is None or token.kind not in ("word", "phrase"):
            raise _no_value(name)
        self._next += 1
        if field is None:
            self._count_term()
            return self._condition(name, token.text)
        return _told(self._text(token, field=field), name)

    def _condition(self, name: str, value: str) -> Query:
        match name:
            case "before":
                return Sent(end=interval(value, self._zone)[0])
            case "after":
                return Sent(begin=interval(value, self._zone)[0])
            case "on":
                begin, end = interval(value, self._zone)
                return Sent(begin=begin, end=end)
            case "larger":
                return Size(larger=_size(value))
            case "smaller":
                return Size(smaller=_size(value))
            case "id":
                if not _NUMBER.fullmatch(value):
                    raise QueryError("not_a_message_number", subject=value)
                return Number(int(value))
            case "thread":
                return Thread(value)
            case "is":
                if value.lower() != "truncated":
                    raise QueryError("is_unknown", subject=value)
                return IsTruncated()
            case _:
                if value.lower() not in ("attachment", "attachments"):
                    raise QueryError("has_unknown", subject=value)
                return HasAttachment()

    def _text(self, token: _Token, field: Field | None = None) -> Text | None:
        text, prefix = (token.text, False) if token.kind == "phrase" else _without_star(token.text)
        found = list(words(text))
        if not found and prefix:
            raise _short_prefix(token.text)
        if not found:
            return None
        if len(found) > MAX_WORDS:
            raise QueryError("phrase_too_long", limit=MAX_WORDS)
        self._count_term()
        goes_on = prefix and _goes_on(token.text, found[-1])
        self._open_phrases += goes_on and len(found) > 1
        if self._open_phrases > MAX_OPEN_PHRASES:
            raise QueryError("prefix_phrases_too_many", limit=MAX_OPEN_PHRASES)
        # "*.pdf" asks for the ending of a file: that is what it means to everybody.
        if token.kind == "word" and token.text.startswith("*.") and not (field or self._field):
            field = Field.FILENAME
        return Text(text=text, field=field or self._field, prefix=goes_on)

    def _count_term(self) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError("terms_too_many", limit=MAX_TERMS)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, kind: TokenKind, text: str | None = None) -> bool:
        token = self._peek()
        taken = token is not None and token.kind == kind and text in (None, token.text)
        self._next += taken
        return taken

    def _refuse_operator(self) -> None:
        """AND and OR need something before them."""
        token = self._peek()
        if token is not None and token.kind == "operator" and token.text != "NOT":
            raise _lone(token.text)

    def _operand_follows(self, operator: str) -> None:
        token = self._peek()
        if token is None or token.kind == ")":
            raise _lone(operator)
        self._refuse_operator()


def _joined(kind: type[All] | type[Any], items: list[Query | None]) -> Query | None:
    told = tuple(item for item in items if item is not None)
    if len(told) < 2:
        return told[0] if told else None
    return kind(told)


def _without_star(word: str) -> tuple[str, bool]:
    """The word, and whether it ended with *. "*@firma.example" is a domain, "*.pdf" an ending."""
    bare = word.rstrip("*")
    prefix = bare != word
    if bare[:2] in ("*@", "*."):
        bare = bare[1:]
    if "*" in bare:
        raise QueryError("wildcard_inside", subject=word)
    return bare, prefix


def _goes_on(word: str, last: Word) -> bool:
    """Whether a * behind `last` has a meaning. Characters that stand alone are found without one."""
    if stands_alone(last.text[0]):
        return False
    if len(last.text) < MIN_PREFIX:
        raise _short_prefix(word)
    if len(last.text) > MAX_PREFIX:
        raise QueryError("prefix_too_long", limit=MAX_PREFIX)
    return True


def _short_prefix(word: str) -> QueryError:
    return QueryError(
        "prefix_too_short",
        limit=MIN_PREFIX,
        subject=word,
    )


def _lone(operator: str) -> QueryError:
    if operator == "NOT":
        return QueryError("not_alone")
    return QueryError("operator_alone", operator=operator)


def _no_value(name: str) -> QueryError:
    return QueryError("colon_without_term", subject=f"{name}:")


def _told(item: Query | None, name: str) -> Query:
    """A field asks for something."""
    if item is None:
        raise _no_value(name)
    return item


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise QueryError("not_a_size", subject=text)
    return int(float(match["number"].replace(",", ".")) * _UNITS[match["unit"].lower()])
