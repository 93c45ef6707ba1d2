"""The key file: a few lines of text that hold the key of one unlock slot.

Strict: a file with one byte changed, added or missing is refused with an error that names it. It lies outside
the data folder; whoever can read it (and the data) can read the archive.
"""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from amberpost.errors import IntegrityError, NotReadable, StoreError
from amberpost.store.secret import Secret

_FORM = re.compile(
    rb"amberpost key file 1\n"
    rb"origin ([a-z0-9./-]{1,200})\n"
    rb"slot ([1-9][0-9]{0,8})\n"
    rb"key ([0-9a-f]{64})\n"
    rb"check ([0-9a-f]{32})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    origin: str
    slot: int
    key: Secret = field(repr=False)


def render(content: KeyFile) -> bytes:
    """The bytes of the file, with its checksum."""
    head = f"amberpost key file 1\norigin {content.origin}\nslot {content.slot}\n".encode()
    head += b"key " + content.key.reveal().hex().encode() + b"\n"
    return head + b"check " + _check(head) + b"\n"


def read_key_file(path: Path) -> KeyFile:
    """What the file says; StoreError if it cannot be read, IntegrityError if it is damaged."""
    try:
        with path.open("rb") as file:
            data = file.read(4096)  # ten times a key file
    except PermissionError as error:
        raise NotReadable(
            "key_file_closed",
            subject=str(path),
        ) from error
    except OSError as error:
        raise StoreError("key_file_unreadable", subject=str(path)) from error
    found = _FORM.fullmatch(data)
    if found is None or found[4] != _check(data[: data.rindex(b"check ")]):
        raise IntegrityError("key_file_damaged", subject=str(path))
    key = Secret(bytes.fromhex(found[3].decode()))
    return KeyFile(origin=found[1].decode(), slot=int(found[2]), key=key)


def write_key_file(path: Path, content: KeyFile) -> None:
    """A new file, readable for its owner only, durable on return; never overwrites one."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(render(content))
            file.flush()
            os.fsync(file.fileno())
        # The name, too: a key file that a power loss takes away locks the archive for ever.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError("key_file_unwritable", subject=str(path)) from error


def _check(head: bytes) -> bytes:
    return hashlib.sha256(head).hexdigest()[:32].encode()
