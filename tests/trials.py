"""Where the trials are, if they are there at all: small inputs that failed once, each with its right value.

A clone elsewhere has none. Every promise has a test on input of our own; the trials come in addition:

    @pytest.mark.parametrize("raw", trial("01-bom", "bom.eml"))
    def test_...(raw: bytes) -> None:
"""

from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "trials"

TRIALS: Path | None = _BESIDE if _BESIDE.is_dir() else None


def trial_files(folder: str, pattern: str = "*") -> list[Path]:
    """The files of one trial in a stable order; empty where there are none, and a test has no case then."""
    if TRIALS is None:
        return []
    return sorted(path for path in (TRIALS / folder).glob(pattern) if path.is_file())


def trial(folder: str, pattern: str = "*") -> list[bytes]:
    """The bytes of these files."""
    return [path.read_bytes() for path in trial_files(folder, pattern)]
