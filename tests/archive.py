"""A fresh archive in a temporary folder, driven by its commands (Archive) or within this process (Opened).

Both look at the same folder, so a test may fill it quickly from within and judge it through the commands.
Fixtures: `archive` is one for commands; `opened` is one entered within this process, `new_opened` makes more.
"""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from amberpost.store.place import claim_place
from tests.ready import Starter

ROOT = Path(__file__).resolve().parents[1]
COMMAND = (sys.executable, "-m", "amberpost.cli.main")
STARTER = Starter()
TIMEOUT = 300
RESERVE_BYTES = 16 * 1024  # hundreds of archives with 32 MiB each would fill the disk of whoever tests

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that has ended."""

    code: int
    out: bytes
    words: str

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.out)
        return found


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of any archive."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AMBERPOST_", "DJANGO_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "src"),
        "AMBERPOST_RESERVE_BYTES": str(RESERVE_BYTES),
        **(extra or {}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The folder of one archive and its commands."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)  # environment, such as AMBERPOST_DATABASE

    @property
    def key_file(self) -> Path:
        return self.data.parent / f"{self.data.name}.key"

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Done:
        """Run a command on this archive to its end."""
        variables = environment({**self.settings, **(env or {})})
        code, out, errors = STARTER.run(self.words(*words), variables, timeout=TIMEOUT)
        return Done(code=code, out=out, words=errors.decode("utf-8", "replace"))

    def json(self, *words: str | Path, code: int = 0) -> Json:
        """The JSON object of a command that must end with `code`."""
        done = self.run(*words, "--json")
        assert done.code == code, (words, done)
        return done.json

    def start(self, *words: str | Path, errors: IO[bytes] | None = None) -> "subprocess.Popen[bytes]":
        """Start a command in a session of its own, so that kill_all() reaches its children as well."""
        return subprocess.Popen(
            self.line(*words),
            env=environment(self.settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if errors is None else errors,
            start_new_session=True,
        )

    def line(self, *words: str | Path) -> list[str]:
        """What the system is given to start a command."""
        return [*COMMAND, *self.words(*words)]

    def words(self, *words: str | Path) -> list[str]:
        return [*map(str, words), "--data", str(self.data)]

    # Short cuts

    def init(self) -> "Archive":
        self.json("init")
        return self

    def add_user(self, login: str, *addresses: str, role: str = "reader") -> None:
        options = [word for address in addresses for word in ("--address", address)]
        self.json("user", "add", "--login", login, "--role", role, *options)

    def found(self, login: str, query: str = "", limit: int = 1000) -> list[Json]:
        hits: list[Json] = self.json("search", query, "--as", login, "--limit", str(limit))["hits"]
        return hits

    def exported(self, to: Path, *words: str) -> dict[int, bytes]:
        """Ledger index -> bytes of an export of the whole archive; the manifest must agree with the files."""
        self.json("export", "--to", to, *words)
        return read_export(to)


def read_export(to: Path) -> dict[int, bytes]:
    """Ledger index -> bytes, with every line of the manifest checked against its file."""
    import hashlib

    found = {}
    for line in (to / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        raw = (to / entry["file"]).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == entry["sha256"], entry
        found[entry["id"]] = raw
    return found


def move_in(template: Path, data: Path) -> None:
    """A copy of the template that is an archive in its own right, and not a copy that waits for a word."""
    shutil.copytree(template, data)
    claim_place(data)


@pytest.fixture(scope="session")
def _initialised(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """What `amberpost init` made, to copy: asking for it anew takes longer than most tests."""
    return Archive(data=tmp_path_factory.mktemp("initialised") / "archive").init()


@pytest.fixture
def archive(_initialised: Archive, tmp_path: Path) -> Archive:
    made = Archive(data=tmp_path / "archive")
    move_in(_initialised.data, made.data)
    shutil.copy(_initialised.key_file, made.key_file)
    settings = made.data / "config.toml"
    text = settings.read_text()
    assert str(_initialised.key_file) in text
    settings.write_text(text.replace(str(_initialised.key_file), str(made.key_file)))
    return made


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """An empty archive to copy: migrating for each test would take longer than most of them."""
    from tests.opened import Opened

    folder = tmp_path_factory.mktemp("empty")
    with django_db_blocker.unblock():
        Opened.create(folder / "archive").leave()
    return folder


@pytest.fixture
def new_opened(_empty: Path, tmp_path: Path, django_db_blocker: Any) -> Iterator[Callable[..., Any]]:
    """Makes fresh archives that are used within this process; the newest made or entered is the current one."""
    from tests.opened import Opened

    made: list[Opened] = []

    def make(name: str = "archive", *, like: Path = _empty, **changes: object) -> Opened:
        if made:
            made[-1].leave()
        move_in(like / "archive", tmp_path / name)
        shutil.copy(like / "archive.key", tmp_path / f"{name}.key")
        (tmp_path / name / "config.toml").unlink()  # it names the key file of the archive we copied
        made.append(Opened.enter(tmp_path / name, **changes))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        if made:
            made[-1].leave()


@pytest.fixture
def opened(new_opened: Callable[..., Any]) -> Any:
    return new_opened()


def with_changes(config: Any, changes: Mapping[str, object]) -> Any:
    """The settings of tests: everything in this process, unless a test wants otherwise."""
    return dataclasses.replace(config, **{"pool": 0, "reserve_bytes": RESERVE_BYTES, **changes})
