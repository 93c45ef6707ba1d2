"""text/plain with format=flowed (RFC 3676): lines that a mail program broke are made whole again."""

_SIGNATURE = "-- "


def unflow(text: str, *, deletes_space: bool) -> str:
    """The paragraphs of a flowed text, each on one line; quote marks stay. `deletes_space` is DelSp=yes."""
    if " \n" not in text and "\n " not in text and not text.startswith(" "):
        return text
    paragraphs: list[str] = []
    is_open, open_depth = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        if bare.startswith(" "):
            bare = bare[1:]  # space-stuffing, section 4.4
        flows = bare.endswith(" ") and bare != _SIGNATURE
        content = bare[:-1] if flows and deletes_space else bare
        # A change of depth ends a paragraph, whatever its last line says (section 4.5); a signature is fixed.
        if is_open and depth == open_depth and bare != _SIGNATURE:
            paragraphs[-1] += content
        else:
            paragraphs.append(">" * depth + (" " if depth else "") + content)
        is_open, open_depth = flows, depth
    return "\n".join(paragraphs)
