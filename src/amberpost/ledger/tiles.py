"""Where the hashes of the tree lie: C2SP tlog-tiles, height 8, full and partial tiles.

A tile is 256 (or, at the right edge, fewer) hashes of one level in a row. `Edge` grows a tree and hands out
each tile that becomes full; all it keeps is the right edge. Does not touch files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from amberpost.ledger.tree import EMPTY_ROOT, HASH_BYTES, fold

HEIGHT = 8  # tlog-tiles fixes it
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Hashes `index * 256` and following of a level; fewer than 256 of them make it a partial tile."""

    level: int
    index: int
    data: bytes

    @property
    def is_full(self) -> bool:
        return len(self.data) == TILE_BYTES

    @property
    def path(self) -> str:
        full = tile_path(self.level, self.index)
        return full if self.is_full else f"{full}.p/{len(self.data) // HASH_BYTES}"


def tile_path(level: int, index: int) -> str:
    """tlog-tiles: 1234067 of level 0 is tile/0/x001/x234/067."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return f"tile/{level}/" + "/".join(reversed(groups))


def split_hashes(data: bytes | bytearray) -> list[bytes]:
    return [bytes(data[at : at + HASH_BYTES]) for at in range(0, len(data), HASH_BYTES)]


def tile_rows(data: bytes) -> list[bytes]:
    """The hashes of a full tile and the rows above them, up to its root: what the tile leaves out."""
    rows = [data]
    while len(data) > HASH_BYTES:
        data = b"".join(
            [
                sha256(b"\x01" + data[at : at + 2 * HASH_BYTES]).digest()
                for at in range(0, len(data), 2 * HASH_BYTES)
            ]
        )
        rows.append(data)
    return rows


def covered_leaves(level: int, tiles: int) -> int:
    """How many leaves the first so many full tiles of a level cover."""
    return tiles << HEIGHT * (level + 1)


class Edge:
    """The right edge of a growing tree: one unfinished tile a level."""

    def __init__(self) -> None:
        self.size = 0
        self._levels = [bytearray()]

    @classmethod
    def of(cls, size: int, tiles: Iterable[Tile]) -> "Edge":
        """The edge of a tree of this size from its partial tiles."""
        edge = cls()
        edge.size = size
        for tile in tiles:
            edge._level(tile.level).extend(tile.data)
        return edge

    def add(self, leaves: Iterable[bytes]) -> Iterator[Tile]:
        """Append leaves; yields each tile as it becomes full. Nothing is appended unless it is consumed."""
        row = self._levels[0]
        for leaf in leaves:
            row += sha256(b"\x00" + leaf).digest()
            self.size += 1
            if len(row) == TILE_BYTES:
                yield from self._carry()

    def partial_tiles(self) -> list[Tile]:
        return [
            Tile(level=level, index=self._index(level), data=bytes(row))
            for level, row in enumerate(self._levels)
            if row
        ]

    def data(self, level: int, index: int) -> bytes | None:
        """The hashes of an unfinished tile, or None if that tile is not at the edge."""
        if level < len(self._levels) and index == self._index(level):
            return bytes(self._levels[level])
        return None

    def root(self) -> bytes:
        """Root of the whole tree."""
        right: list[bytes] = []
        for row in self._levels:
            hashes = split_hashes(row) + right
            right = [fold(hashes)] if hashes else []
        return right[0] if right else EMPTY_ROOT

    def _carry(self) -> Iterator[Tile]:
        """A full tile is one hash of the level above, whose tile it may fill in turn."""
        level = 0
        while len(self._levels[level]) == TILE_BYTES:
            tile = Tile(level=level, index=self._index(level) - 1, data=bytes(self._levels[level]))
            self._levels[level].clear()
            level += 1
            self._level(level).extend(tile_rows(tile.data)[-1])
            yield tile

    def _level(self, level: int) -> bytearray:
        while level >= len(self._levels):
            self._levels.append(bytearray())
        return self._levels[level]

    def _index(self, level: int) -> int:
        return self.size >> HEIGHT * (level + 1)


def edge_places(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of each partial tile of a tree of this size."""
    level = 0
    while size >> HEIGHT * level:
        width = (size >> HEIGHT * level) % WIDTH
        if width:
            yield level, size >> HEIGHT * (level + 1), width
        level += 1
