"""The programs that are measured, each as: make empty, take a Maildir in, tell the size on disk."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import Cost, run
from benchmarks.letters import EVERYBODY, PEOPLE, SELDOM, Writer
from benchmarks.stock import load_stock

SEGMENT_NAMES = ("segments", "keys.db", "catalogue.db", "index", "ledger", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One of our archives in a folder of its own; its key lies beside it."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "archive"

    @property
    def environment(self) -> dict[str, str]:
        return {"AMBERPOST_KEY_FILE": str(self.folder / "archive.key")}

    def command(self, *words: str, limit: float = 3600) -> tuple[Cost, dict[str, object]]:
        """Run `amberpost WORDS --json`."""
        cost = run(
            [sys.executable, "-m", "amberpost.cli.main", *words, "--data", str(self.data), "--json"],
            env=self.environment,
            limit=limit,
        )
        return cost, json.loads(cost.output)

    def create(self) -> None:
        """Empty, with users who own the benchmark mail through their addresses."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.command("init")
        users = self.folder / "users.csv"
        users.write_text("\n".join(_users()) + "\n", encoding="utf-8")
        self.command("user", "import", str(users))

    def sizes(self) -> dict[str, int]:
        """Bytes on disk by kind."""
        found = dict.fromkeys(SEGMENT_NAMES, 0)
        for path in self.data.rglob("*"):
            if path.is_file():
                found[_kind(path.relative_to(self.data))] += on_disk(path)
        return found


def _users() -> list[str]:
    people = Writer(load_stock()).people[:PEOPLE]
    lines = [
        f"user{number},,{name.replace(' ', ',')},{address}" for number, (name, address) in enumerate(people)
    ]
    return [*lines, f"everybody,,Every,Body,{EVERYBODY}", f"seldom,,Seldom,Seen,{SELDOM}"]


def _kind(path: Path) -> str:
    if path.parts[0] in {"mail", "audit"}:
        return "segments" if path.parts[1] == "segments" else "ledger"
    return next((name for name in SEGMENT_NAMES if path.parts[0].startswith(name)), "other")


def on_disk(path: Path) -> int:
    """Bytes the file system gave to a file, or to all files under a folder."""
    if path.is_dir():
        return sum(on_disk(child) for child in path.rglob("*") if child.is_file())
    return path.stat().st_blocks * 512


def notmuch(maildir: Path, folder: Path) -> tuple[Cost, int]:
    """`notmuch new` into a fresh database; its cost and bytes on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = folder / "config"
    settings.write_text(
        f"[database]\npath={folder}\nmail_root={maildir}\n[user]\nname=Bench\nprimary_email=bench@example.com\n"
        "[new]\ntags=new\n[maildir]\nsynchronize_flags=false\n"
    )
    cost = run(["notmuch", "new", "--quiet"], env={"NOTMUCH_CONFIG": str(settings)})
    return cost, on_disk(folder)


def mu(maildir: Path, folder: Path) -> tuple[Cost, int]:
    """`mu init` and `mu index` into a fresh database; cost of both and bytes on disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    home = f"--muhome={folder / 'mu'}"
    first = run(["mu", "init", "--quiet", f"--maildir={maildir}", home])
    second = run(["mu", "index", "--quiet", home])
    cost = Cost(
        seconds=first.seconds + second.seconds,
        cpu_seconds=first.cpu_seconds + second.cpu_seconds,
        peaks=max(first.peaks, second.peaks),
        output=b"",
    )
    return cost, on_disk(folder)


PEERS = {"notmuch new": ("notmuch", notmuch), "mu index": ("mu", mu)}


def version(program: str) -> str | None:
    """The first line of --version; None if the program is not installed."""
    if shutil.which(program) is None:
        return None
    return run([program, "--version"]).output.decode("utf-8", "replace").splitlines()[0]
