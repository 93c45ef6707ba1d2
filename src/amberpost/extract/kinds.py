"""What the cage can read: a kind of bytes and its extractor. All of them run in the cage only."""

from collections.abc import Callable, Mapping

from amberpost.extract.answer import Extracted, InnerFile, Verdict
from amberpost.message.cards import joined_letters, read_entries
from amberpost.message.charset import declared_in_html, decode
from amberpost.message.markup import html_text
from amberpost.message.smime import kind_of, opened
from amberpost.message.tnef import read_tnef

# From bytes, and the character set that the part claims ("" for none), to what they say.
Extractor = Callable[[bytes, str], Extracted | Verdict]


def _html(data: bytes, charset: str) -> Extracted | Verdict:
    text = html_text(decode(data, charset or declared_in_html(data)))
    return Extracted(text=text) if text.strip() else Verdict.NO_TEXT


def _calendar(data: bytes, charset: str) -> Extracted | Verdict:
    entries = read_entries(decode(joined_letters(data), charset or None))
    if entries is None:
        return Verdict.DAMAGED
    text = "\n\n".join(entry.text for entry in entries)
    return Extracted(text=text) if text.strip() else Verdict.NO_TEXT


def _tnef(data: bytes, charset: str) -> Extracted | Verdict:
    found = read_tnef(data)
    if found is None:
        return Verdict.DAMAGED
    files = tuple(
        InnerFile(name=file.name, content_type=file.content_type, data=file.data)
        for file in found.attachments
    )
    return Extracted(text=found.text, files=files, is_whole=found.is_complete)


def _smime(data: bytes, charset: str) -> Extracted | Verdict:
    """The MIME entity inside as one file without a name; what it says of itself stands in its own header."""
    if kind_of(data) == "encrypted":
        return Verdict.PASSWORD
    entity = opened(data)
    if entity is None:
        return Verdict.DAMAGED
    return Extracted(files=(InnerFile(name="", content_type="", data=entity),))


EXTRACTORS: Mapping[str, Extractor] = {"html": _html, "calendar": _calendar, "tnef": _tnef, "smime": _smime}
# One tiny document of each kind: what a library imports late, it must import before the cage closes.
SAMPLES: Mapping[str, bytes] = {
    "html": b"<p>a &eacute; Gr\xfc\xdfe aus M\xfcnchen",  # in a charset that has to be guessed
    "calendar": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:a\r\nDTSTART;TZID=Europe/Berlin:20260301T100000\r\n"
    b"RRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "tnef": b"\x78\x9f\x3e\x22\x00\x00",
    # ContentInfo > SignedData (RFC 5652 5.1) of the letter a, signed by nobody
    "smime": bytes.fromhex(
        "302806092a864886f70d010702a01b30190201013100301006092a864886f70d010701a0030401613100"
    ),
}
