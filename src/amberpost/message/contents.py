"""Everything a message carries, in order, also where it lies encoded inside a part.

Promises one walk for all who look into a message: what is shown, listed and indexed is the same. An attached
message in base64, an .eml sent as a file, the content of opaque S/MIME and the first piece of a message/partial are
opened, to a limit. Never recurses, never raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from amberpost.message import limits
from amberpost.message.mime import NESTED_TYPES
from amberpost.message.parse import parse
from amberpost.message.scan import readable, scan_header
from amberpost.message.smime import is_smime, opened
from amberpost.message.transfer import decode_transfer
from amberpost.message.types import ParsedMessage, Part

INSIDE = "/in/"  # in a path, between the part that holds a message and the part in that message
_MESSAGE_FILES = (".eml", ".mht", ".mhtml")
_MESSAGE_TYPES = (
    "message/partial",
    "message/x-eml",
    "application/x-eml",
    "application/eml",
    "application/rfc822",
)
# One of these stands in the header of anything that is a message or a MIME entity.
_KNOWN_FIELDS = (
    b"from",
    b"subject",
    b"date",
    b"to",
    b"received",
    b"message-id",
    b"mime-version",
    b"content-type",
)
_HEAD = 256 * 1024  # where the header of whatever may be a message is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedPart:
    """One part, and where it lies."""

    path: str  # Part.path, behind those of the parts it lies in: "2", "2/in/1"
    raw: bytes  # what the offsets of the part mean
    parsed: ParsedMessage  # the message it is a part of
    position: int  # in parsed.parts
    is_own: bool  # text of the message itself, not of one that somebody attached
    inside: bytes | None  # the message encoded in it, whose parts come next
    is_beyond: bool  # holds one that is not opened, as there are too many

    @property
    def part(self) -> Part:
        return self.parsed.parts[self.position]

    @property
    def has_parts(self) -> bool:
        """Whether the tree itself goes on below it."""
        return _has_parts(self.parsed, self.position)


@dataclass(slots=True)
class _Level:
    """A message that is being walked through."""

    prefix: str
    raw: bytes
    parsed: ParsedMessage
    is_own: bool
    position: int = 0
    foreign_depth: int | None = None  # depth of the attached message whose parts we are among


def places(raw: bytes, parsed: ParsedMessage) -> Iterator[LocatedPart]:
    """All parts in document order; those of an opened message behind the part that holds it."""
    levels = [_Level("", raw, parsed, is_own=True)]
    count = 0
    while levels:
        level = levels[-1]
        if level.position == len(level.parsed.parts):
            levels.pop()
            continue
        part = level.parsed.parts[level.position]
        if level.foreign_depth is not None and part.depth <= level.foreign_depth:
            level.foreign_depth = None
        is_own = level.is_own and level.foreign_depth is None
        has_parts = _has_parts(level.parsed, level.position)
        may_hold = not has_parts and _may_hold(part)
        is_beyond = may_hold and (len(levels) > limits.DEPTH or count >= limits.OPENED)
        inside = content_inside(level.raw, part) if may_hold and not is_beyond else None
        place = LocatedPart(
            path=level.prefix + part.path,
            raw=level.raw,
            parsed=level.parsed,
            position=level.position,
            is_own=is_own,
            inside=inside,
            is_beyond=is_beyond,
        )
        level.position += 1
        if has_parts and part.content_type in NESTED_TYPES and part.depth > 0 and level.foreign_depth is None:
            level.foreign_depth = part.depth
        yield place
        if inside is not None:
            count += 1
            # What was signed is the message itself; so is a message that is nothing but an encoded message.
            is_still_own = is_own and (part.depth == 0 or is_smime(part.content_type, part.filename))
            levels.append(_Level(place.path + INSIDE, inside, parse(inside), is_own=is_still_own))


def _has_parts(parsed: ParsedMessage, position: int) -> bool:
    parts, following = parsed.parts, position + 1
    return following < len(parts) and parts[following].depth > parts[position].depth


def _may_hold(part: Part) -> bool:
    if part.is_multipart or (not part.filename and part.content_type in ("text/plain", "text/html")):
        return False
    return (
        part.content_type in NESTED_TYPES
        or part.content_type in _MESSAGE_TYPES
        or part.filename.lower().endswith(_MESSAGE_FILES)
        or is_smime(part.content_type, part.filename)
    )


def content_inside(raw: bytes, part: Part) -> bytes | None:
    """The message or MIME entity that lies encoded in a part, None if there is none."""
    if not _may_hold(part):
        return None
    data = decode_transfer(raw[part.body.start : part.body.end], part.encoding)[0]
    if part.content_type in NESTED_TYPES:
        return data
    if is_smime(part.content_type, part.filename):
        return opened(data)
    # A file that is only called a message, or a piece of one, must look like one.
    view = readable(data[:_HEAD])
    fields = scan_header(view, 0, len(view), set()).fields
    return data if any(name in fields for name in _KNOWN_FIELDS) else None
