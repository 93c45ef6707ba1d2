"""Where the time of an import goes: CPU per message of each stage, in the worker and in a pool process.

    python -m benchmarks.stages [--messages N]

Functions are wrapped with a clock of their thread; a stage includes those it calls. Wrapping costs a few
microseconds a call, so the figures are for comparing stages, not for rates.
"""

import argparse
import functools
import importlib
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amberpost.cli import main as front
from benchmarks import sets
from benchmarks.programs import Archive

WORK = Path(__file__).parent / "data" / "stages"
_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
WORKER = (
    ("cli.import_command", "_take"),
    ("sources.files.reader", "FileReader._file"),
    ("store.intake", "IntakeLog.append"),
    ("store.intake", "pack_payload"),
    ("store.intake", "IntakeLog._write_group"),
    ("store.drain", "IntakeReader.pending"),
    ("road.pool", "Pool.submit"),
    ("road.pool", "Pool.collect"),
    ("road.process", "seal"),
    ("road.seal", "archive_draft"),
    ("store.store", "Store.append"),
    ("store.batch", "Batch.add_all"),
    ("store.store", "Store._commit_keys"),
    ("store.store", "Store._write"),
    ("ledger.log", "Log.append_many"),
    ("ledger.log", "Log.integrate"),
    ("road.process", "catalogue"),
    ("road.indexing", "Indexer.add_new"),
    ("search.local", "TantivyIndex.commit"),
)
CHILD = (
    "unwrap", "parse", "fork_key", "index_text", "_document", "_cuts", "split", "_claims", "_prepared",
)  # fmt: skip


@dataclass(slots=True)
class Spent:
    """Of one stage."""

    calls: int = 0
    cpu: float = 0.0
    wall: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages")
    parser.add_argument("--messages", type=int, default=10_000)
    count = parser.parse_args().messages
    found = sets.letters(0, count)
    archive = Archive(folder=WORK)
    archive.create()
    before = [resource.getrusage(who) for who in _WHO]  # making the archive hashes passwords in a child
    spent: dict[str, Spent] = defaultdict(Spent)
    started = time.perf_counter()
    _import(found.maildir, archive, spent)
    seconds = time.perf_counter() - started
    own, pool = (_cpu(resource.getrusage(who)) - _cpu(was) for who, was in zip(_WHO, before, strict=True))
    print(f"{count} messages in {seconds:.1f} s, {count / seconds:.0f} messages/s (with the clocks on)")
    print(f"CPU: worker process {own:.1f} s, its children {pool:.1f} s\n")
    print("| stage | calls | CPU us a message | wall us a message |\n| --- | --- | --- | --- |")
    for line in _lines(spent, count):
        print(line)
    spent.clear()
    few = min(count, 3000)
    _prepare(found.maildir, few, spent)
    print(
        "\nIn a pool process:\n\n| stage | calls | CPU us a message | wall us a message |\n| --- | --- | --- | --- |"
    )
    for line in _lines(spent, few):
        print(line)


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _lines(spent: dict[str, Spent], count: int) -> Iterator[str]:
    for name, one in sorted(spent.items(), key=lambda pair: -pair[1].cpu):
        yield f"| {name} | {one.calls} | {one.cpu / count * 1e6:.1f} | {one.wall / count * 1e6:.1f} |"


def _import(maildir: Path, archive: Archive, spent: dict[str, Spent]) -> None:
    """`amberpost import` in this process, its stages wrapped once Django has started."""
    start = front.start_django

    def start_and_wrap() -> None:
        start()
        for module, name in WORKER:
            _wrap(importlib.import_module(f"amberpost.{module}"), name, f"{module}: {name}", spent)

    front.start_django = start_and_wrap
    words = ["import", str(maildir), "--data", str(archive.data), "--json"]
    if front.main(words):
        sys.exit("the import failed")


def _prepare(maildir: Path, count: int, spent: dict[str, Spent]) -> None:
    """What a pool process does with the first messages, in this process."""
    from amberpost.clock import now
    from amberpost.handover import CaptureId, Origin
    from amberpost.road import prepare
    from amberpost.road.frame import Taken

    captures = [
        Taken(
            capture_id=CaptureId(number.to_bytes(16, "big")),
            origin=Origin(source_id=1, protocol="file", remote_id=str(path)),
            envelope=None,
            evaluation="journal",
            target_archive=None,
            received_at=now(),
            captured_at=now(),
            raw=path.read_bytes(),
        )
        for number, path in enumerate(sorted((maildir / "cur").iterdir())[:count])
    ]
    for name in CHILD:
        _wrap(prepare, name, name, spent)
    _wrap(prepare, "prepare", "prepare (all of it)", spent)
    for capture in captures:
        prepare.prepare(capture, bytes(32))


def _wrap(owner: object, name: str, label: str, spent: dict[str, Spent]) -> None:
    """Put a clock around owner.name or owner.Class.name; a stage that is gone is said so."""
    *classes, last = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    called = owner.__dict__.get(last)
    if called is None:
        print(f"no such stage: {label}", file=sys.stderr)
        return

    @functools.wraps(called)
    def timed(*args: object, **named: object) -> object:
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            return called(*args, **named)
        finally:
            stage = spent[label]
            stage.calls += 1
            stage.cpu += time.thread_time() - cpu
            stage.wall += time.perf_counter() - wall

    setattr(owner, last, timed)


if __name__ == "__main__":
    main()
