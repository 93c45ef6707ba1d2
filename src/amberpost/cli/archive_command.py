"""amberpost archive list|add|release|revoke|handover|select|plus."""

import argparse
from typing import Any

from django.db.models import QuerySet

from amberpost.accounts.models import Release, User
from amberpost.accounts.people import get_user
from amberpost.accounts.public_archives import add_public_archive
from amberpost.accounts.readers import find_archive, find_reader
from amberpost.accounts.releases import hand_over, open_releases, release, revoke
from amberpost.cli.call import Call, Result, add_action
from amberpost.daemon.work import settle
from amberpost.directory.active import select_archives
from amberpost.directory.archives.book import has_plus_addresses
from amberpost.directory.archives.local import current_addresses
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin, ArchiveState
from amberpost.errors import UserError
from amberpost.road.late import request_assignment, set_plus_addresses

NEEDS_ARCHIVE = True

_PUBLIC = [origin for origin in ArchiveOrigin.values if origin != ArchiveOrigin.PERSON]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    listed = add_action(actions, "list", "archives with addresses, owner and releases")
    listed.add_argument("--kind", choices=ArchiveKind.values)
    listed.add_argument("--origin", choices=ArchiveOrigin.values)
    listed.add_argument("--state", choices=ArchiveState.values)
    listed.add_argument("--search", default="", help="part of a name or an address")
    add = add_action(actions, "add", "a public archive by hand, where the local list may have them")
    add.add_argument("--name", required=True)
    add.add_argument("--address", action="append", required=True, help="may be given several times")
    add.add_argument("--origin", choices=_PUBLIC, default=ArchiveOrigin.SHARED)
    given = _archive_action(actions, "release", "let somebody read a public archive")
    given.add_argument("--to", required=True, help="a user or a group: login, address or name")
    given.add_argument("--reason", default="")
    ended = _archive_action(actions, "revoke", "end a release at once")
    ended.add_argument(
        "--from", dest="reader", required=True, help="the user or group that reads it: login, address or name"
    )
    over = _archive_action(actions, "handover", "let a successor read the archive of somebody who left")
    over.add_argument("--to", required=True, help="the successor: login, address or name")
    over.add_argument("--reason", required=True)
    select = _archive_action(actions, "select", "whether an archive takes new mail")
    select.add_argument(
        "--off", action="store_true", help="take it out: its mail is no longer archived there"
    )
    plus = add_action(actions, "plus", "whether name+anything@ is name@, for the whole archive")
    switch = plus.add_mutually_exclusive_group()
    switch.add_argument("--on", action="store_true", help="mail to name+anything@ is mail to name@")
    switch.add_argument("--off", action="store_true", help="it is not; what is assigned stays")


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _archive_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    parser = add_action(actions, name, text)
    parser.add_argument(
        "--archive",
        required=True,
        help="its number, name or one of its addresses, or its owner's login or name",
    )
    return parser


def _list(call: Call) -> Result:
    wanted = call.arguments
    archives: QuerySet[Archive] = Archive.objects.prefetch_related("addresses", "releases").order_by("pk")
    for name in ("kind", "origin", "state"):
        if value := getattr(wanted, name):
            archives = archives.filter(**{name: value})
    if wanted.search:
        by_name = archives.filter(name__icontains=wanted.search)
        archives = (by_name | archives.filter(addresses__address__icontains=wanted.search)).distinct()
    owners = {user.private_archive_id: user for user in User.objects.exclude(private_archive=None)}
    found = [_facts(archive, owners.get(archive.pk)) for archive in archives]
    text = "\n".join(
        f"{a['id']}\t{a['kind']}\t{a['origin']}\t{a['state']}\t{a['name']}\t{' '.join(_held(a))}"
        for a in found
    )
    return Result(data={"archives": found}, text=text)


def _add(call: Call) -> Result:
    wanted = call.arguments
    archive = add_public_archive(
        wanted.name, wanted.address, origin=ArchiveOrigin(wanted.origin), by=call.actor
    )
    request_assignment(current_addresses(archive), call.actor)
    return Result(data={"id": archive.pk, "name": archive.name}, text=f"{archive.name}: archive {archive.pk}")


def _release(call: Call) -> Result:
    archive, wanted = find_archive(call.arguments.archive), call.arguments
    given = release(archive, to=find_reader(wanted.to), by=call.actor, reason=wanted.reason)
    return Result(data=_release_facts(given), text=f"{archive.name}: {_reader(given)} may read it")


def _revoke(call: Call) -> Result:
    archive, reader = find_archive(call.arguments.archive), find_reader(call.arguments.reader)
    ended = [g for g in open_releases(archive) if reader in (g.user, g.group)]
    if not ended:
        raise UserError("not_released_to_reader", subject=call.arguments.reader)
    for given in ended:
        revoke(given, by=call.actor)
    return Result(
        data={"archive": archive.pk, "revoked": [given.pk for given in ended]},
        text=f"{archive.name}: {_reader(ended[0])} may no longer read it",
    )


def _handover(call: Call) -> Result:
    archive, wanted = find_archive(call.arguments.archive), call.arguments
    given = hand_over(archive, to=get_user(wanted.to), by=call.actor, reason=wanted.reason)
    return Result(data=_release_facts(given), text=f"{archive.name}: {_reader(given)} may read it")


def _select(call: Call) -> Result:
    archive, is_on = find_archive(call.arguments.archive), not call.arguments.off
    request_assignment(select_archives({archive.pk: is_on}, by=call.actor), call.actor)
    said = "takes new mail" if is_on else "takes no new mail; what is kept stays. Check your duty to keep it"
    return Result(data={"archive": archive.pk, "selected": is_on}, text=f"{archive.name}: {said}")


def _plus(call: Call) -> Result:
    if call.arguments.on or call.arguments.off:
        set_plus_addresses(call.arguments.on, by=call.actor)
    is_on = has_plus_addresses()
    said = "mail to name+anything@ is mail to name@" if is_on else "name+anything@ is an address of its own"
    return Result(data={"plus_addresses": is_on}, text=said)


def _facts(archive: Archive, owner: User | None) -> dict[str, Any]:
    return {
        "id": archive.pk,
        "name": archive.name,
        "kind": archive.kind,
        "origin": archive.origin,
        "state": archive.state,
        "selected": archive.is_selected,
        "key": archive.key,
        "owner": owner.login if owner else None,
        "addresses": [
            {"address": held.address, "from": held.valid_from, "until": held.valid_until}
            for held in archive.addresses.all()
        ],
        "releases": [_release_facts(given) for given in archive.releases.all() if given.revoked_at is None],
    }


def _release_facts(given: Release) -> dict[str, Any]:
    return {
        "id": given.pk,
        "archive": given.archive_id,
        "user": given.user.login if given.user else None,
        "group": given.group.name if given.group else None,
        "rule": given.rule,
        "reason": given.reason,
        "released_at": given.released_at,
        "released_by": given.released_by,
    }


def _held(facts: dict[str, Any]) -> list[str]:
    return [held["address"] for held in facts["addresses"] if held["until"] is None]


def _reader(given: Release) -> str:
    if given.user is not None:
        return given.user.login
    assert given.group is not None
    return given.group.name


_ACTIONS = {
    "list": _list,
    "add": _add,
    "release": _release,
    "revoke": _revoke,
    "handover": _handover,
    "select": _select,
    "plus": _plus,
}
