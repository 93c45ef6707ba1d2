"""Directories of the tests: entries by hand, and the shared corpora's directory.json as a Found."""

import json
from collections.abc import Mapping
from typing import Any

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.message.addresses import normalise_address
from tests.corpora import shared

Json = Mapping[str, Any]


def person(name: str, /, *addresses: str, **facts: Any) -> FoundEntry:
    """A person whose key and login are made of the name."""
    given = addresses or (f"{name}@firma.example",)
    return FoundEntry(
        **{
            "key": f"ad:{name}",
            "kind": EntryKind.PERSON,
            "name": name,
            "login": name,
            "addresses": given,
            **facts,
        }
    )


def public(name: str, /, *addresses: str, kind: EntryKind = EntryKind.SHARED, **facts: Any) -> FoundEntry:
    """A shared mailbox, group or folder."""
    given = addresses or (f"{name}@firma.example",)
    return FoundEntry(**{"key": f"ad:{name}", "kind": kind, "name": name, "addresses": given, **facts})


def found(*entries: FoundEntry) -> Found:
    return Found(entries=entries)


def shared_directory() -> tuple[Json, Found]:
    """directory.json of the corpora, and what a reader of that directory says."""
    facts: Json = json.loads(shared("corpora/ldif/generated-200/directory.json").read_text())
    conflict = facts["conflict_alias"]
    claimants = facts["users"][:2]  # directory.ldif: both have the alias, directory.json names it apart
    people = [_person(u, [conflict] if u in claimants else []) for u in facts["users"]]
    known = {u["id"] for u in facts["users"]}
    boxes = [_shared(s, known) for s in facts["shared"]]
    groups = [_group(g, known) for g in facts["groups"]]
    return facts, Found(entries=(*people, *boxes, *groups))


def _person(user: Json, further: list[str]) -> FoundEntry:
    x500 = [f"[EX:{user['legdn']}]"]
    x500 += [f"[EX:{p.partition(':')[2]}]" for p in user["proxies"] if p.lower().startswith("x500:")]
    return FoundEntry(
        key=f"ad:{user['guid']}",
        kind=EntryKind.PERSON,
        name=user["display"],
        login=user["upn"],
        logins=(user["id"],),
        addresses=_unique([user["mail"] or "", *user["addresses"], *further]),
        x500=_unique(x500),
        is_enabled=user["enabled"],
        reference=user["dn"],
    )


def _shared(box: Json, known: set[str]) -> FoundEntry:
    return FoundEntry(
        key=f"ad:{box['guid']}",
        kind=EntryKind(box["kind"]),
        name=box["id"],
        addresses=_unique([box["mail"] or "", *box["addresses"]]),
        delegates=tuple(key_of(login) for login in box["access"] if login in known),
    )


def _group(group: Json, known: set[str]) -> FoundEntry:
    return FoundEntry(
        key=f"ad:{group['id']}",
        kind=EntryKind.GROUP,
        name=group["cn"],
        addresses=_unique([group["mail"] or ""]),
        members=tuple(key_of(login) for login in group["members"] if login in known),
    )


def key_of(login: str) -> str:
    """The key of one of directory.json's users."""
    return _keys()[login]


_KEYS: dict[str, str] = {}


def _keys() -> dict[str, str]:
    if not _KEYS:
        text = shared("corpora/ldif/generated-200/directory.json").read_text()
        _KEYS.update({user["id"]: f"ad:{user['guid']}" for user in json.loads(text)["users"]})
    return _KEYS


def _unique(addresses: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise_address(a) for a in addresses if a))
