"""Markdown tables of what was measured."""

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.ingest import GOALS, MEMORY_GOAL
from benchmarks.search import GOAL_MS

MIB = 1024 * 1024
Facts = dict[str, Any]


def render(results: Facts) -> str:
    """Everything in `results` as the body of docs/performance.md."""
    pieces = [_machine(results["machine"])]
    pieces += [_ingest(results[name]) for name in ("list", "office", "journal") if name in results]
    if "collect" in results:
        pieces.append(_collect(results["collect"]))
    if "search" in results:
        pieces.append(_search(results["search"]))
    if "integrity" in results:
        pieces.append(_integrity(results["integrity"]))
    return "\n\n".join(pieces) + "\n"


def _table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _machine(facts: Facts) -> str:
    peers = ", ".join(f"{name}: {text or 'not installed'}" for name, text in facts["peers"].items())
    return (
        f"Measured {facts['date']} on {facts['cores']} cores (load of others before the run: "
        f"{facts['load']:.1f}), Python {facts['python']}; {peers}."
    )


def _ingest(facts: Facts) -> str:
    about = facts["set"]
    title = (
        f"### {about['kind'].capitalize()} mail: {about['messages']:,} messages, "
        f"{about['mean_bytes']:,} bytes on average\n\nText from {about['origin']}; each message alone "
        f"compresses {about['compresses']:.2f} times with zstd -3."
    )
    head = (
        "program",
        "messages/s",
        "MB/s",
        "CPU s",
        "disk per raw byte",
        "largest process MiB",
        "we are faster",
        "we need less CPU",
    )
    rows = (
        (
            name,
            f"{one['messages_per_second']:.0f}",
            f"{one['megabytes_per_second']:.1f}",
            f"{one['cpu_seconds']:.1f}",
            f"{one['disk_per_raw_byte']:.2f}",
            f"{max(one['peaks']) / MIB:.0f}",
            _ratio(name, facts["ratios"], about["kind"]),
            f"{facts['cpu_ratios'][name]:.1f} times" if name in facts["cpu_ratios"] else "",
        )
        for name, one in facts["programs"].items()
    )
    memory = [f"{peak / MIB:.0f}" for peak in facts["programs"]["amberpost import"]["peaks"]]
    return "\n\n".join(
        (
            title,
            _table(head, rows),
            f"Peak memory of our processes (MiB): {', '.join(memory)}; goal below {MEMORY_GOAL / MIB:.0f}.",
            _sizes(facts),
        )
    )


def _collect(facts: Facts) -> str:
    title = (
        f"### Collecting a mailbox: {facts['messages']:,} journal reports from a local Dovecot\n\n"
        f"Plain IMAP on loopback, the mailbox stays as it is. The others write a Maildir; goal: at least "
        f"{facts['goal']:g} times the faster of them. CPU is that of the program, without Dovecot."
    )
    rows = (
        (
            name,
            f"{one['messages_per_second']:.0f}",
            f"{one['megabytes_per_second']:.1f}",
            f"{one['cpu_seconds']:.1f}",
            f"{max(one['peaks']) / MIB:.0f}",
            f"{facts['ratios'][name]:.1f} times" if name in facts["ratios"] else "",
        )
        for name, one in facts["programs"].items()
    )
    head = ("program", "messages/s", "MB/s", "CPU s", "largest process MiB", "we are faster")
    return title + "\n\n" + _table(head, rows)


def _ratio(name: str, ratios: Facts, kind: str) -> str:
    if name not in ratios:
        return ""
    goal = f" (goal {GOALS[name]:g})" if kind == "list" else ""
    return f"{ratios[name]:.1f} times{goal}"


def _sizes(facts: Facts) -> str:
    parts = facts["per_raw_byte"]
    goal = f" (goal {facts['size_goal']:.2f})" if facts["size_goal"] else ""
    row = [f"{share:.3f}" for share in parts.values()] + [f"**{facts['kept_per_raw_byte']:.3f}**{goal}"]
    return "Bytes on disk per raw byte:\n\n" + _table([*parts, "together"], iter([row]))


def _search(facts: Facts) -> str:
    owned = facts["owned"]
    title = (
        f"### Search at {facts['messages']:,} messages\n\nSELDOM owns {owned['seldom']:,}, EVERYBODY "
        f"{owned['everybody']:,}. Milliseconds p50 / p95; goal p95 below {GOAL_MS:.0f}; slowest p95 "
        f"{facts['slowest_p95_ms']:.1f}. `find` also writes the audit record. "
        f"Memory of the asking process {facts['peak_bytes'] / MIB:.0f} MiB."
    )
    times = {(one["kind"], one["user"], one["road"]): one for one in facts["questions"]}
    kinds = list(dict.fromkeys(one["kind"] for one in facts["questions"]))
    columns = [(user, road) for user in ("seldom", "everybody") for road in ("find_within", "find")]
    rows = ([kind, *(_times(times[(kind, *column)]) for column in columns)] for kind in kinds)
    return title + "\n\n" + _table(["question", *(f"{user}, {road}" for user, road in columns)], rows)


def _times(one: Facts) -> str:
    return f"{one['p50_ms']:.1f} / {one['p95_ms']:.1f}"


def _integrity(facts: list[Facts]) -> str:
    rows = (
        (
            f"`amberpost {one['command']}`",
            f"{one['seconds']:.1f}",
            f"{one['messages_per_second']:.0f}",
            f"{one['megabytes_per_second']:.0f}",
            f"{one['peak_bytes'] / MIB:.0f}",
        )
        for one in facts
    )
    head = ("command", "seconds", "messages/s", "MB/s", "largest process MiB")
    return "### Verify and rebuild (the list archive)\n\n" + _table(head, rows)
