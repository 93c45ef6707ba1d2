"""Proofs that stand alone: RFC 9162 verification and the C2SP tlog-proof v1 text.

Promises: needs no log, only the leaf, the proof and the log's public key; reads one spelling only. `extra`
is carried but, as the standard says, not authenticated.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from amberpost.errors import IntegrityError
from amberpost.ledger.checkpoint import Checkpoint, verify_checkpoint
from amberpost.ledger.note import decode_base64
from amberpost.ledger.tree import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash

_HEADER = "c2sp.org/tlog-proof@v1\n"
_BODY = re.compile(
    r"(?:extra ([A-Za-z0-9+/=]+)\n)?"
    r"index (0|[1-9][0-9]{0,18})\n"
    r"((?:[A-Za-z0-9+/=]{44}\n){0,63})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """That the leaf at `index` is in the log of the checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    extra: bytes = b""


def is_included(*, leaf: bytes, index: int, path: Sequence[bytes], size: int, root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2: does the path lead from the hash of this leaf to the root?"""
    if not 0 <= index < size:
        return False
    position, last = index, size - 1
    reached = leaf_hash(leaf)
    for sibling in path:
        if last == 0:  # the root is reached and the path goes on
            return False
        if position % 2 or position == last:
            reached = node_hash(sibling, reached)
            while position and position % 2 == 0:
                position, last = position >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and reached == root


def is_consistent(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """RFC 9162 section 2.1.4.2: is the new tree the old one with leaves appended?"""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    # A complete old tree, of a power of two leaves, is its own first node and is left out of the path.
    known = [old_root] if old_size & (old_size - 1) == 0 else []
    return _grows_to([*known, *path], old_size=old_size, new_size=new_size) == (old_root, new_root)


def write_proof(proof: LogProof) -> bytes:
    """The text of a proof; by custom in a file that ends in .tlog-proof."""
    extra = f"extra {base64.b64encode(proof.extra).decode()}\n" if proof.extra else ""
    path = "".join(f"{base64.b64encode(item).decode()}\n" for item in proof.path)
    return f"{_HEADER}{extra}index {proof.index}\n{path}\n".encode() + proof.checkpoint.text


def read_proof(text: bytes, verification_key: str) -> LogProof:
    """A proof with a correctly signed checkpoint, else IntegrityError. Says nothing of a leaf yet."""
    head, divider, note = text.partition(b"\n\n")
    try:
        lines = head.decode("ascii") + "\n"
    except UnicodeDecodeError as error:
        raise IntegrityError("proof_malformed") from error
    match = _BODY.fullmatch(lines.removeprefix(_HEADER))
    if not divider or not lines.startswith(_HEADER) or match is None:
        raise IntegrityError("proof_malformed")
    path = tuple(decode_base64(line) for line in match[3].split())
    if any(len(item) != HASH_BYTES for item in path):
        raise IntegrityError("proof_hash_length_wrong")
    return LogProof(
        index=int(match[2]),
        path=path,
        checkpoint=verify_checkpoint(note, verification_key),
        extra=decode_base64(match[1] or ""),
    )


def verify_proof(text: bytes, *, leaf: bytes, verification_key: str) -> LogProof:
    """The proof, once it shows that this very leaf is in the log; else IntegrityError."""
    proof = read_proof(text, verification_key)
    head = proof.checkpoint
    if not is_included(leaf=leaf, index=proof.index, path=proof.path, size=head.size, root=head.root):
        raise IntegrityError("proof_leads_elsewhere", subject=str(proof.index))
    return proof


def _grows_to(path: list[bytes], *, old_size: int, new_size: int) -> tuple[bytes, bytes] | None:
    """Both roots that the path leads to, None where it is too short or too long. Names as in is_included()."""
    position, last = old_size - 1, new_size - 1
    # What is complete in the old tree is one node of both.
    while position % 2:
        position, last = position >> 1, last >> 1
    if not path:
        return None
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position % 2 or position == last:  # the sibling stands left, in both trees
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and position % 2 == 0:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None
