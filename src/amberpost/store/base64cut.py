"""Base64 text (RFC 2045 §6.8) as decoded bytes and a layout that gives back the very same text.

Only regular text qualifies: every line but the last of one length that is a multiple of four, one kind of
line end, canonical padding. Anything else is left as it is. Works block by block: no needless copies.
"""

from dataclasses import dataclass

import pybase64

_BLOCK_LINES = 8192  # of the usual 76 characters they are 600 KB
_BLOCK_BYTES = 1024 * 1024  # of one endless line; a multiple of four, so that it is cut between groups
_EDGE = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Characters in a full line (0: one line only) and the line end between lines."""

    line: int
    eol: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """text[start:end] is encode(content, layout); line ends around it are outside."""

    start: int
    end: int
    content: bytes
    layout: Layout


def decode_exactly(text: memoryview) -> Decoded | None:
    """Decode, and prove that encoding gives the same text; None if it would not."""
    # Line ends around the text belong to whoever cut it out, and stay where they are.
    start, end = 0, len(text)
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    if start == end:
        return None
    layout = _find_layout(text[start:end])
    if layout is None:
        return None
    # Whole lines, so that each block is base64 of its own and is compared by itself; about a MiB of them.
    step = _BLOCK_BYTES
    if layout.line:
        lines = max(1, min(_BLOCK_LINES, _BLOCK_BYTES // layout.line))
        step = (layout.line + len(layout.eol)) * lines
    content = bytearray()
    for at in range(start, end, step):
        block = text[at : min(at + step, end)]
        decoded = _decode_block(block, layout)
        if decoded is None:
            return None
        content += decoded
    return Decoded(start=start, end=end, content=bytes(content), layout=layout)


def encode(content: bytes | memoryview, layout: Layout) -> bytes:
    """Base64 text of the layout, without a line end behind the last line."""
    text = pybase64.b64encode(content)
    if not layout.line:
        return text
    if layout.line == 76:
        lines = pybase64.encodebytes(content)[:-1]  # the quick way to the usual length
        return lines.replace(b"\n", b"\r\n") if layout.eol == b"\r\n" else lines
    return layout.eol.join(text[at : at + layout.line] for at in range(0, len(text), layout.line))


def _find_layout(text: memoryview) -> Layout | None:
    first = bytes(text[:70_000])  # more than a line may be long
    newline = first.find(b"\n")
    if newline < 0:
        return Layout(line=0, eol=b"\n") if len(text) % 4 == 0 else None
    eol = b"\r\n" if first[newline - 1 : newline] == b"\r" else b"\n"
    line = newline + 1 - len(eol)
    if line % 4 or not 0 < line < 65536:  # a reference keeps it in 16 bits (split.py)
        return None
    return Layout(line=line, eol=eol)


def _decode_block(block: memoryview, layout: Layout) -> bytes | None:
    """Blocks hold whole lines; all but the last end with a line end."""
    text = bytes(block)
    closed = bool(layout.line) and text.endswith(layout.eol)
    try:
        decoded = pybase64.b64decode(text.replace(layout.eol, b""), validate=True)
    except ValueError:
        return None
    again = encode(decoded, layout)
    return decoded if (again + layout.eol if closed else again) == text else None
