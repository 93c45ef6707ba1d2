"""Who gets which address when a directory speaks. Pure.

An address has one holder. The holder keeps it while they claim it; if they do not and exactly one other
entry does, it is handed over from now on. Of several new claimants nobody gets it, and it is reported.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amberpost.directory.found import FoundEntry
from amberpost.directory.plan.present import CurrentArchive, CurrentState, shown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Something two entries claim: an address, or a login."""

    subject: str
    holder: str  # name of the archive that keeps it, "" if nobody gets it
    claimants: tuple[str, ...]  # names of the entries that claim it and do not get it


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """By entry key; every entry has its line."""

    gained: Mapping[str, tuple[str, ...]]
    lost: Mapping[str, tuple[str, ...]]
    hand_overs: tuple[tuple[str, int, str], ...]  # address, archive that held it, key that gets it
    conflicts: tuple[Conflict, ...]


def settle_claims(
    entries: Iterable[FoundEntry], matched: Mapping[str, CurrentArchive], current: CurrentState
) -> Claims:
    """Decide every address that is claimed or held."""
    entries = tuple(entries)
    settling = _Settling(entries, matched, current)
    for address in sorted(settling.claimants):
        settling.settle(address)
    lost: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        archive = matched.get(entry.key)
        lost[entry.key] = tuple(sorted(archive.addresses.difference(claimed(entry)))) if archive else ()
    return Claims(
        gained={e.key: tuple(a for a in claimed(e) if a in settling.gained[e.key]) for e in entries},
        lost=lost,
        hand_overs=tuple(settling.hand_overs),
        conflicts=tuple(settling.conflicts),
    )


def claimed(entry: FoundEntry) -> tuple[str, ...]:
    """The addresses of an entry, mail and X.500, each once."""
    return tuple(dict.fromkeys((*entry.addresses, *entry.x500)))


class _Settling:
    """One walk over the addresses."""

    def __init__(
        self, entries: tuple[FoundEntry, ...], matched: Mapping[str, CurrentArchive], current: CurrentState
    ) -> None:
        self.by_key = {entry.key: entry for entry in entries}
        self.key_of = {archive.id: key for key, archive in matched.items()}
        self.holders = {a: archive for archive in current.archives for a in archive.addresses}
        self.claimants: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            for address in claimed(entry):
                self.claimants[address].append(entry.key)
        self.gained: dict[str, set[str]] = defaultdict(set)
        self.hand_overs: list[tuple[str, int, str]] = []
        self.conflicts: list[Conflict] = []

    def settle(self, address: str) -> None:
        claimants, holder = self.claimants[address], self.holders.get(address)
        if holder is not None and self._keeps(holder, claimants):
            others = [key for key in claimants if key != self.key_of.get(holder.id)]
            if others:
                self._report(address, holder.name, others)
        elif len(claimants) > 1:
            self._report(address, "", claimants)
        else:
            self.gained[claimants[0]].add(address)
            if holder is not None:
                self.hand_overs.append((address, holder.id, claimants[0]))

    def _keeps(self, holder: CurrentArchive, claimants: list[str]) -> bool:
        """While they claim it; what was made by hand and is in use claims all it holds."""
        key = self.key_of.get(holder.id)
        if key is not None:
            return key in claimants
        return not holder.key and not holder.is_departed

    def _report(self, address: str, holder: str, keys: list[str]) -> None:
        names = tuple(shown_name(self.by_key[key]) for key in keys)
        self.conflicts.append(Conflict(subject=address, holder=holder, claimants=names))
