"""amberpost source add|set|list|remove|test|report."""

import argparse
import sys
from datetime import date
from pathlib import Path

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result, add_action, read_secret, read_text
from amberpost.cli.source_report import facts, report_of, report_text, step_facts, step_text
from amberpost.daemon.work import settle
from amberpost.errors import SourceError, UserError
from amberpost.net.security import Security
from amberpost.oauth.hints import looks_like_secret_id
from amberpost.road.open import open_keys_of
from amberpost.sources.account import account_settings
from amberpost.sources.configure import NewSecrets, default_security, remove_source, save_source
from amberpost.sources.models import MailSystem, Source, SourceProtocol
from amberpost.sources.probe import has_succeeded, probe
from amberpost.sources.status import note_certificate

NEEDS_ARCHIVE = True

_PROTOCOLS = [protocol for protocol in SourceProtocol.values if protocol != SourceProtocol.FILE]
# Options that are fields of the account as they stand
_PLAIN = (
    "protocol", "mail_system", "server", "user", "tenant_id", "client_id", "authority", "scope", "allow_insecure_oauth",
    "security", "certificate_sha256", "keep_mails", "evaluation", "enabled", "interval_minutes", "silence_hours",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = add_action(actions, "add", "a remote e-mail account")
    add.add_argument("--name", required=True)
    _add_fields(add)
    change = add_action(actions, "set", "change what is given, and nothing else")
    change.add_argument("--name", required=True)
    change.add_argument("--rename", metavar="NAME", help="a new name")
    _add_fields(change)
    add_action(actions, "list", "all accounts")
    for name, text in (
        ("remove", "forget an account; its mail stays"),
        ("test", "try to connect, step by step; takes and changes nothing"),
        ("report", "last runs, what stays on the server, gaps, state"),
    ):
        add_action(actions, name, text).add_argument("--name", required=True)


def run(call: Call) -> Result:
    result = _ACTIONS[call.arguments.action](call)
    settle(call.config)
    return result


def _add_fields(parser: argparse.ArgumentParser) -> None:
    """Every field of an account; None: not given."""
    option, flag = parser.add_argument, argparse.BooleanOptionalAction
    option("--protocol", choices=_PROTOCOLS, help="imap if not given")
    option(
        "--mail-system", choices=MailSystem.values, help="whose copies arrive; decides on the checklist only"
    )
    option("--server", help="host[:port]; for OAuth 2 outlook.office365.com if not given")
    option("--user", help="for OAuth 2 the address of the mailbox")
    option("--password-file", type=Path, metavar="FILE")
    option("--tenant-id", metavar="ID")
    option("--client-id", metavar="ID")
    option("--client-secret-file", type=Path, metavar="FILE", help="the Value of the secret, not its id")
    option("--secret-expires-on", metavar="DATE", help="such as 2027-05-03; empty: not known")
    option("--authority", metavar="URL", help="sign-in server of a national cloud")
    option("--scope", help="of a national cloud")
    option("--interval", dest="interval_minutes", type=int, metavar="MINUTES", help="1 to 60; 1 if not given")
    option("--keep-mails", action=flag, help="leave the mail on the server; off if not given")
    option("--security", choices=Security.values, help="starttls if not given, ssl for OAuth 2")
    option(
        "--allow-insecure-oauth", action=flag, help="send the token without encryption, with --security none"
    )
    option(
        "--max-size",
        dest="max_size_mb",
        metavar="MB",
        help="larger mail stays there, 1 or more; empty: no limit",
    )
    option(
        "--header-evaluation",
        dest="evaluation",
        metavar="MODE",
        help="journal, header, x-envelope-to, x-original-to, delivered-to or custom:NAME; journal if not given",
    )
    option("--ca", metavar="FILE", help="own root certificate, PEM; empty: none")
    option("--certificate-sha256", metavar="HEX", help="trust this very certificate; empty: none")
    option("--folder", action="append", help="instead of INBOX; may be given several times")
    option(
        "--silence-hours",
        type=int,
        metavar="HOURS",
        help="alarm when nothing arrives; 72 if not given, 0: never",
    )
    option("--enable", dest="enabled", action="store_const", const=True, help="collect from it (default)")
    option("--disable", dest="enabled", action="store_const", const=False, help="do not collect from it")


def _add(call: Call) -> Result:
    wanted = call.arguments
    source = Source(name=wanted.name, protocol=wanted.protocol or SourceProtocol.IMAP)
    source.security = default_security(source.protocol)
    if source.kind.uses_oauth:
        source.mail_system = MailSystem.MICROSOFT_365
    _apply(source, wanted)
    if not source.kind.uses_oauth and wanted.password_file is None:
        raise UserError("password_missing", subject="--password-file")
    warnings = _save(call, source, Action.SOURCE_ADDED)
    return Result(data={**facts(source), "warnings": warnings}, text=f"{source.name}: added")


def _set(call: Call) -> Result:
    source, wanted = _named(call), call.arguments
    if wanted.protocol and wanted.security is None and source.security == default_security(source.protocol):
        source.security = default_security(wanted.protocol)
    source.name = source.name if wanted.rename is None else wanted.rename
    _apply(source, wanted)
    warnings = _save(call, source, Action.SOURCE_CHANGED)
    return Result(data={**facts(source), "warnings": warnings}, text=f"{source.name}: changed")


def _list(call: Call) -> Result:
    sources = [facts(source) for source in Source.objects.exclude(protocol=SourceProtocol.FILE)]
    text = "\n".join(
        f"{s['name']}\t{s['protocol']}\t{s['server']}\t{s['user']}\t{s['security']}" for s in sources
    )
    return Result(data={"sources": sources}, text=text)


def _remove(call: Call) -> Result:
    source = _named(call)
    remove_source(source)
    record(call.actor, Action.SOURCE_REMOVED, source.name)
    return Result(data={"removed": source.name}, text=f"{source.name}: removed")


def _test(call: Call) -> Result:
    source, keys = _named(call), open_keys_of(call.config)
    try:
        settings = account_settings(source, keys.open_setting, ceiling_bytes=call.config.ceiling_bytes)
        steps = list(probe(settings, source.protocol, evaluation=source.evaluation))
    finally:
        keys.close()
    failed = next((step.name for step in steps if step.state == "failed"), "")
    detail = {"failed": failed} if failed else {}
    record(call.actor, Action.SOURCE_TESTED, source.name, server=settings.server, **detail)
    certificate = next((step.certificate for step in steps if step.certificate), None)
    if certificate is not None:
        note_certificate(source.pk, certificate.not_after)
    return Result(
        data={
            "source": source.name,
            "ok": has_succeeded(steps),
            "steps": [step_facts(step) for step in steps],
        },
        text="\n".join(step_text(step) for step in steps),
        exit_code=SourceError.exit_code if failed else 0,
    )


def _report(call: Call) -> Result:
    found = report_of(_named(call))
    return Result(data=found, text=report_text(found))


def _named(call: Call) -> Source:
    source = Source.objects.filter(name=call.arguments.name).exclude(protocol=SourceProtocol.FILE).first()
    if source is None:
        raise UserError("account_unknown", subject=call.arguments.name)
    return source


def _apply(source: Source, wanted: argparse.Namespace) -> None:
    """Only what was given."""
    for name in _PLAIN:
        value = getattr(wanted, name)
        if value is not None:
            setattr(source, name, value)
    if wanted.max_size_mb is not None:
        try:
            source.max_size_mb = int(wanted.max_size_mb) if wanted.max_size_mb else None
        except ValueError:
            raise UserError("not_megabytes", subject=wanted.max_size_mb) from None
    if wanted.secret_expires_on is not None:
        text = wanted.secret_expires_on
        try:
            source.secret_expires_on = date.fromisoformat(text) if text else None
        except ValueError:
            raise UserError("not_an_iso_date", subject=text) from None
    if wanted.folder is not None:
        source.folders = wanted.folder
    if wanted.ca is not None:
        source.ca_pem = read_text(Path(wanted.ca)) if wanted.ca else ""


def _save(call: Call, source: Source, action: Action) -> list[str]:
    """Returns what is unusual, though allowed; it is said on stderr as well."""
    wanted = call.arguments
    secrets = NewSecrets(
        password=read_secret(wanted.password_file), client_secret=read_secret(wanted.client_secret_file)
    )
    keys = open_keys_of(call.config)
    try:
        save_source(source, secrets, keys.seal_setting)
    finally:
        keys.close()
    record(call.actor, action, source.name, server=source.server, keep_mails=source.keep_mails)
    if secrets.password or secrets.client_secret:
        record(call.actor, Action.SOURCE_CREDENTIALS_CHANGED, source.name)
    if wanted.certificate_sha256:
        record(call.actor, Action.SOURCE_CERTIFICATE_TRUSTED, source.name, sha256=source.certificate_sha256)
    warnings = []
    if source.security == Security.NONE:
        warnings.append("passwords and mail are readable for others on the way; for a short time only")
    if secrets.client_secret and looks_like_secret_id(secrets.client_secret):
        warnings.append("this looks like the Secret ID; what is needed is the Value of the secret")
    if source.keep_mails:
        warnings.append("nothing is deleted on the server, so the mailbox fills up")
    sys.stderr.writelines(f"amberpost: warning: {warning}\n" for warning in warnings)
    return warnings


_ACTIONS = {"add": _add, "set": _set, "list": _list, "remove": _remove, "test": _test, "report": _report}
