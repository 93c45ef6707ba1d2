"""amberpost domain add|remove|list."""

import argparse

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result, add_action
from amberpost.daemon.work import settle
from amberpost.errors import UserError
from amberpost.sources.domains import add_domain, shown_domain, valid_domain
from amberpost.sources.models import OwnDomain

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add_action(actions, "add", "a mail domain of this company").add_argument("domain")
    add_action(actions, "remove", "no longer an own domain; nothing else changes").add_argument("domain")
    add_action(actions, "list", "all own domains")


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _add(call: Call) -> Result:
    domain, is_new = add_domain(call.arguments.domain)
    if is_new:
        record(call.actor, Action.DOMAIN_ADDED, domain.name)
    return Result(
        data={"domain": domain.name, "new": is_new}, text=f"{shown_domain(domain.name)}: own domain"
    )


def _remove(call: Call) -> Result:
    name = valid_domain(call.arguments.domain)
    if not OwnDomain.objects.filter(name=name).delete()[0]:
        raise UserError("This is not one of your own domains", subject=call.arguments.domain)
    record(call.actor, Action.DOMAIN_REMOVED, name)
    return Result(data={"removed": name}, text=f"{shown_domain(name)}: removed")


def _list(_call: Call) -> Result:
    names = list(OwnDomain.objects.values_list("name", flat=True))
    return Result(data={"domains": names}, text="\n".join(map(shown_domain, names)))


_ACTIONS = {"add": _add, "remove": _remove, "list": _list}
