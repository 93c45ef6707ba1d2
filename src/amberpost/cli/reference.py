"""Write the reference pages that are made from the code: commands, settings, audit actions.

python -m amberpost.cli.reference docs/reference
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from amberpost import config
from amberpost.audit.actions import Action
from amberpost.cli.main import COMMANDS, build_parser, start_django

ACTION_TEXTS = {
    Action.ARCHIVE_CREATED: "A new archive was created.",
    Action.ARCHIVE_REBUILT: "Catalogue or index were rebuilt from segments and keys.",
    Action.ARCHIVE_VERIFIED: "The archive was verified, by schedule or for a page; the detail counts the findings.",
    Action.CLOCK_CONFIRMED: "Somebody said that the machine's clock is right: entries are sealed by it.",
    Action.CONFIG_EXPORTED: "Users, archives and accounts were written to a file.",
    Action.CONFIG_IMPORTED: "Users, archives and accounts were read from a file.",
    Action.DOMAIN_ADDED: "A domain was added to the own mail domains.",
    Action.DOMAIN_REMOVED: "A domain was removed from the own mail domains.",
    Action.INSTALLATION_CHANGED: "The archive's name, default language or default time zone was changed.",
    Action.KEY_COPY_CONFIRMED: "An operator confirmed that a copy of the key file lies elsewhere.",
    Action.EXPORT_WRITTEN: "Messages were exported with a user's rights.",
    Action.EXPORT_WHOLE: "Messages were exported by whoever holds the key file, without a user's limits.",
    Action.IMPORT_FINISHED: "Files were imported; the detail is the account of the run.",
    Action.MESSAGE_OPENED: "A message was opened for reading.",
    Action.MESSAGE_DOWNLOADED: "The exact bytes of a message were handed out.",
    Action.ATTACHMENT_DOWNLOADED: "An attachment was handed out.",
    Action.NOTICE_SETTINGS_CHANGED: "Whom to notify, how or from when on was changed; the detail names the fields.",
    Action.NOTICE_TEST_SENT: "A test message was sent; the detail names the step where it failed, if it did.",
    Action.PLACE_CONFIRMED: "Somebody said that this folder is now the archive and no copy of it; the target is the "
    "folder, the detail says what was in doubt.",
    Action.PREVIEW_MADE: "An operator tried the header evaluations with a message they brought; nothing of it is kept.",
    Action.SEARCH_MADE: "Somebody searched; the words are not kept, only their length and the number of hits.",
    Action.SOURCE_ADDED: "A remote e-mail account was added.",
    Action.SOURCE_CERTIFICATE_TRUSTED: "A server's certificate was accepted by its fingerprint.",
    Action.SOURCE_CHANGED: "A remote e-mail account was changed.",
    Action.SOURCE_COLLECTED: "A remote e-mail account gave mail, or failed for the first time: the signed account of "
    "the run (seen = stored + duplicate + quarantined + left).",
    Action.SOURCE_CREDENTIALS_CHANGED: "The password or client secret of a remote e-mail account was set.",
    Action.SOURCE_REMOVED: "A remote e-mail account was removed; its mail stays.",
    Action.SOURCE_TESTED: "The connection to a remote e-mail account was tested, with typed or stored secrets.",
    Action.USER_ADDED: "A user was added.",
    Action.USER_CHANGED: "A user or their addresses were changed.",
    Action.USER_DISABLED: "A user may no longer sign in.",
    Action.USER_ENABLED: "A user may sign in again.",
    Action.USER_PASSWORD_RESET: "A user got a one-time password.",
    Action.USER_PASSWORD_CHANGED: "A user chose a new password.",
    Action.USER_SESSIONS_ENDED: "The directory has disabled the account of a user who was signed in; their sessions "
    "ended.",
    Action.USER_SIGNED_IN: "A user signed in.",
    Action.USER_SIGNED_OUT: "A user signed out.",
    Action.USER_LOGIN_FAILED: "Somebody failed to sign in.",
    Action.USER_LOCKED_OUT: "Too many failures: sign-in was locked for a time.",
    Action.OPERATOR_SET_UP: "The first operator was created through the one-time link.",
    Action.ARCHIVE_ADDED: "A public archive was created, by the directory or by hand.",
    Action.ARCHIVE_CHANGED: "The name or kind of a public archive changed in the directory.",
    Action.ARCHIVE_DEPARTED: "What a public archive stands for is gone from the directory. The archive "
    "stays.",
    Action.ARCHIVE_DESELECTED: "An archive no longer takes new mail.",
    Action.ARCHIVE_HANDED_OVER: "A successor may read the archive of a departed user; the detail has the "
    "reason.",
    Action.ARCHIVE_RELEASED: "A user or a group may read a public archive; the detail says who, and by which "
    "rule or reason.",
    Action.ARCHIVE_RELEASE_REVOKED: "Such a right ended.",
    Action.ARCHIVE_SELECTED: "An archive takes new mail (manual selection).",
    Action.DIRECTORY_ACTIVATED: "Another directory decides about users and archives from now on.",
    Action.DIRECTORY_CHANGED: "Settings or rules of a directory were changed; the detail names secrets that "
    "were set, never their values.",
    Action.DIRECTORY_SYNCED: "What the directory says was carried out; the detail counts what came, changed "
    "and left.",
    Action.DIRECTORY_TESTED: "The connection to a directory was tested; the detail tells whether it can be used.",
    Action.PLUS_ADDRESSES_CHANGED: "From now on mail to name+anything@ is mail to name@, or no longer is.",
    Action.SEATS_CHANGED: "The number of seats was changed.",
    Action.SETUP_FINISHED: "The set-up assistant was finished: from now on the archive collects.",
}


def main(folder: Path) -> int:
    """Write the pages; they are checked in, and a test compares them with the code."""
    start_django()
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def pages() -> dict[str, str]:
    """File name -> text of each generated page. Django must have started."""
    return {"commands.md": _commands(), "settings.md": _settings(), "audit-actions.md": _actions()}


def _commands() -> str:
    lines = [
        "# Commands",
        "",
        "Every command takes `--data DIR` (or `AMBERPOST_DATA`; the option wins) and `--json`: one JSON object on",
        'stdout and nothing else there, `{"error", "exit"}` on failure. Words and progress go to stderr.',
        "The key file is where `AMBERPOST_KEY_FILE` says, else where `init` put it.",
        "Exit codes: 0 well, 2 the caller can fix it, 4 a source or the directory failed, 5 disk or keys, 6 integrity,",
        "8 sealing waits for the clock.",
        "Where a user is asked for, login, address or name will do, whatever the case; several that fit are listed.",
        "Times are those of the archive's zone with their distance from UTC; JSON has ISO 8601.",
    ]
    for name, text in COMMANDS.items():
        parser = build_parser(name)
        sub = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        lines += ["", f"## {name}", "", f"{text[:1].upper()}{text[1:]}.", ""]
        lines += _arguments(sub.choices[name], f"amberpost {name}")
    return "\n".join(lines) + "\n"


def _arguments(parser: argparse.ArgumentParser, title: str) -> Iterator[str]:
    subs = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if subs:
        for name, sub in subs[0].choices.items():
            yield f"### {title} {name}"
            yield ""
            yield from _arguments(sub, f"{title} {name}")
            yield ""
        return
    hidden = {"help", "data", "json"}
    known = [a for a in parser._actions if a.dest not in hidden and a.help != argparse.SUPPRESS]
    if not known:
        yield "No further options."
        return
    yield "| option | meaning |"
    yield "|---|---|"
    for action in known:
        yield f"| `{_name(action)}` | {_meaning(action)} |"


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"{action.option_strings[0]}{value}"


def _meaning(action: argparse.Action) -> str:
    parts = [action.help or ""]
    if action.choices:
        parts.append("one of " + ", ".join(f"`{choice}`" for choice in action.choices))
    if action.required and action.option_strings:
        parts.append("required")
    if action.default not in (None, False, [], "", argparse.SUPPRESS) and action.nargs != 0:
        parts.append(f"default `{action.default}`")
    return "; ".join(part for part in parts if part)


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "Deployment settings stand in `config.toml` in the data folder, or in the environment as `AMBERPOST_` and",
        "the name in capitals (a secret may stand in a file named by `AMBERPOST_<NAME>_FILE`). The environment wins.",
        "All have defaults. What people decide while the archive runs (users, accounts) is changed in the console.",
    ]
    for name, default, doc in config.settings():
        shown = default if str(default) not in {"", ".", "None"} else "(empty)"
        lines += ["", f"## {name}", "", f"{doc} Default: `{shown}`."]
    return "\n".join(lines) + "\n"


def _actions() -> str:
    lines = [
        "# Audit actions",
        "",
        "Each is a row of the audit table and a sealed record of the audit log: who, when, what, to what.",
    ]
    for action in Action:
        lines += ["", f"## {action}", "", ACTION_TEXTS[action]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
