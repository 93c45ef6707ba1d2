"""split() and join(): byte-exact or not at all."""

import base64
import contextlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.errors import IntegrityError
from amberpost.store.base64cut import decode_exactly
from amberpost.store.pack import pack
from amberpost.store.split import Cut, Split, body_references, join, split

KEY = b"k" * 32


def opened(parts: Split) -> bytes:
    objects = {one.id: one.packed for one in parts.objects}
    return join(parts.skeleton, objects.__getitem__)


def base64_text(content: bytes, line: int, eol: bytes) -> bytes:
    text = base64.b64encode(content)
    return eol.join(text[at : at + line] for at in range(0, len(text), line)) if line else text


@given(st.binary(max_size=5_000))
def test_a_whole_cut_comes_back(raw: bytes) -> None:
    assert opened(split(raw, [Cut(start=0, end=len(raw), kind="whole")], KEY)) == raw


@given(
    content=st.binary(min_size=1, max_size=4_000),
    line=st.sampled_from([0, 4, 60, 64, 72, 75, 76, 78, 1000]),
    eol=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    before=st.binary(max_size=50),
    after=st.sampled_from([b"", b"\n", b"\r\n", b"\r\n\r\n", b"=", b"\n--b--", b"AAAA"]),
    noise=st.one_of(st.none(), st.tuples(st.integers(0, 6_000), st.binary(min_size=1, max_size=3))),
)
def test_base64_of_any_shape_comes_back(
    content: bytes, line: int, eol: bytes, before: bytes, after: bytes, noise: tuple[int, bytes] | None
) -> None:
    text = base64_text(content, line, eol)
    if noise:
        at = noise[0] % (len(text) + 1)
        text = text[:at] + noise[1] + text[at:]
    raw = before + text + after
    cut = Cut(start=len(before), end=len(raw), kind="base64")
    assert opened(split(raw, [cut], KEY)) == raw


@given(
    st.binary(max_size=3_000), st.lists(st.tuples(st.integers(-5, 3_100), st.integers(-5, 3_100)), max_size=6)
)
def test_senseless_cuts_do_no_harm(raw: bytes, spans: list[tuple[int, int]]) -> None:
    cuts = [Cut(start=start, end=end, kind="whole") for start, end in spans]
    assert opened(split(raw, cuts, KEY)) == raw


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
@pytest.mark.parametrize("line", [0, 60, 76])
def test_regular_base64_is_kept_decoded(line: int, eol: bytes) -> None:
    content = bytes(range(256)) * 5_000
    raw = b"head\n\n" + base64_text(content, line, eol) + eol
    parts = split(raw, [Cut(start=6, end=len(raw), kind="base64")], KEY)
    assert len(parts.objects) == 1
    assert opened(parts) == raw
    assert body_references(parts.skeleton)[0].size == len(content)


@pytest.mark.parametrize(
    "text",
    [b"QUJD\nQUI=\nQQ==", b"QUJDR\nUZHSE", b"QUJ", b"QR==", b"QUJD\r\nQUJD\nQUJD", b"", b"\r\n\r\n", b"Q*JD"],
)
def test_irregular_base64_stays_in_the_skeleton(text: bytes) -> None:
    assert decode_exactly(memoryview(text)) is None
    parts = split(text, [Cut(start=0, end=len(text), kind="base64")], KEY)
    assert parts.objects == ()
    assert opened(parts) == text


def report_with_original(kind: str) -> tuple[bytes, list[Cut]]:
    attachment = base64_text(b"office document " * 2_000, 76, b"\r\n")
    original = b"Subject: x\r\n\r\n" + attachment + b"\r\n--end--\r\n"
    inner = Cut(start=14, end=14 + len(attachment), kind="base64")
    body = original if kind == "whole" else base64_text(original, 76, b"\r\n")
    raw = b"report\r\n" + body + b"\r\n--outer--"
    return raw, [Cut(start=8, end=8 + len(body), kind=kind, cuts=(inner,))]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["whole", "base64"])
def test_an_attachment_in_an_original_in_a_report_is_kept_once(kind: str) -> None:
    raw, cuts = report_with_original(kind)
    parts = split(raw, cuts, KEY)
    assert [len(one.references) for one in parts.objects] == [0, 1]
    assert opened(parts) == raw
    assert pickle.loads(pickle.dumps(parts)) == parts


def test_equal_bytes_are_one_object_and_another_key_gives_other_ids() -> None:
    raw = b"a" * 100 + b"b" * 100 + b"a" * 100
    cuts = [Cut(start=0, end=100, kind="whole"), Cut(start=200, end=300, kind="whole")]
    parts = split(raw, cuts, KEY)
    assert len(parts.objects) == len(parts.references) == 1
    assert opened(parts) == raw
    assert split(raw, cuts, b"x" * 32).references != parts.references


def test_cuts_deeper_than_three_levels_stay_in_the_third() -> None:
    cut = Cut(start=0, end=10, kind="whole")
    for _ in range(6):
        cut = Cut(start=0, end=10, kind="whole", cuts=(cut,))
    raw = b"0123456789"
    assert opened(split(raw, [cut], KEY)) == raw


@given(st.data())
def test_a_damaged_body_is_an_integrity_error_or_other_bytes_but_never_a_crash(data: st.DataObject) -> None:
    raw, cuts = report_with_original("base64")
    parts = split(raw, cuts, KEY)
    objects = {one.id: one.packed for one in parts.objects}
    body = bytearray(parts.skeleton)
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(IntegrityError):
        join(bytes(body), lambda id: objects.get(id, b""))


def test_objects_that_refer_to_each_other_end_in_an_integrity_error() -> None:
    reference = (0).to_bytes(4, "big") + b"i" * 32 + (1).to_bytes(4, "big") + b"\0\0\0"
    body = pack((1).to_bytes(2, "big") + reference)
    with pytest.raises(IntegrityError):
        join(body, lambda id: body)
