"""Roots and paths against vectors, a recursive reading of the RFC, and pymerkle."""

from pymerkle import InmemoryTree

from amberpost.ledger.proof import is_consistent, is_included
from amberpost.ledger.tiles import Edge, Tile, edge_places, tile_path
from amberpost.ledger.tree import (
    EMPTY_ROOT,
    complete_subtrees,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    range_root,
)
from tests.unit.ledger.folder import (
    leaves,
    reference_consistency,
    reference_inclusion,
    reference_root,
    sha256,
)

# The eight leaves and roots that the test suites of Certificate Transparency implementations share.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Nodes:
    """Every complete subtree of a list of leaves, computed once."""

    def __init__(self, items: list[bytes]) -> None:
        self._items = items
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        if (height, index) not in self._known:
            part = self._items[index << height : (index + 1) << height]
            assert len(part) == 1 << height, "asked for a subtree that is not complete"
            self._known[height, index] = reference_root(part)
        return self._known[height, index]


def edge_of(items: list[bytes]) -> Edge:
    edge = Edge()
    for _ in edge.add(items):
        pass
    return edge


def test_the_empty_tree_has_the_hash_of_nothing_as_its_root() -> None:
    assert Edge().root() == EMPTY_ROOT == range_root(Nodes([]), 0, 0)
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_roots_are_those_of_the_certificate_transparency_vectors() -> None:
    for count, expected in enumerate(CT_ROOTS, 1):
        assert edge_of(CT_LEAVES[:count]).root().hex() == expected


def test_a_tree_of_three_is_the_one_computed_by_hand() -> None:
    a, b, c = (sha256(b"\x00" + item) for item in (b"a", b"b", b"c"))
    by_hand = sha256(b"\x01" + sha256(b"\x01" + a + b) + c)
    assert edge_of([b"a", b"b", b"c"]).root() == by_hand
    assert node_hash(node_hash(leaf_hash(b"a"), leaf_hash(b"b")), leaf_hash(b"c")) == by_hand
    assert fold([a, b, c]) == by_hand


def test_every_root_and_every_proof_up_to_130_leaves() -> None:
    items = leaves(130)
    node = Nodes(items)
    roots = [range_root(node, 0, size) for size in range(131)]
    for size in range(131):
        assert roots[size] == reference_root(items[:size]) == edge_of(items[:size]).root()
        for index in range(size):
            path = inclusion_path(node, index, size)
            assert is_included(leaf=items[index], index=index, path=path, size=size, root=roots[size])
        for old in range(size + 1):
            path = consistency_path(node, old, size)
            assert is_consistent(
                old_size=old, old_root=roots[old], new_size=size, new_root=roots[size], path=path
            )


def test_paths_are_those_of_the_recursive_definition() -> None:
    items = leaves(70)
    node = Nodes(items)
    for size in (1, 2, 3, 7, 8, 63, 64, 65, 70):
        part = items[:size]
        for index in range(size):
            assert inclusion_path(node, index, size) == reference_inclusion(index, part)
            assert consistency_path(node, index + 1, size) == reference_consistency(index + 1, part)


def test_roots_and_paths_equal_those_of_pymerkle() -> None:
    other = InmemoryTree(algorithm="sha256")
    items = leaves(100)
    for item in items:
        other.append_entry(item)
    node = Nodes(items)
    for size in range(1, 101):
        assert range_root(node, 0, size) == other.get_root(size)
        for index in {0, size // 2, size - 1}:
            # pymerkle counts from 1 and begins its path with the leaf itself
            proof = other.prove_inclusion(index + 1, size)
            assert inclusion_path(node, index, size) == proof.path[1:]


def test_complete_subtrees_cover_a_range_from_the_left() -> None:
    assert list(complete_subtrees(0, 7)) == [(2, 0), (1, 2), (0, 6)]
    assert list(complete_subtrees(4, 7)) == [(1, 2), (0, 6)]
    assert list(complete_subtrees(5, 5)) == []


def test_tile_paths_are_those_of_the_standard() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(3, 0) == "tile/3/000"
    assert tile_path(1, 999) == "tile/1/999"
    assert tile_path(1, 1000) == "tile/1/x001/000"
    assert Tile(level=2, index=5, data=b"x" * 64).path == "tile/2/005.p/2"
    assert Tile(level=2, index=5, data=b"x" * 8192).path == "tile/2/005"


def test_the_70000_leaves_of_the_standard_have_its_tiles() -> None:
    edge = Edge()
    full = list(edge.add(leaves(70_000)))
    assert [sum(tile.level == level for tile in full) for level in (0, 1, 2)] == [273, 1, 0]
    assert [(t.level, t.index, len(t.data) // 32) for t in edge.partial_tiles()] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert list(edge_places(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]


def test_a_tree_of_256_has_one_full_tile_and_one_hash_above() -> None:
    assert list(edge_places(256)) == [(1, 0, 1)]
    assert edge_of(leaves(256)).root() == reference_root(leaves(256))
