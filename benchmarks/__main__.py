"""`python -m benchmarks`: measure, write benchmarks/out/*.json and *.md, and put the tables into the docs."""

import argparse
import json
import os
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import collect, ingest, integrity, search, sets
from benchmarks.programs import PEERS, version
from benchmarks.progress import say
from benchmarks.tables import render

HERE = Path(__file__).parent
OUT = HERE / "out"
WORK = HERE / "data" / "work"
DOCS = HERE.parent / "docs" / "performance.md"
PARTS = ("list", "office", "journal", "collect", "search", "integrity")
MARK = "<!-- measured -->"
SEARCH_MESSAGES = 100_000


def main() -> None:
    wanted = _arguments()
    OUT.mkdir(exist_ok=True)
    WORK.mkdir(parents=True, exist_ok=True)
    results = _kept() if wanted.render else _measured(wanted)
    table = render(results)
    (OUT / "performance.md").write_text(table)
    if wanted.write_docs:
        before = DOCS.read_text(encoding="utf-8").partition(MARK)[0]
        DOCS.write_text(f"{before}{MARK}\n\n{table}", encoding="utf-8")
    if not wanted.keep:
        shutil.rmtree(WORK)
    print(table)


def _measured(wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure the wanted parts; each result is written down at once."""
    results: dict[str, Any] = {}
    for part in ("machine", *(part for part in PARTS if part in wanted.only)):
        say(f"part {part}")
        results[part] = _measure(part, wanted)
        (OUT / f"{part}.json").write_text(json.dumps(results[part], indent=1))
    return results


def _kept() -> dict[str, Any]:
    """What earlier runs wrote down."""
    files = {name: OUT / f"{name}.json" for name in ("machine", *PARTS)}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, default=30_000, help="list mails (default 30,000)")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each program, in turn (default 2)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--no-peers", action="store_true", help="leave the other programs out")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--render", action="store_true", help="only tables, of what earlier runs measured")
    parser.add_argument("--keep", action="store_true", help="leave the archives under benchmarks/data/work")
    wanted = parser.parse_args()
    wanted.search_messages = SEARCH_MESSAGES
    if wanted.quick:
        wanted.messages, wanted.repeats, wanted.search_messages = wanted.messages // 10, 1, 10_000
    return wanted


def _measure(part: str, wanted: argparse.Namespace) -> object:
    peers = not wanted.no_peers
    match part:
        case "machine":
            return _machine()
        case "list":
            found = sets.letters(0, wanted.messages)
            return ingest.measure(found, WORK, repeats=wanted.repeats, peers=peers)
        case "office":
            found = sets.office(wanted.messages // 6)
            return ingest.measure(found, WORK, repeats=wanted.repeats, peers=peers)
        case "journal":
            found = sets.reports(wanted.messages // 3)
            return ingest.measure(found, WORK, repeats=1, peers=False)
        case "collect":
            found = sets.reports(wanted.messages * 2 // 3)
            return collect.measure(found, WORK, repeats=wanted.repeats, peers=peers)
        case "search":
            more = wanted.search_messages - wanted.messages
            found_sets = [sets.letters(0, wanted.messages)]
            found_sets += [sets.letters(wanted.messages, more)] if more > 0 else []
            return search.measure(found_sets, WORK, rounds=10 if wanted.quick else 40)
        case _:
            return integrity.measure(sets.letters(0, wanted.messages), WORK)


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),  # noqa: TID251  a real moment is wanted
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "peers": {
            program: version(program)
            for program in (*(program for program, _ in PEERS.values()), *collect.PROGRAMS.values())
        },
    }


if __name__ == "__main__":
    main()
