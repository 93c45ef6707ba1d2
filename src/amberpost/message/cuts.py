"""Which byte ranges of a message are worth keeping once: base64 attachment bodies.

A range begins at the first and ends behind the last base64 character. Whether it decodes and encodes back
to the same bytes is the store's question.
"""

from amberpost.message.types import ParsedMessage, Span

_BLANKS = b" \t\r\n"


def attachment_cuts(raw: bytes, parsed: ParsedMessage, minimum: int = 16 * 1024) -> tuple[Span, ...]:
    """Encoded ranges of at least `minimum` bytes, in order, none inside another."""
    found = []
    for part in parsed.parts:
        if part.encoding != "base64" or part.is_multipart or part.body.end - part.body.start < minimum:
            continue
        body = raw[part.body.start : part.body.end]
        start = part.body.start + len(body) - len(body.lstrip(_BLANKS))
        end = part.body.start + len(body.rstrip(_BLANKS))
        if end - start >= minimum:
            found.append(Span(start=start, end=end))
    return tuple(found)
