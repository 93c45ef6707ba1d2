"""The MIME tree of a message (RFC 2045, RFC 2046) as parts with byte ranges.

Promises: parts in document order, offsets inside the raw bytes, an explicit stack instead of recursion, and
an end: depth and number of parts are limited, what lies beyond stays inside the last part reached.
"""

import re
from dataclasses import dataclass, field

from amberpost.message import limits
from amberpost.message.charset import codec_name
from amberpost.message.headers import message_id
from amberpost.message.scan import (
    HeaderBlock,
    field_text,
    first,
    guess_boundary,
    scan_header,
    split_multipart,
)
from amberpost.message.smime import is_smime, kind_of
from amberpost.message.transfer import UUENCODE, decode_transfer
from amberpost.message.types import Defect, Flag, Part, Span
from amberpost.message.words import clean_filename, decode_words, parse_parameters

NESTED_TYPES = ("message/rfc822", "message/global", "message/news")
TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
_IDENTITY = ("7bit", "8bit", "binary")
_ENCODINGS = (*_IDENTITY, "base64", "quoted-printable", *UUENCODE)
# Shown or machine-read as part of the message, so not a file of the sender's.
_NO_ATTACHMENT = ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers")
_BODY_TYPES = (
    "text/plain",
    "text/html",
    "text/enriched",
    "text/richtext",
    "text/rtf",
    "text/x-amp-html",
    "text/watch-html",
)
_NOTED_OF_PARTS = {Defect.BEFORE_HEADER}
_SMIME_HEAD = 256  # encoded bytes that tell what kind of CMS it is
_SMIME_OPEN = ("signed-data", "certs-only", "compressed-data")  # nothing of these is encrypted
_PGP = (
    (b"-----BEGIN PGP MESSAGE-----", Flag.ENCRYPTED),
    (b"-----BEGIN PGP SIGNED MESSAGE-----", Flag.SIGNED),
)


@dataclass(slots=True)
class _Pending:
    """A range that is a part, not yet looked at."""

    path: str
    start: int
    end: int
    depth: int
    default_type: str = "text/plain"
    parent: str = ""
    is_nested: bool = False  # inside a message/rfc822
    is_message: bool = False  # begins with the header of a message, not of a part
    block: HeaderBlock | None = None  # of the root, which was read before


@dataclass(slots=True)
class Tree:
    """The parts in document order, and what they say about the message."""

    opens_nested: bool
    root: HeaderBlock
    parts: list[Part] = field(default_factory=list)
    flags: set[Flag] = field(default_factory=set)


def build_tree(
    view: bytes, block: HeaderBlock, end: int, defects: set[Defect], *, opens_nested: bool = True
) -> Tree:
    """The parts of the message that begins with the header `block` and ends at `end`."""
    tree = Tree(opens_nested, block)
    stack = [_Pending("0", block.start, end, 0, block=block)]
    while stack:
        node = stack.pop()
        children = _visit(view, node, tree, defects, limits.PARTS - len(tree.parts) - len(stack) - 1)
        children.reverse()
        stack += children
    return tree


def _visit(view: bytes, node: _Pending, tree: Tree, defects: set[Defect], room: int) -> list[_Pending]:
    """Add the part of one node and return its children."""
    block = node.block
    if block is None:
        noted: set[Defect] = set()
        block = scan_header(view, node.start, node.end, noted, is_message=node.is_message)
        defects |= noted & _NOTED_OF_PARTS  # a part may be without a header
        block.outer = tree.root
    declared, parameters = content_type(view, block, node.default_type)
    encoding = _encoding(view, block, defects)
    children: list[_Pending] = []
    kind = declared
    if declared.startswith("multipart/"):
        boundary = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        ranges = _ranges(view, node, block, boundary, defects, room)
        # RFC 2046 §5.1.5: what a digest holds are messages unless they say otherwise.
        default = "message/rfc822" if declared == "multipart/digest" else "text/plain"
        prefix = "" if node.path == "0" else node.path + "."
        children = [
            _Pending(f"{prefix}{number}", start, end, node.depth + 1, default, declared, node.is_nested)
            for number, (start, end) in enumerate(ranges, start=1)
        ]
        # One that cannot be taken apart is still read, as the text it is.
        kind = declared if children else "text/plain"
    elif tree.opens_nested and declared in NESTED_TYPES and encoding in _IDENTITY:
        # RFC 2046 §5.2.1 allows these encodings only; one in base64 all the same is opened by contents.py.
        if node.depth >= limits.DEPTH or room < 1:
            defects.add(Defect.DEPTH_LIMIT if room >= 1 else Defect.PART_LIMIT)
        else:
            path = "1" if node.path == "0" else node.path + ".1"
            below = node.depth + 1
            children = [_Pending(path, block.body, node.end, below, is_nested=True, is_message=True)]
    part = _part(view, node, block, defects, kind=kind, parameters=parameters, encoding=encoding)
    tree.parts.append(part)
    if not node.is_nested:  # a message that was attached says nothing about this one
        tree.flags |= _flags(view, part, declared, parameters)
    return children


def content_type(view: bytes, block: HeaderBlock, default: str) -> tuple[str, dict[str, str]]:
    """(lower-case type, parameters) of a header, the default where it says nothing usable."""
    spans = block.fields.get(b"content-type")
    if spans is None:
        return default, {}
    value = field_text(first(view, block, b"content-type"), set(), view, block)
    kind, parameters = parse_parameters(value)
    if not _TYPE.fullmatch(kind):
        return ("text/plain" if kind == "text" else default), parameters  # RFC 1049 had "Content-Type: text"
    return kind, parameters


def _encoding(view: bytes, block: HeaderBlock, defects: set[Defect]) -> str:
    if b"content-transfer-encoding" not in block.fields:
        return "7bit"
    value = first(view, block, b"content-transfer-encoding").decode("ascii", "replace")
    encoding = value.partition(";")[0].partition("(")[0].strip(" \t\"'").lower()
    if encoding not in _ENCODINGS and encoding:
        defects.add(Defect.BAD_TRANSFER_ENCODING)
        return "unknown"
    return UUENCODE[0] if encoding in UUENCODE else encoding or "7bit"


def _ranges(
    view: bytes, node: _Pending, block: HeaderBlock, boundary: bytes, defects: set[Defect], room: int
) -> list[tuple[int, int]]:
    """Where the children of a multipart lie, at most `room` of them."""
    if node.depth >= limits.DEPTH:
        defects.add(Defect.DEPTH_LIMIT)
        return []
    if not boundary:
        defects.add(Defect.NO_BOUNDARY)
        boundary = guess_boundary(view, block.body, node.end)
        if not boundary:
            return []
    # One more than there is room for shows that the limit cuts.
    ranges, is_closed = split_multipart(view, block.body, node.end, boundary, max(room, 0) + 1)
    if not ranges:
        defects.add(Defect.BOUNDARY_NOT_FOUND)
    elif len(ranges) > room:
        defects.add(Defect.PART_LIMIT)
        del ranges[max(room, 0) :]
    elif not is_closed:
        defects.add(Defect.UNCLOSED_MULTIPART)
    return ranges


def _part(
    view: bytes,
    node: _Pending,
    block: HeaderBlock,
    defects: set[Defect],
    *,
    kind: str,
    parameters: dict[str, str],
    encoding: str,
) -> Part:
    disposition, filename = _disposition(view, block, parameters, defects)
    charset = parameters.get("charset", "")[:60] or None
    if charset is not None and codec_name(charset) is None:
        defects.add(Defect.UNKNOWN_CHARSET)
    content_id = ""
    if b"content-id" in block.fields:
        content_id = message_id(first(view, block, b"content-id"))
    is_multipart = kind.startswith("multipart/")
    # RFC 3676 §4: with DelSp the blank at a flowed line's end is no part of the text.
    flow = ""
    if kind == "text/plain" and parameters.get("format", "").lower() == "flowed":
        flow = "delsp" if parameters.get("delsp", "").lower() == "yes" else "flowed"
    if is_multipart:
        is_attachment = False
    elif disposition == "attachment":
        is_attachment = True
    elif content_id and node.parent == "multipart/related" and kind.startswith("image/"):
        is_attachment = False  # a picture that the HTML beside it shows
    elif kind in _BODY_TYPES:
        is_attachment = bool(filename)  # a text is the sender's words unless they gave it a name
    else:
        is_attachment = kind not in _NO_ATTACHMENT
    return Part(
        path=node.path,
        content_type=kind,
        charset=charset,
        encoding=encoding,
        disposition=disposition,
        filename=filename,
        content_id=content_id,
        header=Span(start=block.start, end=block.end),
        body=Span(start=block.body, end=max(block.body, node.end)),
        depth=node.depth,
        flow=flow,
        is_multipart=is_multipart,
        is_attachment=is_attachment,
    )


def _disposition(
    view: bytes, block: HeaderBlock, parameters: dict[str, str], defects: set[Defect]
) -> tuple[str, str]:
    """("inline", "attachment" or "", file name). RFC 2183: an unknown disposition is an attachment."""
    disposition = name = ""
    if b"content-disposition" in block.fields:
        value = field_text(first(view, block, b"content-disposition"), defects, view, block)
        if value.startswith("=?"):  # sent by programs that encode whatever they write
            value = decode_words(value, defects)
        disposition, own = parse_parameters(value, defects)
        name = own.get("filename") or own.get("name") or ""
        if disposition not in ("inline", ""):
            disposition = "attachment"
    name = name or parameters.get("name") or parameters.get("filename") or ""
    return disposition, clean_filename(decode_words(name, defects)) if name else ""


def _flags(view: bytes, part: Part, declared: str, parameters: dict[str, str]) -> set[Flag]:
    """Whether a part says that the message is signed, encrypted or TNEF. `declared`: its type as it was sent."""
    if declared.startswith("text/"):
        return {flag for mark, flag in _PGP if view.find(mark, part.body.start, part.body.end) >= 0}
    if declared in TNEF_TYPES or part.filename.lower() == "winmail.dat":
        return {Flag.TNEF}
    if is_smime(declared, part.filename):
        # The bytes know better than the parameter, which gateways drop (RFC 8551 §3.2.2).
        head = view[part.body.start : part.body.end][:_SMIME_HEAD]
        found = kind_of(decode_transfer(head, part.encoding)[0])
        claimed = parameters.get("smime-type", "").lower()
        if found == "signed" or (found is None and claimed in _SMIME_OPEN):
            return {Flag.SIGNED}
        return set() if found == "compressed" else {Flag.ENCRYPTED}
    if declared in ("multipart/encrypted", "application/x-microsoft-rpmsg-message"):
        return {Flag.ENCRYPTED}
    if declared == "multipart/signed":
        return {Flag.SIGNED}
    return {Flag.ENCRYPTED} if part.filename.lower() == "message.rpmsg" else set()
