"""How long verify and rebuild take on an archive that another measurement left."""

from pathlib import Path

from benchmarks.programs import Archive
from benchmarks.progress import say
from benchmarks.sets import MessageSet

_COMMANDS = (
    ("verify", "--quick"),
    ("verify", "--crc"),
    ("verify", "--deep"),
    ("rebuild", "--catalogue"),
    ("rebuild", "--index"),
)


def measure(found: MessageSet, work: Path) -> list[dict[str, object]]:
    """Seconds and rates of each command on the archive of this set."""
    archive = Archive(folder=work / f"archive-{found.kind}")
    if not archive.data.exists():
        archive.create()
        archive.command("import", str(found.maildir))
    results = []
    for words in _COMMANDS:
        cost, _ = archive.command(*words)
        say(f"{' '.join(words)}: {cost.seconds:.1f} s")
        results.append(
            {
                "command": " ".join(words),
                "seconds": cost.seconds,
                "messages_per_second": found.messages / cost.seconds,
                "megabytes_per_second": found.raw_bytes / cost.seconds / 1e6,
                "peak_bytes": cost.peaks[0],
            }
        )
    return results
