"""amberpost notice set|show|test|list."""

import argparse
from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result, add_action, read_secret
from amberpost.daemon.notices import unsealing
from amberpost.daemon.work import settle
from amberpost.errors import DeliveryError
from amberpost.net.security import Security
from amberpost.notice.alarm import Level
from amberpost.notice.configure import SECRETS, current_settings, save_settings
from amberpost.notice.models import Notice, NoticeSettings, RelayLogin
from amberpost.notice.trial import send_test
from amberpost.notice.words import sentence
from amberpost.road.open import open_keys_of
from amberpost.times import column_text

NEEDS_ARCHIVE = True

# Option -> field that takes it as it is
_TEXTS = {
    "relay": "relay",
    "from": "sender",
    "login": "login",
    "user": "user",
    "tenant_id": "tenant_id",
    "client_id": "client_id",
    "authority": "authority",
    "scope": "scope",
    "webhook": "webhook_url",
    "language": "language",
}
_LIMITS = ("failing_polls", "quarantine_per_day", "disk_percent", "disk_full_percent", "behind_minutes")
_SHOWN = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    change = add_action(actions, "set", "change what is given, keep the rest; an empty text switches off")
    change.add_argument("--to", action="append", help="recipient; may be given several times, replaces all")
    change.add_argument("--from", help="sender address (default: the first recipient)")
    change.add_argument("--relay", help="mail relay, host[:port]")
    change.add_argument("--security", choices=Security.values)
    change.add_argument("--login", choices=RelayLogin.values, help="how to sign in at the relay")
    change.add_argument("--user", help="for the relay; empty: no sign-in; with oauth the mailbox that sends")
    change.add_argument("--password-file", type=Path)
    change.add_argument("--tenant-id", metavar="ID")
    change.add_argument("--client-id", metavar="ID")
    change.add_argument(
        "--client-secret-file", type=Path, metavar="FILE", help="the Value of the secret, not its id"
    )
    change.add_argument("--authority", metavar="URL", help="sign-in server of a national cloud")
    change.add_argument("--scope", help="of a national cloud")
    change.add_argument("--ca", type=Path, help="own root certificate of relay or webhook, PEM")
    change.add_argument("--webhook", help="https address that gets JSON")
    change.add_argument("--webhook-internal", choices=["yes", "no"], help="it is in our own network")
    change.add_argument("--webhook-secret-file", type=Path, help="signs what is sent there")
    change.add_argument("--language", help="of the messages: en, de, fr")
    for name in _LIMITS:
        change.add_argument(f"--{name.replace('_', '-')}", type=int)
    add_action(actions, "show", "the settings, without secrets")
    add_action(actions, "test", "send a test message by each way")
    recent = add_action(actions, "list", "current problems")
    recent.add_argument("--all", action="store_true", help="also what is resolved")


def run(call: Call) -> Result:
    return _ACTIONS[call.arguments.action](call)


def _set(call: Call) -> Result:
    settings, wanted = current_settings(), vars(call.arguments)
    given = [name for name, value in wanted.items() if value is not None and name in _CHANGES]
    _apply(settings, wanted)
    secrets = {name: read_secret(wanted[f"{name}_file"]) for name in SECRETS}
    keys = open_keys_of(call.config)
    try:
        save_settings(settings, secrets, keys.seal_setting)
    finally:
        keys.close()
    record(call.actor, Action.NOTICE_SETTINGS_CHANGED, fields=",".join(given))
    settle(call.config)
    return Result(data=_facts(settings), text="Saved. Send a test message with: amberpost notice test")


def _apply(settings: NoticeSettings, wanted: dict[str, object]) -> None:
    for option, field in {**_TEXTS, **{name: name for name in _LIMITS}, "security": "security"}.items():
        if wanted[option] is not None:
            setattr(settings, field, wanted[option])
    if wanted["to"] is not None:
        settings.addresses = wanted["to"]
    if wanted["webhook_internal"] is not None:
        settings.is_webhook_internal = wanted["webhook_internal"] == "yes"
    if isinstance(wanted["ca"], Path):
        settings.ca_pem = read_secret(wanted["ca"])


def _show(_call: Call) -> Result:
    facts = _facts(current_settings())
    return Result(data=facts, text="\n".join(f"{name}\t{value}" for name, value in facts.items()))


def _test(call: Call) -> Result:
    with unsealing(call.config) as unseal:
        trials = send_test(current_settings(), unseal, call.config.url)
    for trial in trials:
        record(call.actor, Action.NOTICE_TEST_SENT, trial.channel, failed=trial.step)
    settle(call.config)
    return Result(
        data={"tests": [{"channel": t.channel, "step": t.step or None, "text": t.text} for t in trials]},
        text="\n".join(trial.text for trial in trials),
        exit_code=0 if all(trial.is_well for trial in trials) else DeliveryError.exit_code,
    )


def _list(call: Call) -> Result:
    chosen = Notice.objects.all() if call.arguments.all else Notice.objects.filter(ended_at=None)
    rows = list(chosen[:_SHOWN])
    notices = [
        {
            "kind": row.kind,
            "subject": row.subject,
            "level": Level(row.level).name.lower(),
            "since": row.first_at,
            "told": row.sent_at,
            "ended": row.ended_at,
            "text": sentence(row.kind, row.arguments),
        }
        for row in rows
    ]
    text = "\n".join(
        f"{column_text(row.first_at)}\t{told['level']}\t{told['text']}"
        for row, told in zip(rows, notices, strict=True)
    )
    return Result(data={"notices": notices}, text=text or "Nothing to report.")


def _facts(settings: NoticeSettings) -> dict[str, object]:
    return {
        "to": settings.addresses,
        "from": settings.sender,
        "relay": settings.relay,
        "security": settings.security,
        "login": settings.login,
        "user": settings.user,
        "password_set": settings.password_set_at is not None,
        "tenant_id": settings.tenant_id,
        "client_id": settings.client_id,
        "client_secret_set": settings.client_secret_set_at is not None,
        "authority": settings.authority,
        "scope": settings.scope,
        "own_certificate": bool(settings.ca_pem),
        "webhook": settings.webhook_url,
        "webhook_internal": settings.is_webhook_internal,
        "webhook_secret_set": settings.webhook_secret_set_at is not None,
        "language": settings.language,
        **{name: getattr(settings, name) for name in _LIMITS},
    }


_CHANGES = {
    *_TEXTS, *_LIMITS, "security", "to", "ca", "webhook_internal", "password_file", "client_secret_file",
    "webhook_secret_file",
}  # fmt: skip
_ACTIONS = {"set": _set, "show": _show, "test": _test, "list": _list}
