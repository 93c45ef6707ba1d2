"""Where the shared corpora are, if they are there at all.

A clone elsewhere has none: every test runs on mail of our own, and on the corpora in addition where they lie.
"""

from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpora"

CORPORA: Path | None = _BESIDE if _BESIDE.is_dir() else None


def corpus_files() -> list[Path]:
    """Every file of the shared corpora in a stable order; empty where there are none."""
    if CORPORA is None:
        return []
    return sorted(path for path in CORPORA.rglob("*") if path.is_file())
