"""amberpost user add|import|export|list|password|disable|enable."""

import argparse
from pathlib import Path

from amberpost.accounts.csv_list import export_users, import_users
from amberpost.accounts.models import Role, User
from amberpost.accounts.people import (
    add_user,
    get_user,
    give_addresses,
    reset_password,
    set_active,
)
from amberpost.cli.call import Call, Result, add_action, counted
from amberpost.daemon.work import settle
from amberpost.directory.archives.local import current_addresses
from amberpost.errors import UserError
from amberpost.road.late import request_assignment

NEEDS_ARCHIVE = True

_WHO = "login, address or name"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = add_action(actions, "add", "a local user with a private archive")
    add.add_argument("--login", required=True)
    add.add_argument("--name", default="")
    add.add_argument("--address", action="append", default=[], help="may be given several times")
    add.add_argument("--role", choices=Role.values, default=Role.READER)
    add_action(actions, "import", "users from CSV").add_argument("file", type=Path)
    add_action(actions, "export", "local users to CSV, without passwords").add_argument("file", type=Path)
    add_action(actions, "list", "all users")
    give = add_action(actions, "address", "give a user further addresses")
    give.add_argument("--login", required=True, metavar="USER", help=_WHO)
    give.add_argument("--address", action="append", required=True)
    for name, text in (
        ("password", "a new one-time password"),
        ("disable", "no more sign-in"),
        ("enable", "sign-in"),
    ):
        add_action(actions, name, text).add_argument("--login", required=True, metavar="USER", help=_WHO)


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _add(call: Call) -> Result:
    wanted = call.arguments
    user, password = add_user(
        wanted.login, name=wanted.name, addresses=wanted.address, role=wanted.role, by=call.actor
    )
    _assign(user, call)
    return Result(
        data={"login": user.login, "password": password}, text=f"{user.login}: one-time password {password}"
    )


def _import(call: Call) -> Result:
    file: Path = call.arguments.file
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError("this_file_unreadable", subject=str(file)) from error
    imported = import_users(raw, by=call.actor)
    for user in imported.users:
        _assign(user, call)
    return Result(
        data={
            "added": [user.login for user in imported.users],
            "encoding": imported.table.encoding,
            "delimiter": imported.table.delimiter,
            "heading": imported.has_heading,
            "unread": list(imported.unread),
        },
        text=f"{imported.said}\n{counted(len(imported.users), 'user')} added",
    )


def _export(call: Call) -> Result:
    users, file = export_users(), call.arguments.file
    try:
        file.write_text(users.text, encoding="utf-8", newline="")
    except OSError as error:
        raise UserError("this_file_unwritable", subject=str(file)) from error
    left_out = "".join(f"\nnot in it, because of its user-id: {login}" for login in users.left_out)
    return Result(
        data={"exported": users.count, "left_out": list(users.left_out), "file": str(file)},
        text=f"{counted(users.count, 'user')} written{left_out}",
    )


def _list(call: Call) -> Result:
    users = list(User.objects.select_related("private_archive"))
    text = "\n".join(f"{u.login}\t{u.role}\t{u.name}\t{', '.join(_addresses(u))}" for u in users)
    return Result(data={"users": [_facts(user) for user in users]}, text=text)


def _address(call: Call) -> Result:
    user = get_user(call.arguments.login)
    added = give_addresses(user, call.arguments.address, by=call.actor)
    request_assignment(added, call.actor)
    return Result(
        data={"login": user.login, "added": added},
        text=f"{user.login}: {counted(len(added), 'address', 'addresses')} added",
    )


def _password(call: Call) -> Result:
    user = get_user(call.arguments.login)
    password = reset_password(user, by=call.actor)
    return Result(
        data={"login": user.login, "password": password}, text=f"{user.login}: one-time password {password}"
    )


def _disable(call: Call) -> Result:
    return _switch(call, active=False)


def _enable(call: Call) -> Result:
    return _switch(call, active=True)


def _switch(call: Call, *, active: bool) -> Result:
    user = get_user(call.arguments.login)
    set_active(user, active=active, by=call.actor)
    return Result(
        data={"login": user.login, "active": active},
        text=f"{user.login}: {'may' if active else 'may not'} sign in",
    )


def _assign(user: User, call: Call) -> None:
    if user.private_archive is not None:
        request_assignment(current_addresses(user.private_archive), call.actor)


def _facts(user: User) -> dict[str, object]:
    return {
        "login": user.login,
        "name": user.name,
        "role": user.role,
        "active": user.is_active,
        "addresses": _addresses(user),
    }


def _addresses(user: User) -> list[str]:
    return current_addresses(user.private_archive) if user.private_archive else []


_ACTIONS = {
    "add": _add,
    "import": _import,
    "export": _export,
    "list": _list,
    "address": _address,
    "password": _password,
    "disable": _disable,
    "enable": _enable,
}
