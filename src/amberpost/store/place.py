"""Where an archive is at work, so that a copy of its folder is known as a copy wherever it is started.

A copy that collected would empty the mailbox of the archive it was copied from. So the folder remembers its place: its
path, when its origin.json was made on this file system, and the machine. Copying files makes them anew; a snapshot
keeps them, and is mounted elsewhere or on another machine. What ordinary life changes does not count: device numbers,
host names, and whatever a container gets new at each start.

One copy cannot be told: a whole volume, cloned, whose clone is mounted under the same path in a container. Whoever
starts that removes place.json first (docs/operate/backup.md).
"""

import ctypes
import hashlib
import json
import os
import secrets
import struct
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from amberpost.errors import StoreError
from amberpost.remark import Remark
from amberpost.store.disk import Disk, LocalDisk
from amberpost.store.open_keys import ORIGIN_FILE

PLACE_FILE = "place.json"

# linux/stat.h, uapi/linux/fcntl.h
_AT_FDCWD, _STATX_BTIME = -100, 0x800
_STATX_BYTES, _MASK_AT, _BIRTH_AT = 256, 0, 80


class Doubt(StrEnum):
    """Why a folder may not be the archive."""

    UNKNOWN = "unknown"  # it says no place: somebody took it out, or it cannot be read
    IMPORTED = "imported"  # what is configured here came from another archive
    PATH = "path"
    FILES = "files"
    MACHINE = "machine"

    @property
    def remark(self) -> Remark:
        """What is to be said of it."""
        return Remark(_CODES[self])


_CODES = {
    Doubt.UNKNOWN: "doubt_unknown",
    Doubt.IMPORTED: "doubt_imported",
    Doubt.PATH: "doubt_path",
    Doubt.FILES: "doubt_files",
    Doubt.MACHINE: "doubt_machine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What can be told of a place; empty where the system does not say."""

    path: str
    birth: str  # when origin.json was made on its file system; no program can set it
    inode: int  # its number there
    machine: str  # of this installation of the system, hashed
    cards: tuple[str, ...]  # addresses of the network cards, hashed: a cloned machine gets others


def find_doubts(data: Path) -> tuple[Doubt, ...]:
    """Why this folder may be a copy of the archive; empty if it is the archive. Changes nothing."""
    try:
        content = json.loads(LocalDisk(data).read(PLACE_FILE))
        if content.get("waits"):
            return (Doubt(content["waits"]),)
        known = AtWork(**{**content["place"], "cards": tuple(content["place"]["cards"])})
        return compare(known, _look(data, str(content["salt"])))
    except (StoreError, OSError, ValueError, TypeError, KeyError, AttributeError):
        return (Doubt.UNKNOWN,)


def compare(known: AtWork, found: AtWork) -> tuple[Doubt, ...]:
    """What tells two places apart. What one of them does not say tells nothing."""
    has_births = bool(known.birth and found.birth)  # not every file system keeps them
    has_cards = bool(known.cards and found.cards)
    is_so = {
        Doubt.PATH: known.path != found.path,
        Doubt.FILES: known.birth != found.birth if has_births else known.inode != found.inode,
        Doubt.MACHINE: bool(known.machine and found.machine and known.machine != found.machine)
        or (has_cards and not set(known.cards) & set(found.cards)),
    }
    return tuple(doubt for doubt, is_true in is_so.items() if is_true)


def claim_place(data: Path) -> None:
    """From now on this folder, here, is the archive."""
    salt = secrets.token_hex(16)  # machine-id(5): it is not to be shown to others as it is
    _write(LocalDisk(data), {"version": 1, "salt": salt, "place": asdict(_look(data, salt))})


def doubt_place(data: Path, doubt: Doubt) -> None:
    """From now on somebody has to say first that this folder is the archive."""
    _write(LocalDisk(data), {"version": 1, "waits": doubt})


def _write(disk: Disk, content: dict[str, object]) -> None:
    disk.replace(PLACE_FILE, json.dumps(content, sort_keys=True).encode() + b"\n")


def _look(data: Path, salt: str) -> AtWork:
    file = data.resolve() / ORIGIN_FILE

    def hashed(text: str) -> str:
        return hashlib.sha256(f"{salt} {text}".encode()).hexdigest()[:32] if text else ""

    return AtWork(
        path=str(file.parent),
        birth=_birth_of(file),
        inode=file.stat().st_ino,
        machine=hashed(_machine()),
        cards=tuple(sorted(hashed(address) for address in _cards())),
    )


def _birth_of(file: Path) -> str:
    """When the file system made the file, which Python 3.11 does not ask for; empty if it does not know."""
    statx = getattr(ctypes.CDLL(None), "statx", None)
    answer = ctypes.create_string_buffer(_STATX_BYTES)
    if statx is None or statx(_AT_FDCWD, os.fsencode(file), 0, _STATX_BTIME, answer) != 0:
        return ""
    (mask,) = struct.unpack_from("=I", answer, _MASK_AT)
    seconds, nanoseconds = struct.unpack_from("=qI", answer, _BIRTH_AT)
    return f"{seconds}.{nanoseconds:09}" if mask & _STATX_BTIME and seconds else ""


def _machine() -> str:
    """Which installation of the system this is. A container has none of its own, or another at each start."""
    if not Path("/run/systemd/system").is_dir() or any(
        Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")
    ):
        return ""  # sd_booted(3): not a machine that systemd has started
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _cards() -> list[str]:
    """Addresses of network cards; those of containers and bridges are made up at each start and have no device."""
    found = []
    for card in Path("/sys/class/net").glob("*"):
        try:
            address = (
                (card / "address").read_text(encoding="ascii").strip() if (card / "device").exists() else ""
            )
        except (OSError, UnicodeDecodeError):
            continue  # it went meanwhile
        if address.strip("0:"):
            found.append(address)
    return found
