"""Deployment settings: file and environment in, one frozen Config out.

Nothing else reads the environment. The order is: environment, `<data>/config.toml`, default. What people
decide while the system runs (sources, users, rules) is governance and lives in the database, not here.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from amberpost.errors import ConfigError

FILE_NAME = "config.toml"
_PREFIX = "AMBERPOST_"
_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
# Less would take no mail, or mean nothing; each number among the settings stands here
_LEAST = {
    "pool": 0,
    "batch_bytes": 1,
    "ceiling_bytes": 1,
    "index_commit_seconds": 0,
    "reserve_bytes": 0,
}


def _setting(doc: str, default: object) -> Any:  # noqa: ANN401  dataclasses.field() is typed so
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Each field is a setting; its metadata is the manual."""

    data: Path = field(metadata={"doc": "Folder that holds the whole archive, without the master key."})
    key_file: Path = _setting("File that opens the master key. Keep a copy outside this machine.", Path())
    passphrase_file: Path | None = _setting("File with a passphrase that opens the master key instead.", None)
    database: str = _setting("Empty for the embedded SQLite, else postgresql://user:password@host/name.", "")
    listen: str = _setting("Address and port of the web pages.", "127.0.0.1:8025")
    public_url: str = _setting("Address under which people reach the pages; empty means http://<listen>.", "")
    insecure_cookies: bool = _setting("Allow sign-in over plain http beyond this machine. Tests only.", False)
    pool: int = _setting("Processes that unwrap, parse and compress; 0 works in the worker itself.", 2)
    batch_bytes: int = _setting(
        "Bytes of raw mail sealed with one sync and one transaction.", 6 * 1024 * 1024
    )
    ceiling_bytes: int = _setting("Larger mail is never taken; it stays at its source.", 256 * 1024**2)
    index_commit_seconds: float = _setting("Longest time until a sealed message can be found.", 2.0)
    reserve_bytes: int = _setting(
        "Bytes kept on the disk for entries of reading, for when it is full; 0 keeps none.", 32 * 1024**2
    )
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR.", "INFO")
    read_only: bool = _setting("Nothing in the data folder is changed: found out by each command.", False)

    @property
    def url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        return (self.public_url or f"http://{self.listen}").rstrip("/")


def key_file_beside(data: Path) -> Path:
    """The place of a new key file: next to the data folder, never in it."""
    return data.parent / f"{data.name}.key"


def default_data() -> Path:
    """Where the archive lies when nobody says so."""
    return Path(os.environ.get(f"{_PREFIX}DATA") or "amberpost-data")


def folder_of(data: Path | None) -> Path:
    """The whole path of the folder that somebody names, or of the one nobody needs to name."""
    return (data or default_data()).expanduser().resolve()


def load(data: Path | None = None) -> Config:
    """Read the settings of the archive in `data`; raises ConfigError naming every bad one."""
    folder = folder_of(data)
    from_file = _read_file(folder / FILE_NAME)
    values: dict[str, object] = {"data": folder, "key_file": key_file_beside(folder)}
    problems = []
    for name, text in {**from_file, **_read_environment(os.environ)}.items():
        try:
            values[name] = _convert(name, text)
        except ValueError as error:
            problems.append(f"{name} = {text!r}: {error}")
    if problems:
        raise ConfigError("C002", problems="; ".join(problems))
    values["data"] = folder
    return Config(**values)  # type: ignore[arg-type]


def settings() -> list[tuple[str, object, str]]:
    """Name, default and one-sentence manual of each setting a person may write into config.toml."""
    found_out = {"data", "read_only"}
    return [(f.name, f.default, f.metadata["doc"]) for f in fields(Config) if f.name not in found_out]


def example() -> str:
    """The annotated config.toml, every line a comment."""
    lines = ["# Settings of this archive. Every line may stay as it is; changes need a restart."]
    for name, default, doc in settings():
        lines += ["", f"# {doc}", f"# {name} = {_toml(default)}"]
    return "\n".join(lines) + "\n"


def write_file(folder: Path, values: Mapping[str, object]) -> None:
    """Write config.toml of a new archive."""
    lines = [f"{name} = {_toml(value)}" for name, value in values.items()]
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n\n" + example(), encoding="utf-8")


def _read_file(path: Path) -> dict[str, object]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError("C001", subject=str(path)) from error
    unknown = sorted(set(read) - {name for name, _, _ in settings()})
    if unknown:
        raise ConfigError("C003", names=", ".join(unknown), subject=str(path))
    return read


def _read_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """AMBERPOST_<NAME>, or AMBERPOST_<NAME>_FILE for a value kept in a file (secrets)."""
    found: dict[str, object] = {}
    for name, _, _ in settings():
        variable = _PREFIX + name.upper()
        if variable in environ:
            found[name] = environ[variable]
        elif f"{variable}_FILE" in environ and f"{name}_file" not in {n for n, _, _ in settings()}:
            path = Path(environ[f"{variable}_FILE"])
            try:
                found[name] = path.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError("C004", subject=str(path)) from error
    return found


def _convert(name: str, value: object) -> object:
    default = next(default for known, default, _ in settings() if known == name)
    if isinstance(default, bool):
        text = str(value).lower()
        if text not in _TRUE | _FALSE:
            raise ValueError("expected true or false")
        return text in _TRUE
    if isinstance(default, int | float):
        number = type(default)(str(value))
        if not number >= _LEAST[name]:  # said so that a "nan" is refused, too
            raise ValueError(f"the least is {_LEAST[name]}")
        return number
    if isinstance(default, Path) or default is None:
        return Path(str(value)).expanduser().resolve() if value else None
    return str(value)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = "" if value is None or value == Path() else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Active:
    """The settings of this process, set once by its entry point."""

    config: Config | None = None


def activate(config: Config) -> Config:
    """Make `config` the settings of this process; called by an entry point before Django starts."""
    _Active.config = config
    return config


def current() -> Config:
    """The settings of this process: the activated ones, else those of the default data folder."""
    if _Active.config is None:
        _Active.config = load()
    return _Active.config
