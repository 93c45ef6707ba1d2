"""The secret that signs sessions and forms: a file of its own, not the master key."""

import os
import secrets
from pathlib import Path

from amberpost.errors import is_disk_full

_NAME = "session.secret"


def session_secret(data: Path) -> str:
    """The secret of the archive in `data`, made when first asked for; a passing one where no archive is.

    Losing or replacing the file ends all sessions and harms nothing else.
    """
    if not data.is_dir():
        return secrets.token_urlsafe(48)
    path = data / _NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip() or _replace(path)
    return _fill(handle)


def _replace(path: Path) -> str:
    """An empty file is left by a crash between making and filling it."""
    return _fill(os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600))


def _fill(handle: int) -> str:
    secret = secrets.token_urlsafe(48)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if not is_disk_full(error):  # then it passes with this process, and the next one tries again
            raise
    return secret
