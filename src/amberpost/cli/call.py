"""What every command gets and gives."""

import argparse
from dataclasses import dataclass
from typing import Any

from amberpost.config import Config


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
        """Whoever can read the key file is the root of trust: named together with whose rights he took."""
        return f"{self.actor} as {login}"
