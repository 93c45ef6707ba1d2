"""The kinds of mail an office receives; each function writes one message."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from amberpost.demo.chance import Chance
from amberpost.demo.company import DEVELOPERS, DOMAIN, NEWSLETTERS, SOPHIE, TOBIAS, Person
from amberpost.demo.compose import Composed, Header, Route, header_block, local_time, new_message_id
from amberpost.demo.files import DemoFile, make_file, png, shared_files, winmail
from amberpost.demo.letters import DemoLetter, LetterFacts, conversation_facts, html_of, write_letter
from amberpost.demo.mime import STYLES, file_part, message_part, multipart, text_part
from amberpost.demo.phrases import DISCUSSION, PHRASES
from amberpost.demo.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a message is written for: who, when, about what, in answer to what."""

    seed: str
    route: Route
    topic: Topic
    fixed: dict[str, str]
    subject: str
    sent_at: datetime
    references: tuple[str, ...] = ()
    answered: Composed | None = None


Composer = Callable[[Chance, Occasion], Composed]


def letter(chance: Chance, occasion: Occasion) -> Composed:
    """Plain text or HTML, perhaps with files and a picture in the text."""
    written = _letter_of(chance, occasion)
    files = _files(chance, occasion, written) if chance.is_in(38) else []
    style = chance.one_of(STYLES)
    parts = [
        _body(chance, written, style),
        *(file_part(one.name, one.content_type, one.data) for one in files),
    ]
    body = multipart("mixed", parts, chance) if files else parts[0]
    return _finish(chance, occasion, "letter", body, written.text)


def forwarded(chance: Chance, occasion: Occasion) -> Composed:
    """The answered message hangs on as message/rfc822."""
    written = _letter_of(chance, occasion)
    body = text_part(written.text, chance.one_of(STYLES))
    if occasion.answered is not None:
        body = multipart("mixed", [body, message_part(occasion.answered.raw)], chance)
    occasion = replace(occasion, subject=f"{'WG' if chance.is_in(50) else 'Fwd'}: {occasion.subject}")
    return _finish(chance, occasion, "forwarded", body, written.text)


def invitation(chance: Chance, occasion: Occasion) -> Composed:
    written = _letter_of(chance, occasion)
    calendar = _calendar(chance, occasion)
    parts = [text_part(written.text, STYLES[0]), text_part(html_of(written), STYLES[0], "html")]
    parts.append(text_part(calendar, ("utf-8", "8bit"), "calendar", "; method=REQUEST"))
    return _finish(chance, occasion, "invitation", multipart("alternative", parts, chance), written.text)


def outlook_wrapped(chance: Chance, occasion: Occasion) -> Composed:
    """Text beside a winmail.dat, as Outlook sends it to itself."""
    written = _letter_of(chance, occasion)
    stream = winmail(
        occasion.subject, written.text, "preise.csv", b"Artikel;Preis\r\nA-1;9,90\r\n" + chance.data(40)
    )
    parts = [text_part(written.text, STYLES[3]), file_part("winmail.dat", "application/ms-tnef", stream)]
    return _finish(chance, occasion, "winmail", multipart("mixed", parts, chance), written.text)


def encrypted(chance: Chance, occasion: Occasion) -> Composed:
    """S/MIME as far as a reader without the key can tell; the content is filler."""
    filler = b"\x30\x82\x10\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + chance.data(
        chance.between(500, 4000)
    )
    body = file_part("smime.p7m", "application/pkcs7-mime; smime-type=enveloped-data", filler)
    return _finish(chance, occasion, "encrypted", body, "")


def signed(chance: Chance, occasion: Occasion) -> Composed:
    written = _letter_of(chance, occasion)
    parts = [
        text_part(written.text, STYLES[0]),
        file_part("smime.p7s", "application/pkcs7-signature", chance.data(900)),
    ]
    parameters = ' protocol="application/pkcs7-signature"; micalg=sha-256;'
    return _finish(chance, occasion, "signed", multipart("signed", parts, chance, parameters), written.text)


def newsletter(chance: Chance, occasion: Occasion) -> Composed:
    """HTML with pictures from elsewhere, sent to a general address."""
    author = chance.one_of(NEWSLETTERS)
    occasion = _about(chance, occasion, author, PHRASES[author.language].news)
    occasion = replace(occasion, route=Route(author=author, to=(SOPHIE,)))
    written = _letter_of(chance, occasion)
    domain = author.address.rpartition("@")[2]
    pictures = "".join(f'<img src="https://{domain}/{chance.hex(8)}.png" width="600">\n' for _ in range(4))
    html = html_of(written).replace(
        "</body>", f'{pictures}<a href="https://{domain}/out">Abmelden</a></body>'
    )
    parts = [text_part(written.text, STYLES[0]), text_part(html, STYLES[0], "html")]
    extra = (f"List-Id: <news.{domain}>", f"List-Unsubscribe: <https://{domain}/out>", "Precedence: bulk")
    return _finish(
        chance, occasion, "newsletter", multipart("alternative", parts, chance), written.text, extra
    )


def discussion(chance: Chance, occasion: Occasion) -> Composed:
    """Plain text of a technical mailing list."""
    author = chance.one_of(DEVELOPERS)
    if occasion.answered is None:
        occasion = _about(chance, occasion, author, DISCUSSION)
    occasion = replace(occasion, topic=DISCUSSION, route=Route(author=author, to=(TOBIAS,)))
    written = _letter_of(chance, occasion)
    extra = ("List-Id: <drives.lists.example>", "List-Post: <mailto:drives@lists.example>", "X-Mailer: mutt")
    return _finish(chance, occasion, "discussion", text_part(written.text, STYLES[1]), written.text, extra)


def bounce(chance: Chance, occasion: Occasion) -> Composed:
    """A delivery status notification (RFC 3464)."""
    lost = f"{chance.hex(6)}@{chance.one_of(('alt', 'weg', 'gone'))}.example"
    daemon = Person(first="Mail Delivery", last="System", address=f"mailer-daemon@{DOMAIN}", language="en")
    occasion = replace(occasion, route=Route(author=daemon, to=(occasion.route.sender,)))
    occasion = replace(occasion, subject=f"Undeliverable: {occasion.subject}")
    text = f"Delivery has failed to these recipients or groups:\n\n{lost}\nThe address does not exist.\n"
    status = (
        f"Reporting-MTA: dns; mx1.{DOMAIN}\r\n\r\n"
        f"Final-Recipient: rfc822; {lost}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    )
    headers = f"To: {lost}\r\nMessage-ID: <{chance.hex(12)}@{DOMAIN}>\r\n"
    parts = [
        text_part(text, STYLES[1]),
        b"Content-Type: message/delivery-status\r\n\r\n" + status.encode("ascii"),
        b"Content-Type: text/rfc822-headers\r\n\r\n" + headers.encode("ascii"),
    ]
    body = multipart("report", parts, chance, " report-type=delivery-status;")
    written = _finish(chance, occasion, "bounce", body, text, ("Auto-Submitted: auto-replied",))
    return replace(written, is_null_path=True)


def defective(chance: Chance, occasion: Occasion) -> Composed:
    """A letter with one of the faults that real programs make."""
    written = letter(chance, occasion)
    return replace(written, kind="defective", raw=chance.one_of(_DEFECTS)(written.raw))


_DEFECTS: tuple[Callable[[bytes], bytes], ...] = (
    lambda raw: raw.replace(b"\r\nDate: ", b"\r\nX-Date: ", 1),
    lambda raw: raw.replace(b"\r\nDate: ", b"\r\nDate: Montag, ", 1),
    lambda raw: raw.replace(b'charset="', b'charset="x-unknown-', 1),
    lambda raw: raw.replace(b"\r\nMIME-Version: 1.0", b"", 1),
    lambda raw: raw.replace(b"Subject: ", b"Subject: gr\xfc\xdfe ", 1),
    lambda raw: raw.replace(b"base64", b"base-64", 1),
    lambda raw: raw[: max(len(raw) - 60, raw.find(b"\r\n\r\n") + 4)],
    lambda raw: raw.replace(b"\r\nTo: ", b"\r\nTo: <<broken@@address>, ", 1),
)


def _letter_of(chance: Chance, occasion: Occasion) -> DemoLetter:
    route = occasion.route
    reader = next((one for one in route.to if isinstance(one, Person)), None)
    facts = LetterFacts(chance, occasion.sent_at, route.author.language, occasion.fixed)
    quoted = occasion.answered.text if occasion.answered is not None and chance.is_in(70) else ""
    return write_letter(
        chance, occasion.topic, facts, author=route.sender, reader=reader, quoted=quoted[:4000]
    )


def _about(chance: Chance, occasion: Occasion, author: Person, topic: Topic) -> Occasion:
    """The same moment, another matter."""
    fixed = conversation_facts(chance, occasion.sent_at)
    facts = LetterFacts(chance, occasion.sent_at, author.language, fixed)
    return replace(
        occasion, topic=topic, fixed=fixed, subject=chance.one_of(topic.subjects).format_map(facts)
    )


def _body(chance: Chance, written: DemoLetter, style: tuple[str, str]) -> bytes:
    match chance.below(10):
        case 0 | 1 | 2 | 3:
            return text_part(written.text, style)
        case 4:
            return text_part(html_of(written), style, "html")
        case 5 | 6:
            cid = f"image001.png@{chance.hex(8)}"
            picture = file_part("image001.png", "image/png", png(Chance("logo"), size=48), cid=cid)
            html = multipart(
                "related", [text_part(html_of(written, image_cid=cid), style, "html"), picture], chance
            )
            return multipart("alternative", [text_part(written.text, style), html], chance)
        case _:
            parts = [text_part(written.text, style), text_part(html_of(written), style, "html")]
            return multipart("alternative", parts, chance)


def _files(chance: Chance, occasion: Occasion, written: DemoLetter) -> list[DemoFile]:
    """One to three files, most of them seen before."""
    facts = LetterFacts(chance, occasion.sent_at, occasion.route.author.language, occasion.fixed)
    files = chance.some_of(shared_files(occasion.seed), chance.one_of((0, 1, 1, 1, 2)))
    if occasion.topic.files and (not files or chance.is_in(40)):
        name = chance.one_of(occasion.topic.files).format_map(facts).replace(" ", "_")
        files.append(make_file(name, written.text, chance))
    return files


def _calendar(chance: Chance, occasion: Occasion) -> str:
    start = occasion.sent_at + timedelta(days=chance.between(1, 14))
    fields = [
        "BEGIN:VCALENDAR",
        "PRODID:Lindenhof",
        "VERSION:2.0",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{chance.hex(24)}",
        f"DTSTAMP:{occasion.sent_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H}0000Z",
        f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H}0000Z",
        f"SUMMARY:{occasion.subject}",
        f"ORGANIZER:mailto:{occasion.route.author.address}",
        *(f"ATTENDEE;RSVP=TRUE:mailto:{one.address}" for one in occasion.route.to),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\n".join(fields) + "\n"


def _finish(
    chance: Chance, occasion: Occasion, kind: str, body: bytes, text: str, extra: tuple[str, ...] = ()
) -> Composed:
    route = occasion.route
    header = Header(
        route=route,
        subject=occasion.subject,
        sent_at=occasion.sent_at,
        message_id=new_message_id(chance, route.author),
        references=occasion.references,
        extra=extra,
    )
    return Composed(
        raw=header_block(header, chance) + body,
        kind=kind,
        route=route,
        message_id=header.message_id,
        subject=occasion.subject,
        sent_at=local_time(occasion.sent_at, route.author),
        text=text,
    )
