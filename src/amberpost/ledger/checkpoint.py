"""C2SP tlog-checkpoint: the signed head of a log.

Promises: a checkpoint object has a correct signature of the log's own key; every byte of its text counts.
We write no extension lines and accept none: nobody could audit them.
"""

import base64
import re
from dataclasses import dataclass

from amberpost.errors import IntegrityError
from amberpost.ledger.note import decode_base64, parse_verification_key, sign_note, verify_note
from amberpost.ledger.tree import HASH_BYTES

_MAX_SIZE = 2**63 - 1  # SQLite's largest number, and that of most who will read it
_TEXT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/=]{44})\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """`text` is the whole signed note, byte for byte as published."""

    origin: str
    size: int
    root: bytes
    text: bytes


def sign_checkpoint(*, origin: str, size: int, root: bytes, seed: bytes) -> Checkpoint:
    """Sign the head of a log; its origin is also the name of its key."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    _parse(text)  # nothing is signed that our own reader would refuse
    return Checkpoint(origin=origin, size=size, root=root, text=sign_note(text, name=origin, seed=seed))


def verify_checkpoint(text: bytes, verification_key: str) -> Checkpoint:
    """The checkpoint in a signed note, if this log signed it; else IntegrityError."""
    key = parse_verification_key(verification_key)
    origin, size, root = _parse(verify_note(text, key))
    if origin != key.name:
        raise IntegrityError("checkpoint_foreign", subject=origin)
    return Checkpoint(origin=origin, size=size, root=root, text=text)


def _parse(text: str) -> tuple[str, int, bytes]:
    match = _TEXT.fullmatch(text)
    if match is None or int(match[2]) > _MAX_SIZE:
        raise IntegrityError("checkpoint_malformed")
    root = decode_base64(match[3])
    if len(root) != HASH_BYTES:
        raise IntegrityError("root_length_wrong")
    return match[1], int(match[2]), root
