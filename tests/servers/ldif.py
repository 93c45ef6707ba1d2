"""LDIF (RFC 2849) read and written, as far as directories for tests need it."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass
class LdifEntry:
    """One entry: attribute names as written, values as octets."""

    dn: str
    values: dict[str, list[bytes]] = field(default_factory=dict)

    def add(self, name: str, *values: str | bytes | int) -> "LdifEntry":
        octets = (value if isinstance(value, bytes) else str(value).encode() for value in values)
        self.values.setdefault(name, []).extend(octets)
        return self

    def text(self, name: str) -> str:
        return self.values.get(name, [b""])[0].decode()


def read_ldif(text: str) -> Iterator[LdifEntry]:
    """The entries of a file; options of names (";range=0-*") are taken off, as servers want plain names."""
    unfolded = text.replace("\r\n", "\n").replace("\n ", "")
    for block in re.split(r"\n{2,}", unfolded):
        entry: LdifEntry | None = None
        for line in block.splitlines():
            if not line or line.startswith(("#", "version:")):
                continue
            name, value = _parse_line(line)
            if name == "dn":
                entry = LdifEntry(value.decode())
            elif entry is not None:
                entry.add(name.partition(";")[0], value)
        if entry is not None:
            yield entry


def write_ldif(entries: Iterable[LdifEntry]) -> str:
    return "\n".join(_written(entry) for entry in entries)


def with_parents(entries: Iterable[LdifEntry], suffix: str, classes: Mapping[str, str]) -> list[LdifEntry]:
    """The entries, each after the containers above it; `classes` says what a missing `dc`, `ou`, `cn` becomes."""
    made: dict[str, LdifEntry] = {}
    wanted = {entry.dn.lower(): entry for entry in entries}

    def make(dn: str) -> None:
        if dn.lower() in made:
            return
        if dn.lower() != suffix.lower():
            make(parent_of(dn))
        made[dn.lower()] = wanted.get(dn.lower()) or _container(dn, classes)

    for entry in wanted.values():
        make(entry.dn)
    return list(made.values())


def parent_of(dn: str) -> str:
    return re.split(r"(?<!\\),", dn, maxsplit=1)[1]


def _container(dn: str, classes: Mapping[str, str]) -> LdifEntry:
    name, _, value = re.split(r"(?<!\\),", dn, maxsplit=1)[0].partition("=")
    return LdifEntry(dn).add("objectClass", classes[name.lower()]).add(name.lower(), value)


def _parse_line(line: str) -> tuple[str, bytes]:
    name, _, value = line.partition(":")
    if value.startswith(":"):
        return name, base64.b64decode(value[1:].strip())
    return name, value.strip().encode()


def _written(entry: LdifEntry) -> str:
    lines = [f"dn:: {base64.b64encode(entry.dn.encode()).decode()}"]
    for name, values in entry.values.items():
        lines += [f"{name}:: {base64.b64encode(value).decode()}" for value in values]
    return "\n".join(lines) + "\n"
