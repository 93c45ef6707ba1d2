"""The text of a message, decoded.

Promises strings and bytes for every part, however broken; what belongs to a nested message is not the text of
the outer one. Does not make HTML safe: that is html.py.
"""

from collections.abc import Iterator

from amberpost.message import limits
from amberpost.message.charset import declared_in_html, decode
from amberpost.message.markup import html_text
from amberpost.message.mime import NESTED_TYPES, TNEF_TYPES
from amberpost.message.tnef import read_tnef
from amberpost.message.transfer import decode_transfer, looks_like_base64
from amberpost.message.types import Defect, ParsedMessage, Part

_HTML = ("text/html", "text/x-amp-html", "text/watch-html")


def decode_part(raw: bytes, part: Part) -> bytes:
    """The bytes of a part with its transfer encoding undone."""
    return decode_transfer(raw[part.body.start : part.body.end], part.encoding)[0]


def decode_text(raw: bytes, part: Part, defects: set[Defect] | None = None) -> str:
    """The text of a part, line breaks as LF; of very long parts the beginning.

    What had to be tolerated is added to `defects`.
    """
    data = raw[part.body.start : min(part.body.end, part.body.start + limits.TEXT_PART_BYTES)]
    decoded, is_intact = decode_transfer(data, part.encoding)
    if not is_intact and not looks_like_base64(data):
        decoded = data  # plain text that claims to be base64
    label = part.charset
    if label is None and part.content_type in _HTML:
        label = declared_in_html(decoded)
    text = decode(decoded, label, defects)
    if "\0" in text:
        text = text.replace("\0", " ")
    return text.replace("\r\n", "\n") if "\r" in text else text


def is_html(part: Part) -> bool:
    return part.content_type in _HTML


def own_parts(parsed: ParsedMessage) -> Iterator[Part]:
    """The parts that are not inside a nested message; a nested message itself counts."""
    nested_depth: int | None = None
    for part in parsed.parts:
        if nested_depth is not None and part.depth > nested_depth:
            continue
        nested_depth = part.depth if part.content_type in NESTED_TYPES else None
        yield part


def html_part(parsed: ParsedMessage) -> Part | None:
    """The HTML body, None when there is none."""
    return next((part for part in own_parts(parsed) if is_html(part) and _is_body(part)), None)


def _is_body(part: Part) -> bool:
    return part.disposition != "attachment" and part.content_type.startswith("text/")


def shown_text(raw: bytes, parsed: ParsedMessage) -> str:
    """The text a reader without HTML sees: all plain bodies, else the words of the HTML, else of TNEF."""
    bodies = [part for part in own_parts(parsed) if _is_body(part)]
    plain = [decode_text(raw, part) for part in bodies if not is_html(part) and not _is_listed_file(part)]
    text = "\n".join(filter(str.strip, plain))
    if not text:
        text = "\n".join(html_text(decode_text(raw, part)) for part in bodies if is_html(part))
    return text or _tnef_text(raw, parsed)


def _is_listed_file(part: Part) -> bool:
    return part.content_type != "text/plain" and part.is_attachment


def _tnef_text(raw: bytes, parsed: ParsedMessage) -> str:
    found = (read_tnef(decode_part(raw, part)) for part in own_parts(parsed) if is_tnef(part))
    return "\n".join(content.text for content in found if content is not None and content.text)


def is_tnef(part: Part) -> bool:
    return part.content_type in TNEF_TYPES or part.filename.lower() == "winmail.dat"
