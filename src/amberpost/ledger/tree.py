"""The Merkle tree of RFC 6962 section 2 (the same in RFC 9162), over leaf hashes.

Promises: roots and proof paths exactly as the RFC defines them, without recursion and without keeping the
tree: callers say how to look up the hash of a complete subtree. Knows nothing of files or signatures.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 section 2.1: MTH({})

# (height, index) -> hash of the complete subtree over leaves [index << height, (index + 1) << height)
NodeHash = Callable[[int, int], bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 6962 section 2.1: the 0x00 keeps a leaf from ever passing as an inner node."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over neighbouring subtrees, all complete and of one height except perhaps a smaller last one."""
    row = list(hashes)
    while len(row) > 1:
        # Pairing from the left and passing the odd one up gives the split of RFC 6962: the left side of
        # every node is the largest complete subtree.
        odd = row[-1:] if len(row) % 2 else []
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)] + odd
    return row[0]


def complete_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """(height, index) of the largest complete subtrees that cover leaves [start, end), from the left.

    `start` must be where a subtree of the tree begins, as in every range an RFC 6962 proof asks for.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def range_root(node: NodeHash, start: int, end: int) -> bytes:
    """MTH(D[start:end]) of RFC 6962; the empty range has the empty root."""
    parts = [node(height, index) for height, index in complete_subtrees(start, end)]
    if not parts:
        return EMPTY_ROOT
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def inclusion_path(node: NodeHash, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1: siblings from the leaf up to the root."""
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    path.reverse()
    return path


def consistency_path(node: NodeHash, old_size: int, new_size: int) -> list[bytes]:
    """PROOF(old_size, D[new_size]) of RFC 6962 section 2.1.2; empty if a size is 0 or both are the same."""
    if old_size == 0:
        return []
    path = []
    start, end = 0, new_size
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(range_root(node, middle, end))
            end = middle
        else:
            path.append(range_root(node, start, middle))
            start = middle
    if start > 0:  # otherwise the old root itself is the verifier's starting point
        path.append(range_root(node, start, end))
    path.reverse()
    return path


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
