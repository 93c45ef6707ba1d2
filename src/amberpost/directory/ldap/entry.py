"""One object of a directory server, as it was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LdapEntry:
    """One object as the server sent it; attribute names in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def has(self, name: str) -> bool:
        return bool(self.values.get(name.lower()))

    def texts(self, name: str) -> list[str]:
        return [raw.decode("utf-8", "replace") for raw in self.values.get(name.lower(), ())]

    def text(self, name: str) -> str:
        """The first value, or nothing."""
        return next(iter(self.texts(name)), "")

    def raw(self, name: str) -> bytes:
        return next(iter(self.values.get(name.lower(), ())), b"")

    def number(self, name: str) -> int | None:
        """A whole number of any size; None if there is none."""
        text = self.text(name).strip()
        return int(text) if len(text) < 25 and text.removeprefix("-").isdecimal() else None
