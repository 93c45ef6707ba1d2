"""Search times at 100,000 messages, for a user who owns one in a thousand and one who owns everything."""

import json
import sys
from pathlib import Path

from benchmarks.child import run
from benchmarks.programs import Archive
from benchmarks.progress import say
from benchmarks.sets import MessageSet

GOAL_MS = 50.0


def measure(sets: list[MessageSet], work: Path, *, rounds: int) -> dict[str, object]:
    """p50 and p95 of each kind of question."""
    archive = Archive(folder=work / "archive-search")
    archive.create()
    for one in sets:
        archive.command("import", str(one.maildir))
    messages = sum(one.messages for one in sets)
    say(f"asking an archive of {messages} messages")
    words = [sys.executable, "-m", "benchmarks.questions", str(archive.data), str(rounds)]
    cost = run(words, env=archive.environment)
    answers = json.loads(cost.output)
    slowest = max(one["p95_ms"] for one in answers["questions"])
    say(f"slowest p95 {slowest:.1f} ms")
    return {"messages": messages, "peak_bytes": cost.peaks[0], "slowest_p95_ms": slowest, **answers}
