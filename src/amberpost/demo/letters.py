"""Writes the text of a letter from building blocks, so that bodies differ and read like office mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from amberpost.demo.chance import Chance
from amberpost.demo.company import OTHERS, Person
from amberpost.demo.phrases import CITIES, PHRASES, PRODUCTS, PROJECTS, Phrases
from amberpost.demo.topic import Topic

_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)


class LetterFacts:
    """Fills the {slots}: what a conversation is about stays, dates and amounts come new each time."""

    def __init__(self, chance: Chance, sent_at: datetime, language: str, fixed: dict[str, str]) -> None:
        self._chance = chance
        self._sent_at = sent_at
        self._language = language
        self._fixed = fixed

    def __getitem__(self, slot: str) -> str:
        if fixed := self._fixed.get(slot):
            return fixed
        chance, is_german = self._chance, self._language == "de"
        match slot:
            case "date":
                day = self._sent_at + timedelta(days=chance.between(-20, 40))
                if is_german:
                    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"
                return f"{day.day} {day:%B %Y}"
            case "amount":
                text = f"{chance.between(1_500, 4_000_000) / 100:,.2f}"  # of cents
                return text.translate(_GERMAN_AMOUNT) if is_german else text
            case "last":
                return chance.one_of(OTHERS).last
            case "tracking":
                return chance.hex(12)
            case _:
                low, high = _RANGES[slot]
                return str(chance.between(low, high))


_RANGES = {
    "count": (2, 900),
    "days": (2, 36),
    "percent": (2, 35),
    "item": (1, 19),
    "hour": (8, 17),
    "extension": (100, 499),
}
_GERMAN_AMOUNT = str.maketrans(",.", ".,")


def conversation_facts(chance: Chance, sent_at: datetime) -> dict[str, str]:
    """What stays the same in all letters of one conversation."""
    return {
        "number": str(chance.between(10_000, 99_999)),
        "year": str(sent_at.year - chance.below(2)),
        "product": chance.one_of(PRODUCTS),
        "project": chance.one_of(PROJECTS),
        "city": chance.one_of(CITIES),
        "company": chance.one_of(OTHERS).company,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLetter:
    """Text as paragraphs; lines end with LF until a message is made of it."""

    paragraphs: tuple[str, ...]
    quoted: str = ""

    @property
    def text(self) -> str:
        text = "\n\n".join(self.paragraphs) + "\n"
        return text if not self.quoted else f"{text}\n{quote(self.quoted)}\n"


def write_letter(
    chance: Chance,
    topic: Topic,
    facts: LetterFacts,
    *,
    author: Person,
    reader: Person | None,
    quoted: str = "",
) -> DemoLetter:
    phrases = PHRASES[author.language]
    sentences = chance.some_of(topic.sentences, chance.between(3, 9))
    sentences.insert(chance.between(1, len(sentences)), chance.one_of(phrases.asides))
    greeting = chance.one_of(_greetings(phrases, reader))
    signature = [chance.one_of(phrases.closings), author.name, author.title, author.company]
    paragraphs = [greeting, *_paragraphs(chance, [one.format_map(facts) for one in sentences])]
    return DemoLetter(paragraphs=(*paragraphs, "\n".join(line for line in signature if line)), quoted=quoted)


def html_of(letter: DemoLetter, *, image_cid: str = "") -> str:
    """The same letter as the HTML that office mail programs write."""
    body = "".join(f"<p>{escape(one).replace(chr(10), '<br>')}</p>\n" for one in letter.paragraphs)
    if letter.quoted:
        body += f'<blockquote style="border-left:2px solid #888">{escape(letter.quoted)}</blockquote>\n'
    if image_cid:
        body += f'<p><img src="cid:{image_cid}" alt="Lindenhof" width="160"></p>\n'
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html"></head>\n'
        f'<body style="font-family:Calibri,sans-serif">\n{body}</body></html>\n'
    )


def quote(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.splitlines())


def _greetings(phrases: Phrases, reader: Person | None) -> list[str]:
    """By name for one person, in general for a list."""
    if reader is None:
        return [one for one in phrases.greetings if "{" not in one]
    return [one.format(name=reader.name, first=reader.first) for one in phrases.greetings if "{" in one]


def _paragraphs(chance: Chance, sentences: list[str]) -> list[str]:
    paragraphs, at = [], 0
    while at < len(sentences):
        size = chance.between(1, 4)
        some = sentences[at : at + size]
        first = some[0] if at == 0 else some[0][0].upper() + some[0][1:]
        paragraphs.append(" ".join([first, *(one[0].upper() + one[1:] for one in some[1:])]))
        at += size
    return paragraphs
