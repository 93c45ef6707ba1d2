"""The tiles of one log as files: reads them checked, writes only what changed.

Promises: a full tile is handed out only if it is what the tile above says it is, so a damaged file never
gets into a proof. A tile is derived: losing one costs a rebuild, never a leaf.
"""

import re
from collections.abc import Iterable

from amberpost.errors import IntegrityError
from amberpost.ledger.files import Files, read_or_none
from amberpost.ledger.tiles import (
    HEIGHT,
    TILE_BYTES,
    WIDTH,
    Edge,
    Tile,
    edge_places,
    split_hashes,
    tile_path,
    tile_rows,
)
from amberpost.ledger.tree import HASH_BYTES, fold

_CACHED_TILES = 256  # 4 MiB with the rows above
_PARTIALS = re.compile(r"[0-9]{3}\.p")

_Place = tuple[int, int]  # level, index


class TileShelf:
    """Full tiles by place; unwritten ones are kept until write()."""

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self._folder = folder
        self._unwritten: dict[_Place, Tile] = {}
        self._cache: dict[_Place, list[bytes]] = {}

    @property
    def unwritten(self) -> int:
        return len(self._unwritten)

    def put(self, tile: Tile) -> None:
        self._unwritten[tile.level, tile.index] = tile
        self._cache.pop((tile.level, tile.index), None)

    def write_full(self) -> None:
        """Write the full tiles that wait. A file that has the right bytes already is left alone."""
        for place, tile in list(self._unwritten.items()):
            self._write(tile)
            del self._unwritten[place]

    def write_partial(self, tiles: Iterable[Tile]) -> None:
        for tile in tiles:
            self._write(tile)

    def remove_superseded(self, places: Iterable[_Place], *, keep: Iterable[Tile]) -> None:
        """Take away the partial tiles of these places except those of the present size."""
        kept = {tile.path for tile in keep}
        for level, index in set(places):
            folder = f"{tile_path(level, index)}.p"
            for name in self._files.list(f"{self._folder}/{folder}"):
                if f"{folder}/{name}" not in kept:
                    self._files.remove(f"{self._folder}/{folder}/{name}")

    def places_with_partials(self, size: int) -> list[_Place]:
        """Where an interrupted run may have left partial tiles: among the neighbours of the right edge."""
        places = []
        level = 0
        while size >> HEIGHT * level:
            index = size >> HEIGHT * (level + 1)
            neighbours = tile_path(level, index).rpartition("/")[0]
            places += [
                (level, index - index % 1000 + int(name[:3]))
                for name in self._files.list(f"{self._folder}/{neighbours}")
                if _PARTIALS.fullmatch(name)
            ]
            level += 1
        return places

    def edge(self, size: int) -> Edge | None:
        """The right edge of a tree of this size, or None if its tiles are not there. Not yet verified."""
        tiles = []
        for level, index, width in edge_places(size):
            data = self._edge_data(level, index, width)
            if data is None:
                return None
            tiles.append(Tile(level=level, index=index, data=data))
        return Edge.of(size, tiles)

    def node(self, edge: Edge, height: int, index: int) -> bytes:
        """Hash of a complete subtree of the tree with this edge."""
        level, row = divmod(height, HEIGHT)
        tile = (index << row) // WIDTH
        data = edge.data(level, tile)
        if data is None:
            at = index % (WIDTH >> row) * HASH_BYTES
            return self._full_tile(edge, (level, tile))[row][at : at + HASH_BYTES]
        at = (index << row) % WIDTH * HASH_BYTES
        return fold(split_hashes(data[at : at + (HASH_BYTES << row)]))

    def _full_tile(self, edge: Edge, place: _Place) -> list[bytes]:
        """Rows of a full tile, verified up to the edge, whose root the checkpoint vouches for."""
        below: list[_Place] = []
        while (rows := self._known(edge, place)) is None:
            below.append(place)
            place = (place[0] + 1, place[1] // WIDTH)
        while below:
            place = below.pop()
            at = place[1] % WIDTH * HASH_BYTES
            root = rows[0][at : at + HASH_BYTES]
            path = f"{self._folder}/{tile_path(*place)}"
            data = read_or_none(self._files, path)
            if data is None:
                raise IntegrityError("tile_missing", subject=path)
            rows = tile_rows(data) if len(data) == TILE_BYTES else [b""]
            if rows[-1] != root:
                raise IntegrityError("tile_damaged", subject=path)
            self._remember(place, rows)
        return rows

    def _known(self, edge: Edge, place: _Place) -> list[bytes] | None:
        """Rows of a tile that needs no file; of an unfinished tile only the lowest."""
        data = edge.data(*place)
        if data is not None:
            return [data]
        if place not in self._cache and place in self._unwritten:
            self._remember(place, tile_rows(self._unwritten[place].data))
        return self._cache.get(place)

    def _remember(self, place: _Place, rows: list[bytes]) -> None:
        # The oldest goes; proofs of neighbouring leaves, which are asked for together, share their tiles.
        while len(self._cache) >= _CACHED_TILES:
            del self._cache[next(iter(self._cache))]
        self._cache[place] = rows

    def _edge_data(self, level: int, index: int, width: int) -> bytes | None:
        """A partial tile; where it was superseded meanwhile, the beginning of the full one."""
        path = f"{self._folder}/{tile_path(level, index)}"
        data = read_or_none(self._files, f"{path}.p/{width}")
        if data is None:
            data = (read_or_none(self._files, path) or b"")[: width * HASH_BYTES]
        return data if len(data) == width * HASH_BYTES else None

    def _write(self, tile: Tile) -> None:
        path = f"{self._folder}/{tile.path}"
        if read_or_none(self._files, path) != tile.data:
            self._files.replace(path, tile.data)
