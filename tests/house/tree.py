"""Where the repository is and what belongs to it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "amberpost"
_NEVER_OURS = {".git", ".venv", "__pycache__", "dist", "build", "node_modules"}


def repository_files() -> list[Path]:
    """Tracked files and those that could be committed by mistake: untracked, not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = {ROOT / name for name in listed.stdout.decode().split("\0") if name}
        return sorted(path for path in names if path.is_file())
    # An unpacked source archive has no .git
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not _NEVER_OURS & set(path.relative_to(ROOT).parts)
    )


def python_files() -> list[Path]:
    """The sources of the package, without migrations."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
