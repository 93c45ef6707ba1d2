"""Two other parsers read the same mail; where they differ from ours, the kind of difference is known.

The kinds are explained in docs/design/parser.md, "Second opinions". Agreement is counted after they are
taken out; what remains must be under one per cent.
"""

import email
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

import pytest

from amberpost.message.addresses import normalise_address
from amberpost.message.body import decode_part
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.parse import parse
from amberpost.message.types import Defect, ParsedMessage
from tests.corpora import is_open, shared
from tests.unit.message import examples
from tests.unit.message.mail import INNER, multipart, nested

OWN = [
    *(examples.E1A, examples.E2, examples.E3, examples.E4, examples.E5, examples.E6, examples.E7),
    multipart(nested(INNER), multipart(INNER, boundary="in"), boundary="out"),
]
# Ways in which a message is so broken that each parser repairs it in its own manner.
REPAIRED = {
    Defect.MALFORMED_HEADER,
    Defect.NO_HEADER,
    Defect.DEPTH_LIMIT,
    Defect.PART_LIMIT,
    Defect.NO_BOUNDARY,
    Defect.BOUNDARY_NOT_FOUND,
}
# "Subject : x" ends a header for the standard library; a missing ";" hides the boundary from it.
REPAIRED_BY_US = re.compile(
    rb"^[!-9;-~]+[ \t]+:|^content-type:[^;\n]*\r?\n[ \t]+boundary=", re.IGNORECASE | re.MULTILINE
)


@pytest.fixture(params=["own mail", pytest.param("shared corpora", marks=pytest.mark.shared)], autouse=True)
def _each_test_reads_both() -> None:
    """On our own mail always, and on the corpora in addition."""


def messages() -> Iterator[tuple[str, bytes]]:
    yield from ((f"own {number}", raw) for number, raw in enumerate(OWN))
    if not is_open():
        return
    for folder in ("mime", "hostile", "journal"):
        for path in sorted(shared(f"corpora/{folder}").rglob("*")):
            if path.suffix in (".eml", ".msg", ".txt", ".rfc822") and path.stat().st_size < 500_000:
                yield path.name, path.read_bytes()


def comparable() -> Iterator[tuple[str, bytes, ParsedMessage]]:
    for name, raw in messages():
        parsed = parse(raw)
        if not parsed.defects & REPAIRED and not REPAIRED_BY_US.search(raw):
            yield name, raw, parsed


def standard_parts(message: Message) -> list[Message]:
    """The parts as we count them: status blocks and encoded messages are leaves."""
    found: list[Message] = []
    stack = [message]
    while stack:
        part = stack.pop()
        found.append(part)
        is_opened = part.get_content_maintype() == "multipart" or part.get_content_type() in NESTED_TYPES
        encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
        if part.is_multipart() and is_opened and encoding not in ("base64", "quoted-printable"):
            stack += reversed(part.get_payload())  # type: ignore[arg-type]
    return found


def standard_type(part: Message) -> str:
    """A multipart that could not be divided counts as text."""
    kind = part.get_content_type()
    return "text/plain" if kind.startswith("multipart/") and not part.is_multipart() else kind


def standard_subject(message: Message) -> str | None:
    try:
        text = str(make_header(decode_header(message.get("subject", ""))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return None
    return None if "\ufffd" in text else "".join(text.split())


def agreement(differences: list[str], compared: int) -> None:
    assert compared >= len(OWN)
    assert len(differences) <= compared // 100, differences


def test_the_standard_library_sees_the_same_tree() -> None:
    differences = []
    compared = 0
    for name, raw, parsed in comparable():
        compared += 1
        theirs = [standard_type(part) for part in standard_parts(email.message_from_bytes(raw))]
        if theirs != [part.content_type for part in parsed.parts]:
            differences.append(name)
    agreement(differences, compared)


def test_the_standard_library_sees_the_same_text() -> None:
    differences = []
    compared = 0
    for name, raw, parsed in comparable():
        theirs = standard_parts(email.message_from_bytes(raw))
        if len(theirs) != len(parsed.parts):
            continue
        for part, other in zip(parsed.parts, theirs, strict=True):
            if part.content_type not in ("text/plain", "text/html") or other.is_multipart():
                continue
            compared += 1
            text = other.get_payload(decode=True)
            assert isinstance(text, bytes)
            if text.split() != decode_part(raw, part).split():
                differences.append(f"{name} {part.path}")
    agreement(differences, compared)


def test_the_standard_library_sees_the_same_subject_and_sender() -> None:
    differences = []
    compared = 0
    for name, raw, parsed in comparable():
        message = email.message_from_bytes(raw)
        compared += 1
        subject = standard_subject(message)
        if subject is not None and subject != "".join(parsed.subject.split()):
            differences.append(f"{name} subject")
        fields = [str(field) for field in message.get_all("from", [])]
        senders = [normalise_address(address) for _, address in getaddresses(fields) if "@" in address]
        if senders != [box.address for box in parsed.from_ if "@" in box.address]:
            differences.append(f"{name} from")
    agreement(differences, compared)


def test_a_rust_parser_sees_the_same_subject() -> None:
    fast_mail_parser = pytest.importorskip("fast_mail_parser")
    differences = []
    compared = 0
    for name, raw, parsed in comparable():
        try:
            theirs = fast_mail_parser.parse_email(raw)
        except fast_mail_parser.ParseError:
            continue
        compared += 1
        if "".join(theirs.subject.split()) != "".join(parsed.subject.split()):
            differences.append(f"{name} {theirs.subject!r} {parsed.subject!r}")
    agreement(differences, compared)
