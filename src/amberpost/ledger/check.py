"""Compare a log's files with its leaves. Reports, never repairs.

Promises: with the leaves at hand any changed, cut or missing byte of the checkpoint or of a tile is a
finding with the file's name. May run beside a writer.
"""

from collections.abc import Iterable, Iterator

from amberpost.errors import Finding, FindingKind, IntegrityError, StoreError
from amberpost.ledger.checkpoint import Checkpoint, verify_checkpoint
from amberpost.ledger.files import Files, read_or_none
from amberpost.ledger.tiles import Edge, Tile, covered_leaves, tile_path
from amberpost.ledger.tree import HASH_BYTES
from amberpost.remark import Remark


def check_log(files: Files, path: str, verification_key: str, leaves: Iterable[bytes]) -> Iterator[Finding]:
    """All findings, in the order of the leaves."""
    return _Check(files, path, verification_key).run(leaves)


class _Check:
    def __init__(self, files: Files, path: str, verification_key: str) -> None:
        self._files = files
        self._path = path
        self._key = verification_key
        self._edge = Edge()
        self._covered = 0  # size under the checkpoint
        self._folder = ("", frozenset[str]())

    def run(self, leaves: Iterable[bytes]) -> Iterator[Finding]:
        text, head, findings = self._read_checkpoint()
        yield from findings
        self._covered = head.size if head else 0
        # The tree is grown anew from the leaves; each tile is compared as it comes about, none is kept.
        count = 0
        if head and head.size == 0:
            yield from self._at_checkpoint(head)
        for count, leaf in enumerate(leaves, 1):
            for tile in self._edge.add([leaf]):
                yield from self._check_full(tile)
            if head and count == head.size:
                yield from self._at_checkpoint(head)
        if head and count < head.size:
            yield self._finding(
                FindingKind.LEAVES_MISSING,
                "checkpoint",
                Remark("checkpoint_covers_more", {"size": head.size, "number": count}),
            )
        if text is None and count:
            yield self._finding(
                FindingKind.CHECKPOINT_MISSING, "checkpoint", Remark("leaves_without_checkpoint")
            )
        for tile in self._edge.partial_tiles():
            yield from self._check_partials(tile)

    def _read_checkpoint(self) -> tuple[bytes | None, Checkpoint | None, list[Finding]]:
        text, findings = self._read("checkpoint", FindingKind.CHECKPOINT_UNREADABLE)
        if text is None:
            return (b"" if findings else None), None, findings
        try:
            return text, verify_checkpoint(text, self._key), []
        except IntegrityError as error:
            return text, None, [self._finding(FindingKind.CHECKPOINT_INVALID, "checkpoint", error.remark)]

    def _at_checkpoint(self, head: Checkpoint) -> Iterator[Finding]:
        if self._edge.root() != head.root:
            yield self._finding(
                FindingKind.ROOT_MISMATCH,
                "checkpoint",
                Remark("root_not_signed", {"size": head.size}),
            )
        for tile in self._edge.partial_tiles():
            # The full tile that took its place does as well; content is checked elsewhere.
            full = tile_path(tile.level, tile.index)
            names = self._files.list(f"{self._path}/{full}.p")
            if tile.path.rpartition("/")[2] in names or self._is_there(full):
                continue
            # A writer that has published since took away the partial tiles of the old checkpoint.
            if read_or_none(self._files, f"{self._path}/checkpoint") == head.text:
                yield self._finding(FindingKind.TILE_MISSING, tile.path, Remark("tile_none"))

    def _check_full(self, tile: Tile) -> Iterator[Finding]:
        data, findings = self._read(tile.path, FindingKind.TILE_UNREADABLE)
        yield from findings
        is_covered = covered_leaves(tile.level, tile.index + 1) <= self._covered
        if data is None and not findings and is_covered:
            yield self._finding(FindingKind.TILE_MISSING, tile.path, Remark("tile_covered"))
        if data is not None and data != tile.data:
            yield self._finding(FindingKind.TILE_DAMAGED, tile.path, Remark("tile_hashes_differ"))
        yield from self._check_partials(tile)

    def _check_partials(self, tile: Tile) -> Iterator[Finding]:
        folder = f"{tile_path(tile.level, tile.index)}.p"
        if not self._is_there(folder):
            return
        for name in self._files.list(f"{self._path}/{folder}"):
            data, findings = self._read(f"{folder}/{name}", FindingKind.TILE_UNREADABLE)
            yield from findings
            if data is not None and name.isdecimal() and not _is_beginning(data, int(name), tile.data):
                yield self._finding(
                    FindingKind.TILE_DAMAGED, f"{folder}/{name}", Remark("tile_hashes_differ")
                )

    def _is_there(self, path: str) -> bool:
        """One listing serves the thousand neighbours of a tile."""
        folder, _, name = path.rpartition("/")
        if self._folder[0] != folder:
            self._folder = (folder, frozenset(self._files.list(f"{self._path}/{folder}")))
        return name in self._folder[1]

    def _read(self, path: str, kind: FindingKind) -> tuple[bytes | None, list[Finding]]:
        try:
            return read_or_none(self._files, f"{self._path}/{path}"), []
        except StoreError as error:
            return None, [self._finding(kind, path, error.remark)]

    def _finding(self, kind: FindingKind, path: str, remark: Remark) -> Finding:
        return Finding(kind=kind, where=f"{self._path}/{path}", remark=remark)


def _is_beginning(data: bytes, width: int, known: bytes) -> bool:
    """A partial tile may reach beyond the leaves we were given: a writer may just be at work."""
    return len(data) == width * HASH_BYTES and data[: len(known)] == known[: len(data)]
