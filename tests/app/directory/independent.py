"""Compares what we found with directory.json of the shared corpora. Knows nothing of our reading code.

differences(found_as_dicts, truth) -> list of sentences; empty when they agree
"""

from collections.abc import Mapping, Sequence
from typing import Any


def differences(found: Sequence[Mapping[str, Any]], truth: Mapping[str, Any]) -> list[str]:
    """Every way in which the found entries differ from the truth, both ways round."""
    wrong: list[str] = []
    users = {user["id"]: user for user in truth["users"] if user["addresses"]}
    shared = {one["id"]: one for one in truth["shared"]}
    groups = {one["id"]: one for one in truth["groups"]}
    wanted = {user["guid"]: user["id"] for user in users.values()}
    wanted |= {one["guid"]: one["id"] for one in shared.values()}
    persons = {
        one["key"]: wanted.get(one["key"].partition(":")[2]) for one in found if one["kind"] == "person"
    }
    by_first = {one["addresses"][0]: one for one in found}
    if len(found) != len(users) + len(shared) + len(groups):
        wrong.append(f"{len(found)} entries instead of {len(users) + len(shared) + len(groups)}")

    def people(keys: Sequence[str]) -> set[str]:
        return {str(persons.get(key, key)) for key in keys}

    for user in users.values():
        one = by_first.pop(user["mail"].lower(), None)
        if one is None:
            wrong.append(f"missing {user['id']}")
            continue
        extra = set(one["addresses"]) - {address.lower() for address in user["addresses"]}
        # The generator adds these to the LDIF after it has written the list: one alias twice, one in capitals
        extra -= {
            truth["conflict_alias"],
            *(p[5:].lower() for p in user["proxies"] if p[:5].lower() == "smtp:"),
        }
        lost = {address.lower() for address in user["addresses"]} - set(one["addresses"])
        facts = (one["kind"], one["key"], one["is_enabled"], one["login"].lower(), one["name"])
        asked = ("person", f"ad:{user['guid']}", user["enabled"], user["upn"].lower(), user["display"])
        if extra or lost or facts != asked:
            wrong.append(f"{user['id']}: {extra} {lost} {facts} instead of {asked}")
        if user["legdn"] and f"[ex:{user['legdn'].lower()}]" not in one["x500"]:
            wrong.append(f"{user['id']}: X.500 name lost")
    reachable = set(users)
    for one_shared in shared.values():
        one = by_first.pop(one_shared["mail"].lower(), None)
        if one is None or one["kind"] != one_shared["kind"] or one["key"] != f"ad:{one_shared['guid']}":
            wrong.append(f"{one_shared['id']}: {one and one['kind']}")
        elif set(one["addresses"]) != set(one_shared["addresses"]):
            wrong.append(f"{one_shared['id']}: {one['addresses']}")
        elif people(one["delegates"]) != set(one_shared["access"]) & reachable:
            wrong.append(f"{one_shared['id']}: readers differ")
    for group in groups.values():
        one = by_first.pop(group["mail"].lower(), None)
        if (
            one is None
            or one["kind"] != "group"
            or people(one["members"]) != set(group["members"]) & reachable
        ):
            wrong.append(f"{group['id']}: {one and one['kind']}, members differ")
    return wrong + [f"too much: {address}" for address in by_first]
