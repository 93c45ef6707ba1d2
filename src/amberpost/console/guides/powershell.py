"""PowerShell commands for Exchange, with an operator's values put in safely."""

from collections.abc import Iterable

# PowerShell takes the curly ones for the straight one: each ends a text in single quotes.
_QUOTES = "'\u2018\u2019\u201a\u201b"


def quoted(text: str) -> str:
    """A literal text for PowerShell: in single quotes nothing is expanded, and a quote is doubled."""
    clean = "".join(letter for letter in text if letter.isprintable())
    return "'" + "".join(letter * 2 if letter in _QUOTES else letter for letter in clean) + "'"


def line(command: str, values: Iterable[tuple[str, str]] = (), *, switches: str = "") -> str:
    """One command with its parameters; values are quoted, switches stand as they are."""
    words = [command, *(f"-{name} {quoted(value)}" for name, value in values)]
    return " ".join([*words, switches] if switches else words)
