"""amberpost directory set|test|plan|sync|show."""

import argparse
from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result, add_action, read_secret, read_text
from amberpost.cli.directory_report import directory_facts, plan_facts, plan_text, run_facts, run_text
from amberpost.daemon.work import settle
from amberpost.directory.active import active_directory, get_directory, secret_of
from amberpost.directory.configure import FIELDS, SECRETS, store_settings, valid_filter, valid_hosts
from amberpost.directory.models import Directory, DirectoryKind, DirectoryRun, RunOutcome
from amberpost.directory.readers import test_steps
from amberpost.errors import DirectoryError, UserError
from amberpost.governance.directory_sync import look_at_directory, sync_directory
from amberpost.net.certificates import valid_authority
from amberpost.road.open import open_keys_of
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore

NEEDS_ARCHIVE = True

_SHOWN_RUNS = 10
# Options that are settings of the reader, and those that are rules of ours, under their own names
_SETTINGS = (
    "security", "user", "base_dn", "domain", "netbios", "user_container", "user_attribute", "mail_attributes",
    "tenant_id", "client_id", "authority", "graph",
)  # fmt: skip
_RULES = (
    "interval_minutes", "has_rooms", "has_public_archives", "is_manual", "releases_to_delegates",
    "releases_to_members", "guard_percent", "guard_count",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    _add_fields(add_action(actions, "set", "choose a directory, or change what is given and nothing else"))
    add_action(actions, "test", "try to connect, step by step; changes nothing")
    add_action(actions, "plan", "read the directory and show what would change; changes nothing")
    sync = add_action(actions, "sync", "read the directory and change what it says")
    sync.add_argument(
        "--accept", metavar="HASH", default="", help="yes to the plan with this hash, and no other"
    )
    add_action(actions, "show", "settings, state and last runs")


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _add_fields(parser: argparse.ArgumentParser) -> None:
    """Every field of a directory; None: not given."""
    option, flag = parser.add_argument, argparse.BooleanOptionalAction
    option(
        "--kind", choices=DirectoryKind.values, help="which directory decides; the active one if not given"
    )
    option(
        "--host",
        dest="hosts",
        action="append",
        help="host[:port], may be given several times: tried in order",
    )
    option("--security", choices=("starttls", "ssl", "none"), help="starttls if not given")
    option("--ca", metavar="FILE", help="own root certificate, PEM; empty: none")
    option("--bind-user", dest="user", metavar="USER", help="account that may only read")
    option("--password-file", type=Path, metavar="FILE")
    option("--base-dn", metavar="DN", help="ad: the whole domain if not given")
    option("--domain", help="ad: such as example.com")
    option("--netbios", metavar="NAME", help="ad: such as COMPANY")
    option("--user-container", metavar="DN", help="ldap: where the people are, under the base DN")
    option("--user-filter", metavar="FILTER", help="ldap: (objectClass=inetOrgPerson) if not given")
    option("--user-attribute", metavar="NAME", help="ldap: what people sign in with; uid if not given")
    option("--mail-attribute", dest="mail_attributes", metavar="NAME", action="append",
           help="ldap: may be given several times; mail if not given")  # fmt: skip
    option("--tenant-id", metavar="ID", help="entra")
    option("--client-id", metavar="ID", help="entra")
    option(
        "--client-secret-file", type=Path, metavar="FILE", help="entra: the Value of the secret, not its id"
    )
    option("--authority", metavar="URL", help="entra: sign-in server of a national cloud")
    option("--graph", metavar="URL", help="entra: Graph server of a national cloud")
    option("--interval", dest="interval_minutes", type=int, metavar="MINUTES", help="60 if not given")
    option("--rooms", dest="has_rooms", action=flag, help="archives for rooms and equipment")
    option("--public-archives", dest="has_public_archives", action=flag, help="local: also public archives")
    option(
        "--manual", dest="is_manual", action=flag, help="new accounts archive nothing until they are selected"
    )
    option("--release-to-delegates", dest="releases_to_delegates", action=flag, help="on if not given")
    option("--release-to-members", dest="releases_to_members", action=flag, help="off if not given")
    option("--guard-percent", type=int, metavar="PERCENT", help="ask if more than this share would leave")
    option("--guard-count", type=int, metavar="NUMBER", help="and at least this many")


def _set(call: Call) -> Result:
    wanted = call.arguments
    directory = get_directory(wanted.kind) if wanted.kind else active_directory()
    fields = _apply(directory, wanted)
    secrets = {"password": wanted.password_file, "client_secret": wanted.client_secret_file}
    typed = {name: read_secret(path) for name, path in secrets.items() if path is not None}
    if foreign := set(typed) - {SECRETS.get(directory.kind)}:
        raise UserError("directory_secret_unknown", subject=", ".join(sorted(foreign)))
    keys = open_keys_of(call.config)
    try:
        store_settings(directory, typed, keys.seal_setting, by=call.actor, fields=fields)
    finally:
        keys.close()
    return Result(data=directory_facts(directory), text=f"{directory.get_kind_display()}: in use")


def _apply(directory: Directory, wanted: argparse.Namespace) -> list[str]:
    """Only what was given; returns the names."""
    given = {name: getattr(wanted, name) for name in _SETTINGS if getattr(wanted, name) is not None}
    if wanted.hosts is not None:
        given["hosts"] = valid_hosts(wanted.hosts)
    if wanted.user_filter is not None:
        given["user_filter"] = valid_filter(wanted.user_filter)
    if wanted.ca is not None:
        given["ca_pem"] = valid_authority(read_text(Path(wanted.ca))) if wanted.ca else ""
    if foreign := set(given) - set(FIELDS[directory.kind]):
        raise UserError("directory_field_unknown", subject=", ".join(sorted(foreign)))
    directory.settings = {**directory.settings, **given}
    rules = {name: getattr(wanted, name) for name in _RULES if getattr(wanted, name) is not None}
    for name, value in rules.items():
        setattr(directory, name, value)
    return [*given, *rules]


def _test(call: Call) -> Result:
    directory, keys = active_directory(), open_keys_of(call.config)
    try:
        steps = list(test_steps(directory, lambda field: secret_of(directory, field, keys.open_setting)))
    finally:
        keys.close()
    is_ok = bool(steps) and steps[-1].is_ok
    record(call.actor, Action.DIRECTORY_TESTED, directory.kind, is_ok=is_ok)
    facts = [{"step": s.title, "ok": s.is_ok, "text": s.text, "seconds": round(s.seconds, 3)} for s in steps]
    text = "\n".join(f"{'passed' if s.is_ok else 'FAILED'}  {s.title}: {s.text}" for s in steps)
    return Result(
        data={"ok": is_ok, "steps": facts}, text=text, exit_code=0 if is_ok else DirectoryError.exit_code
    )


def _plan(call: Call) -> Result:
    disk, keys = _tools(call)
    try:
        shown = look_at_directory(disk, keys)
    finally:
        keys.close()
    return Result(data=plan_facts(shown), text=plan_text(shown))


def _sync(call: Call) -> Result:
    disk, keys = _tools(call)
    try:
        done = sync_directory(disk, keys, by=call.actor, accept=call.arguments.accept)
    finally:
        keys.close()
    if done.error is not None:
        raise done.error
    assert done.preview is not None
    data, text = {**run_facts(done.run), "plan": plan_facts(done.preview)}, run_text(done.run)
    if done.run.outcome != RunOutcome.WAITING:
        return Result(data=data, text=text)
    question = f"{plan_text(done.preview)}\nNothing was changed. To go on: --accept {done.preview.hash}"
    return Result(data=data, text=question, exit_code=UserError.exit_code)


def _show(call: Call) -> Result:
    directory = active_directory()
    runs = list(DirectoryRun.objects.filter(directory__kind=directory.kind)[:_SHOWN_RUNS])
    facts = {**directory_facts(directory), "runs": [run_facts(run) for run in runs]}
    said = [f"{name}\t{_shown(value)}" for name, value in facts.items() if name != "runs"]
    return Result(data=facts, text="\n".join([*said, *map(run_text, runs)]))


def _shown(value: object) -> str:
    return ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _tools(call: Call) -> tuple[LocalDisk, KeyStore]:
    return LocalDisk(call.config.data), open_keys_of(call.config)


_ACTIONS = {"set": _set, "test": _test, "plan": _plan, "sync": _sync, "show": _show}
