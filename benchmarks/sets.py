"""Message sets as Maildirs, made once and kept under benchmarks/data: the same folder serves every program.

A set is a folder with `maildir/cur` and `set.json`, which says what was measured of it. The same options give
the same bytes; a changed RECIPE makes them anew.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from benchmarks.journal import report
from benchmarks.letters import Writer
from benchmarks.office import OfficeWriter
from benchmarks.progress import say
from benchmarks.stock import load_stock

DATA = Path(__file__).parent / "data"
RECIPE = 3
REPORTS_FROM = 1_000_000  # letters nobody gets without a report
_SAMPLE_EACH = 17  # messages compressed alone to tell how well they compress


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSet:
    """A finished set and what it is."""

    folder: Path
    kind: str
    messages: int
    raw_bytes: int
    origin: str
    compresses: float  # raw bytes per byte of `zstd -3`, each message alone

    @property
    def maildir(self) -> Path:
        return self.folder / "maildir"

    @property
    def mean_bytes(self) -> float:
        return self.raw_bytes / self.messages


def letters(start: int, count: int) -> MessageSet:
    """Text-only list mail, numbers start to start + count."""

    def make() -> Iterator[bytes]:
        writer = Writer(load_stock())
        return (writer.letter(number).raw for number in range(start, start + count))

    return _made("list", f"list-{start}-{count}", count, make)


def office(count: int) -> MessageSet:
    """Mail with attachments, each of which occurs 1.5 times on average."""
    return _made("office", f"office-{count}", count, lambda: OfficeWriter(load_stock(), count).messages())


def reports(count: int) -> MessageSet:
    """Journal reports around list mail."""

    def make() -> Iterator[bytes]:
        writer = Writer(load_stock())
        return (report(writer.letter(REPORTS_FROM + number)) for number in range(count))

    return _made("journal", f"journal-{count}", count, make)


def _made(kind: str, name: str, count: int, make: Callable[[], Iterator[bytes]]) -> MessageSet:
    folder = DATA / f"{name}-r{RECIPE}-{load_stock().origin.replace(' ', '-')}"
    if not (folder / "set.json").exists():
        _write(folder, kind, count, make())
    facts = json.loads((folder / "set.json").read_text())
    return MessageSet(folder=folder, **facts)


def _write(folder: Path, kind: str, count: int, messages: Iterable[bytes]) -> None:
    say(f"making {count} messages ({kind}) in {folder.name}")
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("cur", "new", "tmp"):
        (folder / "maildir" / name).mkdir(parents=True)
    compressor = zstandard.ZstdCompressor(level=3)
    total = sampled = packed = number = 0
    for number, raw in enumerate(messages, 1):
        (folder / "maildir" / "cur" / f"{number:07}.bench:2,S").write_bytes(raw)
        total += len(raw)
        if number % _SAMPLE_EACH == 0:
            sampled += len(raw)
            packed += len(compressor.compress(raw))
    facts = {
        "kind": kind,
        "messages": number,
        "raw_bytes": total,
        "origin": load_stock().origin,
        "compresses": round(sampled / max(packed, 1), 3),
    }
    (folder / "set.json").write_text(json.dumps(facts))
