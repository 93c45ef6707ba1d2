"""Varied office mail of a fictional company, the same for the same seed, with the truth about each message.

Promises: one seed gives the same bytes everywhere; dates lie in the days before `now`; nothing names a
real person or domain. For the demo, for tests and for benchmarks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count as count_from
from itertools import islice

from amberpost.demo import kinds
from amberpost.demo.chance import Chance
from amberpost.demo.company import ANNA, DOMAIN, LISTS, OTHERS, PEOPLE, RUTH, Person
from amberpost.demo.compose import Composed, Reader, Route
from amberpost.demo.kinds import Composer, Occasion
from amberpost.demo.letters import LetterFacts, conversation_facts
from amberpost.demo.phrases import PHRASES
from amberpost.demo.report import envelopes, report
from amberpost.message.types import Envelope, RecipientKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMessage:
    """A plain message and what is true of it."""

    raw: bytes
    kind: str
    message_id: str  # without < >
    subject: str
    sent_at: datetime
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """A journal report, the message inside it, and the envelope that Exchange reports."""

    raw: bytes
    inner: bytes
    envelope: Envelope
    kind: str
    message_id: str  # of the message inside, without < >
    subject: str
    sent_at: datetime

    @property
    def sender(self) -> str:
        return self.envelope.mail_from or ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whoever got it, in the order of the report."""
        return tuple(one.address for one in self.envelope.rcpt_to)

    @property
    def bcc(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.envelope.rcpt_to if one.kind == RecipientKind.BCC)

    @property
    def owners(self) -> frozenset[str]:
        """Every address of the report that grants ownership, lists and forwarding people included."""
        redirected = {source.address for one in self.envelope.rcpt_to for source in one.redirections}
        senders = {self.sender, self.envelope.on_behalf_of or ""} - {""}
        return frozenset({*self.recipients, *redirected, *senders})


def journal_reports(seed: str, count: int, now: datetime, *, days: float = 730) -> Iterator[SampleReport]:
    """`count` journal reports of the last `days`; the forks of one message follow each other.

    Forks have the same message inside, byte for byte.
    """
    return islice(_reports(seed, now, days), count)


def plain_messages(seed: str, count: int, now: datetime, *, days: float = 730) -> Iterator[SampleMessage]:
    """`count` messages as they lie in ordinary mailboxes, without reports."""
    return (
        SampleMessage(
            raw=written.raw,
            kind=written.kind,
            message_id=written.message_id,
            subject=written.subject,
            sent_at=written.sent_at,
            author=written.route.author.address,
            to=tuple(one.address for one in written.route.to),
            cc=tuple(one.address for one in written.route.cc),
        )
        for written in islice(_messages(seed, now, days), count)
    )


def _reports(seed: str, now: datetime, days: float) -> Iterator[SampleReport]:
    chance = Chance(f"{seed}/reports")
    for written in _messages(seed, now, days):
        for envelope in envelopes(written, chance):
            yield SampleReport(
                raw=report(written, envelope, chance),
                inner=written.raw,
                envelope=envelope,
                kind=written.kind,
                message_id=written.message_id,
                subject=written.subject,
                sent_at=written.sent_at,
            )


def _messages(seed: str, now: datetime, days: float) -> Iterator[Composed]:
    for number in count_from():
        chance = Chance(f"{seed}/{number}")
        begun_at = now - timedelta(seconds=chance.between(60, max(61, int(days * 86_400))))
        yield from _conversation(chance, _occasion(chance, seed, begun_at), now)


def _conversation(chance: Chance, occasion: Occasion, now: datetime) -> Iterator[Composed]:
    """One to six messages about one matter, each later than the one it answers."""
    kind = _first_kind(chance)
    for _ in range(1 if kind in _LONELY else chance.one_of((1, 1, 1, 2, 2, 3, 4, 6))):
        written = kind(chance, occasion)
        yield written
        occasion = _answer(chance, occasion, written, now)
        # A discussion goes on as one; office mail is answered, and now and then passed on.
        if kind is not kinds.discussion:
            kind = kinds.forwarded if chance.is_in(12) else kinds.letter


_LONELY: tuple[Composer, ...] = (kinds.newsletter, kinds.bounce, kinds.encrypted, kinds.outlook_wrapped)
_KINDS: tuple[tuple[int, Composer], ...] = (  # in a hundred
    (68, kinds.letter),
    (9, kinds.newsletter),
    (7, kinds.discussion),
    (5, kinds.invitation),
    (3, kinds.defective),
    (2, kinds.bounce),
    (2, kinds.encrypted),
    (2, kinds.signed),
    (2, kinds.outlook_wrapped),
)


def _first_kind(chance: Chance) -> Composer:
    drawn = chance.below(100)
    for share, kind in _KINDS:
        drawn -= share
        if drawn < 0:
            return kind
    return kinds.letter


def _occasion(chance: Chance, seed: str, sent_at: datetime) -> Occasion:
    route = _route(chance)
    phrases = PHRASES[route.author.language]
    is_inside = route.author.is_ours and all(one.address.endswith("@" + DOMAIN) for one in route.to)
    topic = chance.one_of(phrases.internal if is_inside else phrases.office)
    fixed = conversation_facts(chance, sent_at)
    subject = chance.one_of(topic.subjects).format_map(
        LetterFacts(chance, sent_at, route.author.language, fixed)
    )
    return Occasion(seed=seed, route=route, topic=topic, fixed=fixed, subject=subject, sent_at=sent_at)


def _route(chance: Chance) -> Route:
    """Half of the mail goes between the company and others, the rest stays inside."""
    us, them = chance.one_of(PEOPLE), chance.one_of(OTHERS)
    colleagues = [one for one in chance.some_of(PEOPLE, 4) if one is not us]
    copies: tuple[Reader, ...] = tuple(colleagues[: chance.one_of((0, 0, 0, 1, 1, 2))])
    match chance.below(10):
        case 0 | 1 | 2:
            to: tuple[Reader, ...] = (chance.one_of(LISTS),) if chance.is_in(25) else (us,)
            return Route(author=them, to=to, cc=copies)
        case 3 | 4 | 5:
            return _sent_by_us(chance, us, (them,), copies)
        case 6:
            return _sent_by_us(chance, us, (chance.one_of(LISTS),), ())
        case _:
            return _sent_by_us(chance, us, (colleagues[-1],), copies[:1])


def _sent_by_us(chance: Chance, us: Person, to: tuple[Reader, ...], cc: tuple[Reader, ...]) -> Route:
    named = {us.address, *(one.address for one in (*to, *cc))}
    hidden = tuple(one for one in chance.some_of(PEOPLE, 2) if one.address not in named)
    return Route(
        author=us,
        to=to,
        cc=tuple(one for one in cc if one not in to),
        bcc=hidden[: chance.one_of((1, 1, 2))] if chance.is_in(18) else (),
        delegate=RUTH if us is ANNA and RUTH not in to and chance.is_in(40) else None,
    )


def _answer(chance: Chance, occasion: Occasion, written: Composed, now: datetime) -> Occasion:
    """The other side writes back, hours or days later."""
    route = written.route
    readers = [one for one in route.to if isinstance(one, Person)] or [PEOPLE[chance.below(len(PEOPLE))]]
    back = Route(author=readers[0], to=(route.author,), cc=route.cc if chance.is_in(50) else ())
    subject = occasion.subject
    if not subject.startswith(("AW: ", "RE: ", "Re: ")):
        subject = f"{'AW' if readers[0].language == 'de' else 'RE'}: {subject}"
    sent_at = min(occasion.sent_at + timedelta(minutes=chance.between(5, 6000)), now)
    return replace(
        occasion,
        route=back,
        subject=subject,
        sent_at=sent_at,
        references=(*occasion.references, written.message_id)[-20:],
        answered=written,
    )
