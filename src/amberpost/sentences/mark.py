"""Marks a text for translation."""


def _(text: str) -> str:
    """Only a mark, by which `make messages` finds the text: nothing is translated when this is read."""
    return text
