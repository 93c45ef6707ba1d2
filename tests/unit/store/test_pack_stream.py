"""Compression and encryption of payloads."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.store import dictionary, pack, stream

KEY = bytes(32)


@given(st.binary(max_size=3_000))
def test_unpack_undoes_pack(plain: bytes) -> None:
    assert pack.unpack(pack.pack(plain)) == plain


@pytest.mark.parametrize("plain", [b"", b"a" * 100, b"mail " * 200_000, os.urandom(200_000)])
def test_packing_never_adds_more_than_the_codec_byte(plain: bytes) -> None:
    packed = pack.pack(plain)
    assert len(packed) <= len(plain) + 1
    assert pack.unpack(packed) == plain


@pytest.mark.parametrize("plain", [b"a" * 1_000, b"a" * 1_000_000])
def test_unpack_never_makes_more_than_it_is_allowed(plain: bytes) -> None:
    with pytest.raises(ValueError, match="limit"):
        pack.unpack(pack.pack(plain), limit=999)


@pytest.mark.parametrize("packed", [b"", b"\x03abc", b"\x01", b"\x01garbage", b"\x02" + bytes(40)])
def test_damaged_compression_is_a_value_error(packed: bytes) -> None:
    with pytest.raises(ValueError):
        pack.unpack(packed)


def test_the_shipped_dictionary_is_the_released_one() -> None:
    digest = hashlib.sha256(pack._dictionary().as_bytes()).hexdigest()
    assert digest == "422ae2e9b5bef9978b7f077708343024721e23b1bfeb809c631118e55588824c"


def test_made_up_mail_is_the_same_every_time() -> None:
    first, second = dictionary.Numbers("x"), dictionary.Numbers("x")
    assert dictionary.made_up_mail(first) == dictionary.made_up_mail(second)


@pytest.mark.parametrize("length", [0, 1, stream.CHUNK - 1, stream.CHUNK, stream.CHUNK + 1, 2 * stream.CHUNK])
def test_unseal_undoes_seal(length: int) -> None:
    plain = os.urandom(length)
    sealed = stream.seal(KEY, plain, b"aad")
    assert len(sealed) == stream.sealed_length(length)
    assert stream.unseal(KEY, sealed, b"aad") == plain
    first = stream.unseal_first(KEY, sealed[: stream.CHUNK + 16], b"aad", only=length <= stream.CHUNK)
    assert first == plain[: stream.CHUNK]


def test_reordered_cut_and_foreign_chunks_do_not_open() -> None:
    size = stream.CHUNK + stream.TAG
    sealed = stream.seal(KEY, bytes(3 * stream.CHUNK), b"aad")
    first, second, third = sealed[:size], sealed[size : 2 * size], sealed[2 * size :]
    for bad in (
        first,
        first + second,
        second + first + third,
        first + third,
        sealed + third,
        b"",
        sealed[:-1],
    ):
        with pytest.raises(ValueError):
            stream.unseal(KEY, bad, b"aad")
    with pytest.raises(ValueError):
        stream.unseal(KEY, sealed, b"other")
