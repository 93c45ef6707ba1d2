"""Who belongs to a group when groups contain groups, in circles too. Pure, in memory: no question to a server."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NestedGroups:
    """Names are whatever identifies an object while it is read (dn_key); answers are keys of people."""

    people: Mapping[str, str]  # name -> key
    groups: Mapping[str, Iterable[str]]  # name -> names of its direct members

    def people_in(self, names: Iterable[str]) -> tuple[str, ...]:
        """The keys of all people among `names` and in the groups among them, sorted."""
        keys: set[str] = set()
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            key = self.people.get(name)
            if key is not None:
                keys.add(key)
            else:
                waiting.extend(self.groups.get(name, ()))
        return tuple(sorted(keys))
