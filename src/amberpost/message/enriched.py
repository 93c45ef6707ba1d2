"""text/enriched (RFC 1896) and text/richtext (RFC 1341 7.1.3) as plain text: the words without their commands."""

import re

_COMMAND = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>")
_BREAKS = {"nl", "np", "paragraph", "lt"}
_HIDDEN = {"param", "comment", "no-op"}


def enriched_text(text: str, *, is_richtext: bool) -> str:
    """The words of the text. In richtext a line feed is a blank, in enriched text one of a run of them is."""
    text = text.replace("\n", " ") if is_richtext else re.sub(r"\n(\n*)", lambda run: run[1] or " ", text)
    pieces: list[str] = []
    position = hidden = 0
    for found in _COMMAND.finditer(text):
        if not hidden:
            pieces.append(text[position : found.start()])
        position = found.end()
        name = "lt" if found[2] is None else found[2].lower()
        if name in _HIDDEN:
            hidden = max(0, hidden + (-1 if found[1] else 1))
        elif name in _BREAKS and not hidden:
            pieces.append("<" if name == "lt" else "\n")
    if not hidden:
        pieces.append(text[position:])
    return "".join(pieces).strip()
