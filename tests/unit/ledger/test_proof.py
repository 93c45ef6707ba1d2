"""Verification of proofs, and the text of C2SP tlog-proof v1."""

import dataclasses

import pytest

from amberpost.errors import IntegrityError
from amberpost.ledger.checkpoint import sign_checkpoint
from amberpost.ledger.note import verification_key
from amberpost.ledger.proof import (
    LogProof,
    is_consistent,
    is_included,
    read_proof,
    verify_proof,
    write_proof,
)
from tests.unit.ledger.folder import (
    ORIGIN,
    SEED,
    b64,
    leaves,
    reference_consistency,
    reference_inclusion,
    reference_root,
)

KEY = verification_key(ORIGIN, SEED)


def make_proof(*, index: int = 4, size: int = 7, extra: bytes = b"") -> LogProof:
    items = leaves(size)
    head = sign_checkpoint(origin=ORIGIN, size=size, root=reference_root(items), seed=SEED)
    return LogProof(index=index, path=tuple(reference_inclusion(index, items)), checkpoint=head, extra=extra)


def flipped(data: bytes) -> list[bytes]:
    """Each byte changed in three ways."""
    return [
        data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]
        for at in range(len(data))
        for mask in (1, 0x80, 0xFF)
    ]


def test_a_proof_comes_back_from_its_text() -> None:
    for proof in (make_proof(), make_proof(extra=b"\x00more"), make_proof(index=0, size=1)):
        text = write_proof(proof)
        assert verify_proof(text, leaf=b"leaf %d" % proof.index, verification_key=KEY) == proof


def test_the_text_is_spelt_as_the_standard_says() -> None:
    proof = make_proof(extra=b"hello")
    expected = "c2sp.org/tlog-proof@v1\nextra aGVsbG8=\nindex 4\n"
    expected += "".join(b64(item) + "\n" for item in proof.path) + "\n"
    assert write_proof(proof) == expected.encode() + proof.checkpoint.text


def test_every_flipped_byte_of_a_proof_is_refused() -> None:
    text = write_proof(make_proof())
    for damaged in flipped(text):
        with pytest.raises(IntegrityError):
            verify_proof(damaged, leaf=b"leaf 4", verification_key=KEY)


def test_every_cut_of_a_proof_is_refused() -> None:
    text = write_proof(make_proof())
    for length in range(len(text)):
        with pytest.raises(IntegrityError):
            verify_proof(text[:length], leaf=b"leaf 4", verification_key=KEY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 4", b"index 04"),
        (b"index 4", b"index  4"),
        (b"index 4", "index \u0664".encode()),
        (b"index 4\n", b"index 4\r\n"),
        (b"index 4\n", b"extra \nindex 4\n"),
        (b"proof@v1\n", b"proof@v2\n"),
        (b"index 4\n", b"index 4\n" + b64(b"x" * 31).encode() + b"\n"),
        (b"index 4\n", b"index 4\n" + b64(b"x" * 33).encode() + b"\n"),
    ],
)
def test_other_spellings_are_refused(old: bytes, new: bytes) -> None:
    text = write_proof(make_proof())
    assert old in text
    with pytest.raises(IntegrityError):
        verify_proof(text.replace(old, new, 1), leaf=b"leaf 4", verification_key=KEY)


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(IntegrityError):
        read_proof(write_proof(make_proof()) + b"\n", KEY)


def test_a_proof_is_for_one_leaf_only() -> None:
    text = write_proof(make_proof())
    with pytest.raises(IntegrityError):
        verify_proof(text, leaf=b"leaf 5", verification_key=KEY)
    with pytest.raises(IntegrityError):
        verify_proof(
            write_proof(dataclasses.replace(make_proof(), index=5)), leaf=b"leaf 4", verification_key=KEY
        )


def test_inclusion_is_refused_for_wrong_places_and_lengths() -> None:
    items = leaves(7)
    root = reference_root(items)
    path = reference_inclusion(4, items)
    good = {"leaf": items[4], "index": 4, "path": path, "size": 7, "root": root}
    assert is_included(**good)
    for change in (
        {"index": -1},
        {"index": 7},
        {"index": 5},
        {"size": 4},
        {"path": path[:-1]},
        {"path": [*path, root]},
        {"path": []},
        {"root": items[0]},
    ):
        assert not is_included(**{**good, **change})


def test_consistency_is_refused_for_wrong_sizes_roots_and_lengths() -> None:
    items = leaves(7)
    for old in (1, 3, 4, 6):
        path = reference_consistency(old, items)
        good = {
            "old_size": old,
            "old_root": reference_root(items[:old]),
            "new_size": 7,
            "new_root": reference_root(items),
            "path": path,
        }
        assert is_consistent(**good)
        for change in (
            {"old_size": -1},
            {"old_size": 8},
            {"old_size": 2},
            {"old_size": 5},
            {"old_size": 7},
            {"new_size": 20},
            {"old_size": 0},
            {"path": []},
            {"path": path[:-1]},
            {"path": [*path, path[0]]},
            {"old_root": items[0]},
            {"new_root": items[0]},
        ):
            assert not is_consistent(**{**good, **change}), (old, change)


def test_every_tree_grows_out_of_the_empty_one_and_out_of_itself() -> None:
    items = leaves(5)
    root, empty = reference_root(items), reference_root([])
    assert is_consistent(old_size=0, old_root=empty, new_size=5, new_root=root, path=[])
    assert not is_consistent(old_size=0, old_root=root, new_size=5, new_root=root, path=[])
    assert not is_consistent(old_size=0, old_root=empty, new_size=5, new_root=root, path=[root])
    assert is_consistent(old_size=5, old_root=root, new_size=5, new_root=root, path=[])
    assert not is_consistent(old_size=5, old_root=root, new_size=5, new_root=empty, path=[])
    assert not is_consistent(old_size=5, old_root=root, new_size=5, new_root=root, path=[root])
