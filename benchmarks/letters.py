"""List mail for the benchmarks: real paragraphs, mixed anew for each message, under list headers.

One number gives one message, always the same. Within a message no paragraph comes twice; some words are
replaced by others of the stock and by new names and numbers, so that a message compresses as a real one does
and the index meets words it has not seen. Reports what it is, not what real mail of any one company is.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property

from amberpost.demo.chance import Chance
from benchmarks.stock import Stock

PEOPLE = 50  # who own mail, through their addresses
OUTSIDERS = 950
EVERYBODY = "all@lists.example"  # on every message: its holder owns everything
SELDOM = "seldom@lindenhof.example"  # on one message in a thousand
SELDOM_EACH = 1000
RARE_WORD, RARE_EACH = "quetzalcoatlus", 2500  # in so few messages
PHRASE, PHRASE_EACH = "copper kettle inventory", 200
EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
_DATES = 120_000  # messages until the first date comes again, so that none is in the future
_MANY_SCRIPTS = 5  # messages in a hundred that mix Cyrillic, Japanese, Arabic with the rest
_ASCII = 65  # and that have no letter beyond ASCII

_SYLLABLES = re.findall(
    r"\w+", "ba con der el fin gar hol ist jur kem lan mor nu or pel qui ras sen tor ul ven wil xan yor zel"
)
_WORD = re.compile(r"[A-Za-z]{3,14}")
_LISTS = ("users", "devel", "announce", "support", "security", "core", "docs", "help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message and what is true of it."""

    number: int
    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str


class Writer:
    """Writes letter after letter from a stock."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @cached_property
    def people(self) -> tuple[tuple[str, str], ...]:
        """(name, address); the first PEOPLE are users of the archive."""
        chance = Chance("benchmark people")
        return tuple(_person(chance, number) for number in range(PEOPLE + OUTSIDERS))

    @cached_property
    def western(self) -> tuple[str, ...]:
        """Paragraphs without other scripts than the Latin one."""
        return tuple(piece for piece in self._stock.paragraphs if _fits(piece, "cp1252"))

    @cached_property
    def _ascii(self) -> tuple[str, ...]:
        return tuple(piece for piece in self._stock.paragraphs if piece.isascii())

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(word for word in self._stock.words if word.isascii())

    def letter(self, number: int) -> Letter:
        chance = Chance(f"letter/{number}")
        sent_at = EPOCH + timedelta(seconds=number % _DATES * 1800 + chance.below(86_400))
        sender = self._sender(chance)
        to = self._recipients(chance, number)
        topic = number // 5  # five messages a conversation
        message_id = f"{chance.hex(16)}.{number}@{sender[1].partition('@')[2]}"
        subject = self._subject(Chance(f"topic/{topic}"), is_reply=number % 5 > 0)
        head = self._head(chance, sender, to, subject, message_id, sent_at, number)
        body = self._body(chance, number)
        raw = (head + "\n" + body).encode("utf-8")
        addresses = tuple(address for _, address in to)
        return Letter(
            number=number,
            raw=raw,
            sender=sender[1],
            recipients=addresses,
            message_id=message_id,
            subject=subject,
        )

    def _sender(self, chance: Chance) -> tuple[str, str]:
        return self.people[chance.below(PEOPLE) if chance.is_in(40) else PEOPLE + chance.below(OUTSIDERS)]

    def _recipients(self, chance: Chance, number: int) -> list[tuple[str, str]]:
        """The list, one of ours, and some others."""
        found = [("", EVERYBODY), self.people[chance.below(PEOPLE)]]
        found += [self.people[chance.below(len(self.people))] for _ in range(chance.one_of((0, 0, 0, 1, 2)))]
        if number % SELDOM_EACH == 7:
            found.append(("Seldom Seen", SELDOM))
        return list(dict.fromkeys(found))

    def _subject(self, chance: Chance, *, is_reply: bool) -> str:
        words = [chance.one_of(self._words) for _ in range(chance.between(3, 8))]
        tag = f"[{chance.one_of(_LISTS)}] "
        return f"{'Re: ' if is_reply else ''}{tag}{' '.join(words)}"

    def _head(
        self,
        chance: Chance,
        sender: tuple[str, str],
        to: list[tuple[str, str]],
        subject: str,
        message_id: str,
        sent_at: datetime,
        number: int,
    ) -> str:
        when = format_datetime(sent_at)
        name = chance.one_of(_LISTS)
        domain = sender[1].partition("@")[2]
        hosts = (
            f"mail-{chance.hex(4)}.{domain}",
            f"out{chance.below(99)}.{domain}",
            "lists.example",
            "localhost",
        )
        thread = [number - back for back in range(number % 5, 0, -1)]
        ids = [f"<{Chance(f'letter/{one}').hex(16)}.{one}@lists.example>" for one in thread]
        references = f"In-Reply-To: {ids[-1]}\nReferences: {' '.join(ids)}\n" if ids else ""
        fields = [
            f"Return-Path: <{name}-bounces@lists.example>\nDelivered-To: {name}-archive@lists.example\n",
            *(_received(chance, host, name, when) for host in hosts),
            f"X-Spam-Status: No, score={chance.below(40) / 10 - 4:.1f} required=5.0\n"
            "\ttests=BAYES_00,DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,MAILING_LIST_MULTI,RCVD_IN_DNSWL_MED,SPF_PASS,\n"
            f"\tT_SCC_BODY_TEXT_LINE autolearn={chance.one_of(('ham', 'no'))} version=3.4.6\n"
            f"Authentication-Results: mx.lists.example; dkim=pass header.i=@{domain};\n"
            f"\tspf=pass smtp.mailfrom={sender[1]}; dmarc=pass (p=none) header.from={domain}\n",
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s{chance.below(9)};\n"
            "\th=mime-version:references:in-reply-to:from:date:message-id:subject:to:cc;\n"
            f"\tbh={_base64(chance, 32)};\n\tb={_base64(chance, 48)}\n\t {_base64(chance, 48)}\n",
            f"Date: {when}\nFrom: {mailbox(*sender)}\nTo: {mailbox(*to[0])}\n",
            f"Cc: {', '.join(mailbox(*one) for one in to[1:])}\n",
            f"Message-ID: <{message_id}>\n{references}Subject: {subject}\n",
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
            f"User-Agent: Mutt/1.{chance.below(14)}.{chance.below(9)}\nPrecedence: list\n",
            f"X-BeenThere: {name}@lists.example\nX-Mailman-Version: 2.1.{chance.below(40)}\n",
            f"List-Id: The {name} list <{name}.lists.example>\n",
            f"List-Unsubscribe: <https://lists.example/options/{name}>,\n",
            f"\t<mailto:{name}-leave@lists.example>\n",
            f"List-Archive: <https://lists.example/pipermail/{name}/>\n",
            f"List-Post: <mailto:{name}@lists.example>\n",
            f"Errors-To: {name}-bounces@lists.example\nSender: {name}-bounces@lists.example\n",
        ]
        return "".join(fields)

    def _body(self, chance: Chance, number: int) -> str:
        wanted = _size(chance)
        paragraphs = self._paragraphs(chance.below(100))
        topic = [chance.one_of(self._words) for _ in range(20)]
        pieces: list[str] = []
        used: set[int] = set()
        length = 0
        while length < wanted and len(used) < len(paragraphs):
            chosen = chance.below(len(paragraphs))
            if chosen in used:
                continue
            used.add(chosen)
            piece = self._mixed(paragraphs[chosen], chance, topic)
            if chance.is_in(40):
                piece = "> " + piece.replace("\n", "\n> ")
            pieces.append(piece)
            length += len(piece) + 2
        if number % RARE_EACH == 11:
            pieces.append(f"Has anybody seen the {RARE_WORD} lately?")
        if number % PHRASE_EACH == 13:
            pieces.append(f"The {PHRASE} is in the appendix.")
        return "\n\n".join(pieces) + "\n"

    def _paragraphs(self, drawn: int) -> tuple[str, ...]:
        if drawn < _ASCII:
            return self._ascii
        return self.western if drawn < 100 - _MANY_SCRIPTS else self._stock.paragraphs

    def _mixed(self, paragraph: str, chance: Chance, topic: list[str]) -> str:
        """The paragraph with half of its words replaced, mostly by the words of the topic."""
        words = self._words
        pieces, done = [], 0
        for match in _WORD.finditer(paragraph):
            drawn = chance.below(1000)
            if drawn >= 500:
                continue
            pieces.append(paragraph[done : match.start()])
            pieces.append(_new_word(chance) if drawn < 15 else chance.one_of(topic if drawn > 40 else words))
            done = match.end()
        return "".join([*pieces, paragraph[done:]])


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _size(chance: Chance) -> int:
    """Bytes of a body: most are short, a few long; 6.6 KB on average beside 2.5 KB of header."""
    sum_of_three = sum(chance.below(1000) for _ in range(3)) / 1500  # about 1
    long = 4 if chance.is_in(10) else 1
    return max(300, int(4800 * sum_of_three * long))


def _received(chance: Chance, host: str, name: str, when: str) -> str:
    return (
        f"Received: from {host} ({host} [{chance.below(223)}.{chance.below(256)}.{chance.below(256)}.7])\n"
        f"\tby mx{chance.below(9)}.lists.example (Postfix) with ESMTPS id {chance.hex(10).upper()}\n"
        f"\tfor <{name}@lists.example>; {when}\n"
    )


def _base64(chance: Chance, size: int) -> str:
    return base64.b64encode(chance.data(size)).decode("ascii")


def _new_word(chance: Chance) -> str:
    """A name or a number nobody has used before, or hardly."""
    if chance.is_in(30):
        return chance.hex(chance.one_of((6, 8, 12)))
    return "".join(chance.one_of(_SYLLABLES) for _ in range(chance.between(2, 4))).capitalize()


def _person(chance: Chance, number: int) -> tuple[str, str]:
    first, last = _new_name(chance), _new_name(chance)
    domain = "lindenhof.example" if number < PEOPLE else f"{_new_name(chance).lower()}.example"
    return f"{first} {last}", f"{first}.{last}.{number}@{domain}".lower()


def _new_name(chance: Chance) -> str:
    return "".join(chance.one_of(_SYLLABLES) for _ in range(chance.between(2, 3))).capitalize()


def mailbox(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address
