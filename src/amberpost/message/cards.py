"""Calendar entries (RFC 5545) and contacts (RFC 6350, and vCard 2.1 and 3.0) as what a person reads of them.

Promises unfolded and unescaped texts, whatever a line between them looks like: a line that no grammar knows is
left out, never an error, and no property that only programs read is shown. Linear.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from amberpost.message.charset import decode
from amberpost.message.markup import html_text

CALENDAR_TYPES = ("text/calendar", "application/ics", "text/x-vcalendar", "application/calendar")
CONTACT_TYPES = ("text/vcard", "text/x-vcard", "text/directory", "application/vcard")
_NAMES = (".ics", ".vcs", ".vcf", ".vcard")
_UNTYPED = ("application/octet-stream", "text/plain")

Label = Literal["title", "when", "until", "repeats", "place", "person", "text", "status", "address"]

# What is shown of an entry, in this order; everything else is for programs.
_LABELS: dict[str, Label] = {
    "SUMMARY": "title",
    "FN": "title",
    "N": "title",
    "NICKNAME": "title",
    "DTSTART": "when",
    "DTEND": "until",
    "DUE": "until",
    "BDAY": "when",
    "RRULE": "repeats",
    "STATUS": "status",
    "LOCATION": "place",
    "ADR": "place",
    "LABEL": "place",
    "ORGANIZER": "person",
    "ATTENDEE": "person",
    "CONTACT": "person",
    "ORG": "text",
    "TITLE": "text",
    "ROLE": "text",
    "EMAIL": "address",
    "TEL": "address",
    "URL": "address",
    "IMPP": "address",
    "DESCRIPTION": "text",
    "X-ALT-DESC": "text",
    "COMMENT": "text",
    "CATEGORIES": "text",
    "RESOURCES": "text",
    "NOTE": "text",
}
_STRUCTURED = ("N", "ADR", "ORG")  # pieces between semicolons
_DATES = ("DTSTART", "DTEND", "DUE", "BDAY")
_SHOWN = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VCARD")
_FOLD = re.compile(r"\n[ \t]")
_FOLD_IN_LETTER = re.compile(rb"(?<=[\x80-\xff])\r?\n[ \t](?=[\x80-\xbf])")
_OLD_FOLD = re.compile(r"\n(?=[ \t])")
_OLD_VERSION = re.compile(r"^VERSION:(?:1\.0|2\.1)[ \t]*$", re.IGNORECASE | re.MULTILINE)
# What the grammar refuses and mail programs write: parameters without a value (vCard 2.1), quotes never closed.
_LOOSE = re.compile(r"([A-Za-z0-9-]+)((?:;[^\":]*+(?:\"[^\"]*+\"[^\":]*+)*+|;[^:]*+)?):")
_PARAMETER = re.compile(r";([^\";:=]++)(?:=(\"[^\"]*+\"|[^\";:]*+))?+")
_GROUP = re.compile(r"[A-Za-z0-9-]+\.(?=[A-Za-z0-9-]+[;:])")  # RFC 6350 3.3
_LONG_LINE = 64 * 1024  # longer ones (pictures, files) are not taken to pieces
_QUOTED_PRINTABLE = re.compile(r";(?:ENCODING=)?QUOTED-PRINTABLE", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2})(?::?\d{2})?(Z?))?")
_MAX_ENTRIES = 500  # shown; who exports a whole calendar does not read it in a mail
_MAX_LINES = 5_000  # of one entry
_MAX_DEPTH = 10
_MAX_GRAMMAR = 20_000  # lines read by the grammar; more than a year of appointments
_NAME = re.compile(r"[A-Za-z0-9-]+")
_READ = {"BEGIN", "END", "METHOD", "X-WR-CALNAME", *_LABELS}


@dataclass(slots=True)
class CardEntry:
    """One event, task or contact: labelled lines in the order in which they are read."""

    kind: Literal["event", "contact"]
    method: str = ""  # request, cancel, reply ... of RFC 5546; "" for none
    lines: list[tuple[Label, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.lines)


def is_card(content_type: str, filename: str) -> bool:
    """Whether a part says that it is a calendar or contact."""
    if content_type in CALENDAR_TYPES or content_type in CONTACT_TYPES:
        return True
    return content_type in _UNTYPED and filename.lower().endswith(_NAMES)


def joined_letters(data: bytes) -> bytes:
    """Without the folds inside a letter: lines are folded by bytes (RFC 5545 3.1), which UTF-8 does not survive."""
    return _FOLD_IN_LETTER.sub(b"", data)


def read_entries(text: str) -> list[CardEntry] | None:
    """The entries of a calendar or of contacts; None if the text is neither."""
    if "BEGIN:V" not in text.upper():
        return None
    entries: list[CardEntry] = []
    method, is_calendar = "", False
    open_parts: list[str] = []
    for name, parameters, value in _lines(text):
        match name:
            case "BEGIN":
                part = value.strip().upper()
                is_calendar |= part == "VCALENDAR"
                if part in _SHOWN and len(entries) < _MAX_ENTRIES:
                    entries.append(CardEntry(kind="contact" if part == "VCARD" else "event", method=method))
                if len(open_parts) < _MAX_DEPTH:
                    open_parts.append(part)
            case "END":
                if value.strip().upper() in open_parts:
                    while open_parts.pop() != value.strip().upper():
                        pass
            case "METHOD" if len(open_parts) < 2:
                method = value.strip().lower()
            case "X-WR-CALNAME" if open_parts == ["VCALENDAR"]:
                entries.append(CardEntry(kind="event", lines=[("title", _unescaped(value))]))
            case _ if entries and open_parts and open_parts[-1] in _SHOWN and name in _LABELS:
                if len(entries[-1].lines) < _MAX_LINES and (shown := _shown(name, parameters, value)):
                    # The name as it is written comes first; its parts (N) often say the same again.
                    entries[-1].lines.insert(0 if name == "FN" else _MAX_LINES, (_LABELS[name], shown))
    for entry in entries:
        _settle(entry)
    entries = [entry for entry in entries if entry.lines]
    return entries if entries or is_calendar else None


def _settle(entry: CardEntry) -> None:
    """The order of the labels, each text once: HTML twins of a description and N beside FN say nothing new."""
    order = {label: number for number, label in enumerate(dict.fromkeys(_LABELS.values()))}
    lines = sorted(dict.fromkeys(entry.lines), key=lambda line: order[line[0]])
    titles = [set(text.split()) for label, text in lines if label == "title"]
    entry.lines = [
        line
        for number, line in enumerate(lines)
        if line[0] != "title" or not number or not set(line[1].split()) <= titles[0]
    ]


def _lines(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """(name, parameters, value as it stands) of each line that is one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _QUOTED_PRINTABLE.search(text):
        text = "\n".join(_joined_soft_breaks(text))
    # Version 1.0 and 2.1 break lines at blanks, which stay; later ones break anywhere and add one.
    unfolded = (_OLD_FOLD if _OLD_VERSION.search(text) else _FOLD).sub("", text)
    count = 0
    for line in unfolded.split("\n"):
        line = line.lstrip()
        group = _GROUP.match(line)
        line = line[group.end() :] if group else line
        name = _NAME.match(line)
        if name is None or name[0].upper() not in _READ or len(line) > _LONG_LINE:
            continue
        count += 1
        parts = (_by_grammar(line) if count < _MAX_GRAMMAR else None) or _loosely(line)
        if parts:
            yield parts


def _by_grammar(line: str) -> tuple[str, dict[str, str], str] | None:
    from icalendar.parser import Contentline  # noqa: PLC0415  60 ms of each start, for one mail in a hundred

    try:
        name, parameters, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
    except (ValueError, LookupError):
        return None
    return name.upper(), {key.upper(): str(given) for key, given in parameters.items()}, value


def _loosely(line: str) -> tuple[str, dict[str, str], str] | None:
    found = _LOOSE.match(line)
    if found is None:
        return None
    parameters = {key.upper(): given.strip('"') or key for key, given in _PARAMETER.findall(found[2])}
    return found[1].upper(), parameters, line[found.end() :]


def _joined_soft_breaks(text: str) -> Iterator[str]:
    """Lines in quoted-printable go on behind "=" at their end (vCard 2.1, section 2.1.3)."""
    waiting: list[str] = []
    for line in text.split("\n"):
        if line.endswith("=") and (waiting or _QUOTED_PRINTABLE.search(line)):
            waiting.append(line[:-1])
        else:
            yield "".join((*waiting, line))
            waiting = []
    yield "".join(waiting)


def _shown(name: str, parameters: dict[str, str], value: str) -> str:
    """The value as it is read, "" if it says nothing."""
    if "QUOTED-PRINTABLE" in (parameters.get("ENCODING", "").upper(), *parameters):
        value = decode(binascii.a2b_qp(value.encode("utf-8", "replace")), parameters.get("CHARSET", "utf-8"))
    if name in _DATES:
        return _moment(value, parameters.get("TZID", ""))
    if name in ("ORGANIZER", "ATTENDEE"):
        address = value.strip()
        address = address[7:] if address[:7].lower() == "mailto:" else parameters.get("EMAIL", address)
        words = (parameters.get("CN", ""), f"<{address}>" if parameters.get("CN") else address)
        return " ".join(filter(None, words))
    if name in _STRUCTURED:
        pieces = [_unescaped(piece).strip() for piece in re.split(r"(?<!\\);", value)]
        return (" " if name == "N" else ", ").join(filter(None, pieces))
    text = _unescaped(value)
    if name == "X-ALT-DESC":
        text = html_text(text)
    return text.strip()


def _unescaped(value: str) -> str:
    """RFC 5545 3.3.11, in one pass: a backslash that stands for itself must not escape what follows."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _moment(value: str, zone: str) -> str:
    found = _DATE.match(value.strip())
    if found is None:
        return value.strip()
    year, month, day, hour, minute, is_utc = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    return f"{year}-{month}-{day} {hour}:{minute}" + (" UTC" if is_utc else f" ({zone})" if zone else "")
