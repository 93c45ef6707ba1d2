"""Judging an archive that was killed again and again: 0 lost, 0 duplicated, bytes exact."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.archive import Archive


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def as_served(raw: bytes) -> bytes:
    """IMAP hands a bare LF over as CR LF."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def assert_each_once(archive: Archive, given: Sequence[bytes], folder: Path) -> None:
    """Every message given is there, none twice, nothing else; verify finds nothing, everything is findable."""
    archive.json("process", "--all")
    captures = archive.exported(folder, "--what", "capture")
    wanted, got = Counter(map(digest, given)), Counter(map(digest, captures.values()))
    assert not wanted - got, f"lost {sum((wanted - got).values())}"
    assert not got - wanted, f"duplicated or made up {sum((got - wanted).values())}"
    assert archive.json("verify", "--deep")["findings"] == []
