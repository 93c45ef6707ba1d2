"""The text of a message, decoded, and what of it a reader sees.

Promises strings and bytes for every part, however broken; every inline text of the message itself is shown, in
order, and nothing of a message somebody attached. Does not make HTML safe: that is html.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from amberpost.message import limits
from amberpost.message.cards import CardEntry, is_card, joined_letters, read_entries
from amberpost.message.charset import declared_in_html, decode
from amberpost.message.contents import LocatedPart, places
from amberpost.message.enriched import enriched_text
from amberpost.message.flowed import unflow
from amberpost.message.headers import header_fields
from amberpost.message.markup import html_text
from amberpost.message.mime import TNEF_TYPES
from amberpost.message.rtf import rtf_text
from amberpost.message.tnef import read_tnef
from amberpost.message.transfer import UUENCODE, decode_transfer, looks_like_base64
from amberpost.message.types import Defect, ParsedMessage, Part
from amberpost.message.uuencode import EncodedFile, is_nothing_else, may_hold_files, take_files

_HTML = ("text/html", "text/x-amp-html", "text/watch-html")
_ENRICHED = ("text/enriched", "text/richtext")
_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
# Texts for people, although their type does not say so.
_PLAIN = (
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/partial",
)
_HIDDEN_FIELDS = ("bcc", "resent-bcc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One stretch of what is shown: plain text, HTML as it was sent, or an event or contact."""

    kind: Literal["text", "html", "entry"]
    text: str  # "" of an entry
    entry: CardEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartText:
    """A text part, read."""

    pieces: tuple[Piece, ...]
    files: tuple[EncodedFile, ...] = ()  # uuencoded in the text

    @property
    def words(self) -> str:
        """All of it as plain text."""
        return "\n".join(map(words_of, self.pieces))


def words_of(piece: Piece) -> str:
    """A piece as plain text."""
    if piece.entry is not None:
        return piece.entry.text
    return html_text(piece.text) if piece.kind == "html" else piece.text


def decode_part(raw: bytes, part: Part) -> bytes:
    """The bytes of a part with its transfer encoding undone."""
    return decode_transfer(raw[part.body.start : part.body.end], part.encoding)[0]


def decode_text(raw: bytes, part: Part, defects: set[Defect] | None = None) -> str:
    """The text of a part, line breaks as LF; of very long parts the beginning.

    What had to be tolerated is added to `defects`.
    """
    data = raw[part.body.start : min(part.body.end, part.body.start + limits.TEXT_PART_BYTES)]
    decoded, is_intact = decode_transfer(data, part.encoding)
    if not is_intact:
        if defects is not None:
            defects.add(Defect.BAD_TRANSFER_ENCODING)
        if part.encoding == "base64" and not looks_like_base64(data):
            decoded = data  # plain text that claims to be base64
    if part.encoding == UUENCODE[0] and not is_nothing_else(data):
        decoded = data  # text with files in it, which read_text() takes out
    if is_card(part.content_type, part.filename):
        decoded = joined_letters(decoded)
    label = part.charset
    if label is None and part.content_type in _HTML:
        label = declared_in_html(decoded)
    text = decode(decoded, label, defects)
    if "\0" in text:
        text = text.replace("\0", " ")
    return text.replace("\r\n", "\n") if "\r" in text else text


def is_html(part: Part) -> bool:
    return part.content_type in _HTML


def is_text(part: Part) -> bool:
    """Whether the part is text that people read."""
    kind = part.content_type
    return kind.startswith("text/") or kind in _PLAIN or kind in _HEADERS or is_card(kind, part.filename)


def read_text(raw: bytes, part: Part, defects: set[Defect] | None = None) -> PartText:
    """What a text part says, without the code it may be written in."""
    kind = part.content_type
    text = decode_text(raw, part, defects)
    if is_html(part):
        return PartText(pieces=(Piece(kind="html", text=text),))
    if is_card(kind, part.filename) and (entries := read_entries(text)) is not None:
        return PartText(pieces=tuple(Piece(kind="entry", text="", entry=entry) for entry in entries))
    if kind in _ENRICHED:
        text = enriched_text(text, is_richtext=kind == "text/richtext")
    elif kind == "text/rtf":
        text = rtf_text(decode_part(raw, part))
    elif kind in _HEADERS:
        fields = header_fields(decode_part(raw, part))
        text = "\n".join(f"{name}: {value}" for name, value in fields if name.lower() not in _HIDDEN_FIELDS)
    files: Sequence[EncodedFile] = ()
    if "\nbegin" in text or text.startswith("begin"):
        text, files = take_files(text)
    if part.flow and not files:
        text = unflow(text, deletes_space=part.flow == "delsp")
    return PartText(pieces=(Piece(kind="text", text=text),), files=tuple(files))


def files_in_text(raw: bytes, part: Part) -> tuple[EncodedFile, ...]:
    """The files that are uuencoded in a text part."""
    if not is_text(part) or is_html(part):
        return ()
    if part.encoding in ("base64", "quoted-printable"):
        may_hold = may_hold_files(decode_part(raw, part))
    else:
        may_hold = may_hold_files(raw, part.body.start, part.body.end)
    return read_text(raw, part).files if may_hold else ()


def shown_pieces(raw: bytes, parsed: ParsedMessage, *, prefers_html: bool) -> tuple[Piece, ...]:
    """All a reader sees, in order: of alternatives the best HTML or the first plain text, of all else everything.

    Events and contacts are always shown; the same one that is attached as a file again is shown once.
    """
    read = [(place, read_text(place.raw, place.part)) for place in places(raw, parsed) if _is_body(place)]
    found = _chosen(read, prefers_html=prefers_html)
    pieces: list[Piece] = []
    for place, text in read:
        # Anything but plain text and HTML is shown as text only where it is not offered as a file as well.
        is_listed_only = place.part.disposition == "attachment" or (
            place.part.is_attachment
            and place.part.content_type not in ("text/plain", "message/partial")
            and not is_html(place.part)
        )
        for piece in text.pieces:
            if piece.entry is not None:
                if all(piece.entry != shown.entry for shown in pieces):
                    pieces.append(piece)
            elif place.path in found and not is_listed_only and piece.text.strip():
                pieces.append(piece)
    if not any(words_of(piece).strip() for piece in pieces):
        # Outlook as "Rich Text" leaves the parts empty: all that was written lies in winmail.dat.
        found_in_tnef = (
            read_tnef(decode_part(place.raw, place.part))
            for place in places(raw, parsed)
            if place.is_own and is_tnef(place.part)
        )
        texts = [content.text for content in found_in_tnef if content is not None and content.text]
        if texts:
            return (Piece(kind="text", text="\n".join(texts)),)
    return tuple(pieces)


def shown_text(raw: bytes, parsed: ParsedMessage) -> str:
    """The text a reader without HTML sees."""
    return "\n".join(filter(str.strip, map(words_of, shown_pieces(raw, parsed, prefers_html=False))))


def _is_body(place: LocatedPart) -> bool:
    """Text of the message itself, but not what was opened as a message; entries also where they are attached."""
    part = place.part
    if not place.is_own or part.is_multipart or place.inside is not None or not is_text(part):
        return False
    return part.disposition != "attachment" or is_card(part.content_type, part.filename)


def _chosen(read: Sequence[tuple[LocatedPart, PartText]], *, prefers_html: bool) -> set[str]:
    """Paths of the text parts that no better alternative replaces."""
    wanted: dict[str, dict[str, list[Piece]]] = {}  # alternative -> its children -> what they say
    chains: dict[str, list[tuple[str, str]]] = {}
    for place, text in read:
        chains[place.path] = list(_alternatives_above(place))
        for above, child in chains[place.path]:
            wanted.setdefault(above, {}).setdefault(child, []).extend(text.pieces)
    best = {above: _best(children, prefers_html=prefers_html) for above, children in wanted.items()}
    return {path for path, chain in chains.items() if all(best[above] == child for above, child in chain)}


def _best(children: dict[str, list[Piece]], *, prefers_html: bool) -> str:
    """The last alternative is the best the sender has (RFC 2046 5.1.4); plain text is the first that says anything."""
    said = {
        child: {piece.kind for piece in pieces if piece.text.strip()} for child, pieces in children.items()
    }
    html = [child for child, kinds in said.items() if "html" in kinds]
    plain = [child for child, kinds in said.items() if "text" in kinds and "html" not in kinds]
    if html and (prefers_html or not plain):
        return html[-1]
    return plain[0] if plain else next(iter(children))


def _alternatives_above(place: LocatedPart) -> Iterator[tuple[str, str]]:
    """(path of a multipart/alternative, path of its child) above a part, within its message."""
    prefix = place.path[: len(place.path) - len(place.part.path)]
    kinds = {part.path: part.content_type for part in place.parsed.parts}
    child = place.part.path
    while child != "0":
        above = child.rpartition(".")[0] or "0"
        if kinds.get(above) == "multipart/alternative":
            yield prefix + above, prefix + child
        child = above


def is_tnef(part: Part) -> bool:
    return part.content_type in TNEF_TYPES or part.filename.lower() == "winmail.dat"
