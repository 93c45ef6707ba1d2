"""An append-only log of leaves: tiles, a signed checkpoint, and proofs from them.

Promises: never signs a head that its own earlier checkpoint contradicts, and never builds a proof from a
damaged tile. Leaves are opaque here and kept elsewhere; after a crash or loss of tiles the caller appends
the leaves from `size` on again. One writer, any number of read-only openings; one thread each.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from amberpost.errors import Finding, IntegrityError, StoreError
from amberpost.ledger.check import check_log
from amberpost.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from amberpost.ledger.files import Files, read_or_none
from amberpost.ledger.note import verification_key
from amberpost.ledger.proof import LogProof
from amberpost.ledger.shelf import TileShelf
from amberpost.ledger.tiles import Edge, edge_places
from amberpost.ledger.tree import consistency_path, inclusion_path, range_root

_MAX_UNWRITTEN = 1024  # full tiles kept in memory between two checkpoints: 8 MiB
_READ_ATTEMPTS = 8  # against a writer that publishes once a batch, while a reader takes milliseconds


class Log:
    """`size` counts the leaves appended so far; `checkpoint` is the newest published head."""

    def __init__(self, files: Files, path: str, origin: str, seed: bytes, *, read_only: bool) -> None:
        """Use Log.open()."""
        self.origin = origin
        self.verification_key = verification_key(origin, seed)
        self.checkpoint: Checkpoint | None = None
        self._files = files
        self._path = path
        self._seed = seed
        self._read_only = read_only
        self._shelf = TileShelf(files, path)
        self._edge = Edge()

    @classmethod
    def open(cls, files: Files, path: str, origin: str, seed: bytes, *, read_only: bool = False) -> "Log":
        """Open at the newest checkpoint, or at size 0 where its tiles are missing or damaged.

        Whatever `size` is then: append the leaves from there on. A damaged checkpoint raises IntegrityError,
        since going on would sign over it; read-only opening succeeds and leaves it to check() to name it.
        """
        log = cls(files, path, origin, seed, read_only=read_only)
        try:
            log._load()
        except (IntegrityError, StoreError):
            if not read_only:
                raise
        if not read_only and log.checkpoint:
            places = log._shelf.places_with_partials(log.checkpoint.size)
            if log.size == log.checkpoint.size:
                log._shelf.remove_superseded(places, keep=log._edge.partial_tiles())
        return log

    @classmethod
    def rebuild(cls, files: Files, path: str, origin: str, seed: bytes, leaves: Iterable[bytes]) -> "Log":
        """Make all tiles anew from all leaves and publish; IntegrityError if the checkpoint objects."""
        log = cls(files, path, origin, seed, read_only=False)
        log.checkpoint = log._read_checkpoint()
        log.append_many(leaves)
        log.integrate()
        return log

    @property
    def size(self) -> int:
        """Leaves appended, on disk or not."""
        return self._edge.size

    @property
    def is_behind(self) -> bool:
        """Does the checkpoint cover leaves that this log has not got (again)?"""
        return self.checkpoint is not None and self.size < self.checkpoint.size

    def append(self, leaf: bytes) -> int:
        """Its index. Nothing is on disk before integrate()."""
        self.append_many([leaf])
        return self.size - 1

    def append_many(self, leaves: Iterable[bytes]) -> range:
        """Their indexes, in order."""
        self._must_write()
        first = self.size
        rest = iter(leaves)
        # Leaves that the checkpoint counts come again after a loss of tiles: they must be the very same.
        if self.checkpoint is not None and self.is_behind:
            self._add(islice(rest, self.checkpoint.size - self.size))
            if self.size == self.checkpoint.size and self._edge.root() != self.checkpoint.root:
                raise IntegrityError("leaves_differ", subject=self._path)
        if not self.is_behind:
            self._add(rest)
        return range(first, self.size)

    def integrate(self) -> Checkpoint:
        """Write the tiles that changed, then publish a checkpoint over everything appended.

        Call it only after the leaves themselves are durable.
        """
        self._must_write()
        if self.is_behind:
            raise IntegrityError("leaves_fewer", subject=self._path)
        # Tiles first: a checkpoint that is published can be proved at once, whenever the process dies.
        partials = self._edge.partial_tiles()
        self._shelf.write_full()
        self._shelf.write_partial(partials)
        before = self.checkpoint
        if before is not None and before.size == self.size:
            return before
        head = sign_checkpoint(origin=self.origin, size=self.size, root=self._edge.root(), seed=self._seed)
        self._files.replace(self._checkpoint_path, head.text)
        self.checkpoint = head
        if before is not None:
            # Only now: until the new checkpoint is durable, the old one needs its partial tiles.
            places = [(level, index) for level, index, _ in edge_places(before.size)]
            self._shelf.remove_superseded(places, keep=partials)
        return head

    def root(self, size: int | None = None) -> bytes:
        """Root of the whole tree, or as it was at an earlier size."""
        if size is None:
            return self._edge.root()
        self._must_have(size)
        return range_root(self._node, 0, size)

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Path that proves leaf `index` in the tree of that size."""
        self._must_have(size)
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        return tuple(inclusion_path(self._node, index, size))

    def consistency(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """Path that proves that the tree only grew between two sizes."""
        self._must_have(new_size)
        if not 0 <= old_size <= new_size:
            raise ValueError(f"size {old_size} is not before {new_size}")
        return tuple(consistency_path(self._node, old_size, new_size))

    def proof(self, index: int, *, extra: bytes = b"") -> LogProof:
        """A proof for one leaf under the newest checkpoint; write_proof() makes its text."""
        if self.checkpoint is None:
            raise IntegrityError("checkpoint_none", subject=self._path)
        path = self.inclusion(index, self.checkpoint.size)
        return LogProof(index=index, path=path, checkpoint=self.checkpoint, extra=extra)

    def check(self, leaves: Iterable[bytes]) -> Iterator[Finding]:
        """Compare the files with all leaves from the first on: signature, root, every byte of every tile."""
        return check_log(self._files, self._path, self.verification_key, leaves)

    def count_uncovered(self, leaves: int) -> int:
        """How many of so many leaves no checkpoint covers yet; one that cannot be read (see check()) covers none."""
        try:
            checkpoint = self._read_checkpoint()
        except (IntegrityError, StoreError):
            checkpoint = None
        return max(0, leaves - (checkpoint.size if checkpoint else 0))

    @property
    def _checkpoint_path(self) -> str:
        return f"{self._path}/checkpoint"

    def _load(self) -> None:
        for _ in range(_READ_ATTEMPTS):
            self.checkpoint = self._read_checkpoint()
            if self.checkpoint is None:
                return
            edge = self._shelf.edge(self.checkpoint.size)
            if edge is not None and edge.root() == self.checkpoint.root:
                self._edge = edge
                return
            if self._read_checkpoint() == self.checkpoint:
                return  # really damaged; had the checkpoint moved on, a writer took the tiles away under us

    def _read_checkpoint(self) -> Checkpoint | None:
        text = read_or_none(self._files, self._checkpoint_path)
        return None if text is None else verify_checkpoint(text, self.verification_key)

    def _add(self, leaves: Iterable[bytes]) -> None:
        for tile in self._edge.add(leaves):
            self._shelf.put(tile)
            if self._shelf.unwritten >= _MAX_UNWRITTEN:
                self._shelf.write_full()

    def _node(self, height: int, index: int) -> bytes:
        return self._shelf.node(self._edge, height, index)

    def _must_have(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"no tree has size {size}")
        if size > self.size:
            raise IntegrityError("tiles_too_short", subject=self._path)

    def _must_write(self) -> None:
        if self._read_only:
            raise StoreError("ledger_read_only", subject=self._path)
