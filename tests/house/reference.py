"""Write the reference pages that are made from the code: settings and commands. `make docs` runs it."""

import argparse
from pathlib import Path

from amberpost.cli.main import COMMANDS, add_common, load_command, start_django
from amberpost.config import settings
from tests.house.tree import ROOT

FOLDER = ROOT / "docs" / "reference"
_MADE = "Made from the code by `make docs`; do not edit."


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        _MADE,
        "",
        "A setting comes from the environment (`AMBERPOST_<NAME>`, or `AMBERPOST_<NAME>_FILE` for a value",
        "kept in a file), else from `config.toml` in the data folder, else the default holds. Changes need a",
        "restart. What people decide while it runs (sources, users, addresses) is in the console, not here.",
        "",
        "## data",
        "",
        "Folder that holds the whole archive, without the master key. Only as `--data` or `AMBERPOST_DATA`.",
    ]
    for name, default, doc in settings():
        lines += ["", f"## {name}", "", doc, "", f"Default: {_default(default)}"]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Django must have started."""
    common = argparse.ArgumentParser()
    add_common(common)
    lines = ["# Commands", "", _MADE, "", "Every command takes:", "", *_options(common)]
    lines += [
        "",
        "Exit codes: 0 done, 2 something you can put right, 4 a source failed, 5 disk or key trouble,",
        "6 findings.",
    ]
    for name, text in COMMANDS.items():
        parser = argparse.ArgumentParser()
        load_command(name).add_arguments(parser)
        lines += ["", f"## amberpost {name}", "", f"{text[0].upper()}{text[1:]}.", *_body(parser)]
    return "\n".join(lines) + "\n"


def main() -> None:
    start_django()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "settings.md").write_text(settings_page())
    (FOLDER / "commands.md").write_text(commands_page())


def _default(value: object) -> str:
    if value in (None, "", Path()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _body(parser: argparse.ArgumentParser) -> list[str]:
    lines = ["", *_options(parser)] if _options(parser) else []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help for choice in action._choices_actions}
            for name, sub in action.choices.items():
                lines += [
                    "",
                    f"### {_title(name, texts.get(name))}",
                    *(["", *_options(sub)] if _options(sub) else []),
                ]
    return lines


def _title(name: str, text: str | None) -> str:
    return f"{name}: {text}" if text else name


def _options(parser: argparse.ArgumentParser) -> list[str]:
    lines = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(
            action, argparse._HelpAction | argparse._SubParsersAction
        ):
            continue
        if action.default == argparse.SUPPRESS:
            continue  # the common ones, repeated for a sub-command
        lines.append(f"- `{_spelling(action)}`{_remarks(action)}")
    return lines


def _spelling(action: argparse.Action) -> str:
    value = (
        ""
        if action.nargs == 0
        else "|".join(map(str, action.choices))
        if action.choices
        else _metavar(action)
    )
    if not action.option_strings:
        return f"{value} ..." if action.nargs in ("+", "*") else value
    return " ".join(filter(None, [", ".join(action.option_strings), value]))


def _metavar(action: argparse.Action) -> str:
    return str(action.metavar or action.dest.upper())


def _remarks(action: argparse.Action) -> str:
    remarks = [action.help % {"default": action.default} if action.help else ""]
    if action.required and action.option_strings:
        remarks.append("required")
    if action.default not in (None, False, "", [], argparse.SUPPRESS) and "default" not in remarks[0]:
        remarks.append(f"default {action.default}")
    text = "; ".join(filter(None, remarks))
    return f": {text}" if text else ""


if __name__ == "__main__":
    main()
