"""What every command gets and gives, and what commands with several actions share."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amberpost.config import Config
from amberpost.errors import UserError

if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse gives it no public name


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command says: `data` with --json, else `text` (or raw bytes)."""

    data: dict[str, Any]
    text: str = ""
    raw: bytes | None = None
    exit_code: int = 0

    @property
    def bytes_to_print(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return (self.text.rstrip("\n") + "\n").encode("utf-8", "replace") if self.text else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command. `actor` is who the audit log names."""

    arguments: argparse.Namespace
    config: Config
    actor: str

    def actor_as(self, login: str) -> str:
        """Whoever can read the key file is the root of trust: named together with whose rights they took."""
        return f"{self.actor} as {login}"


def add_action(actions: "Actions", name: str, text: str) -> argparse.ArgumentParser:
    """An action of a command, such as `source add`; --data and --json may stand before or behind it."""
    parser = actions.add_parser(name, help=text)
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return parser


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, as in `1 message`, `0 messages`; `many` where an s is not enough."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def read_text(path: Path) -> str:
    """The text of a file that was named on the command line; UserError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("This file cannot be read", subject=str(path)) from error


def read_secret(path: Path | None) -> str:
    """A secret kept in a file, without the line break that editors add; empty for no file."""
    return read_text(path).rstrip("\r\n") if path is not None else ""
