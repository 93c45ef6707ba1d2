"""Durable and searchable ingest, ours and the peers in turn, on the same Maildir in one run."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from benchmarks.child import ChildFailed, Cost
from benchmarks.programs import PEERS, Archive, version
from benchmarks.progress import say
from benchmarks.sets import MessageSet

GOALS = {"notmuch new": 8.0, "mu index": 3.5}
SIZE_GOALS = {"list": 0.70, "office": 0.45}
MEMORY_GOAL = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One program took one set in."""

    program: str
    seconds: float
    cpu_seconds: float
    peaks: tuple[int, ...]
    bytes_on_disk: int


def measure(found: MessageSet, work: Path, *, repeats: int, peers: bool = True) -> dict[str, object]:
    """Rates, ratios, sizes and memory for one set; leaves our last archive in work/archive-KIND."""
    archive = Archive(folder=work / f"archive-{found.kind}")
    runs: list[Run] = []
    for _ in range(repeats):
        runs.append(_ours(archive, found))
        for name in PEERS if peers else ():
            runs += _peer(name, found)
    ours = [run for run in runs if run.program == "amberpost import"]
    sizes = archive.sizes()
    return {
        "set": _facts(found),
        "programs": {name: _summary(found, [r for r in runs if r.program == name]) for name in _names(runs)},
        "ratios": dict(_ratios(runs)),
        "cpu_ratios": dict(_ratios(runs, "cpu_seconds")),
        "sizes": sizes,
        "per_raw_byte": {name: size / found.raw_bytes for name, size in sizes.items()},
        "kept_per_raw_byte": sum(sizes.values()) / found.raw_bytes,
        "size_goal": SIZE_GOALS.get(found.kind),
        "peak_bytes": max(peak for run in ours for peak in run.peaks),
    }


def _ours(archive: Archive, found: MessageSet) -> Run:
    archive.create()
    cost, account = archive.command("import", str(found.maildir))
    if account["seen"] != found.messages or account["stored"] != found.messages:
        raise ChildFailed(f"the account does not add up: {account}")
    return _run("amberpost import", found, cost, sum(archive.sizes().values()))


def _peer(name: str, found: MessageSet) -> Iterator[Run]:
    program, take = PEERS[name]
    if version(program) is None:
        say(f"{program} is not installed; left out")
        return
    folder = Path(mkdtemp(prefix="benchmark-"))
    try:
        yield _run(name, found, *take(found.maildir, folder))
    except ChildFailed as error:
        say(f"{name} failed and is left out: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, found: MessageSet, cost: Cost, size: int) -> Run:
    rate = found.messages / cost.seconds
    say(f"{program}: {cost.seconds:.1f} s, {rate:.0f} messages/s, {cost.cpu_seconds:.1f} s of CPU")
    return Run(
        program=program,
        seconds=cost.seconds,
        cpu_seconds=cost.cpu_seconds,
        peaks=cost.peaks,
        bytes_on_disk=size,
    )


def _names(runs: list[Run]) -> list[str]:
    return list(dict.fromkeys(run.program for run in runs))


def _summary(found: MessageSet, runs: list[Run]) -> dict[str, object]:
    seconds = median(run.seconds for run in runs)
    return {
        "runs": [round(run.seconds, 2) for run in runs],
        "messages_per_second": found.messages / seconds,
        "megabytes_per_second": found.raw_bytes / seconds / 1e6,
        "cpu_seconds": median(run.cpu_seconds for run in runs),
        "bytes_on_disk": runs[-1].bytes_on_disk,
        "disk_per_raw_byte": runs[-1].bytes_on_disk / found.raw_bytes,
        "peaks": list(runs[-1].peaks[:8]),
    }


def _ratios(runs: list[Run], what: str = "seconds") -> Iterator[tuple[str, float]]:
    """How many times less we need, by the medians."""
    ours = median(getattr(run, what) for run in runs if run.program == "amberpost import")
    for name in GOALS:
        theirs = [getattr(run, what) for run in runs if run.program == name]
        if theirs:
            yield name, median(theirs) / ours


def _facts(found: MessageSet) -> dict[str, object]:
    return {
        "kind": found.kind,
        "messages": found.messages,
        "raw_bytes": found.raw_bytes,
        "mean_bytes": round(found.mean_bytes),
        "origin": found.origin,
        "compresses": found.compresses,
    }
