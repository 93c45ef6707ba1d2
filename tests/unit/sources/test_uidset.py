"""Sets of UIDs as ranges, checked against Python's own sets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.sources.uidset import MAX_UID, UidSet

small_sets = st.sets(st.integers(1, 60), max_size=40)


@given(small_sets)
def test_text_and_back_is_the_same_set(uids: set[int]) -> None:
    made = UidSet.of(uids)
    assert UidSet.parse(str(made)) == made
    assert list(made) == sorted(uids)
    assert len(made) == len(uids)
    assert made.highest == max(uids, default=0)


@given(small_sets, small_sets)
def test_union_and_difference_are_those_of_sets(left: set[int], right: set[int]) -> None:
    one, other = UidSet.of(left), UidSet.of(right)
    assert set(one.union(other)) == left | right
    assert set(one.difference(other)) == left - right
    assert one.add(right) == one.union(other)


@given(small_sets)
def test_contains_answers_for_every_uid(uids: set[int]) -> None:
    made = UidSet.of(uids)
    assert {uid for uid in range(62) if uid in made} == uids


@given(small_sets)
def test_ranges_never_touch(uids: set[int]) -> None:
    ranges = UidSet.of(uids).ranges
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges))


@given(small_sets, st.integers(1, 7))
def test_chunks_cover_the_set_in_order(uids: set[int], size: int) -> None:
    chunks = list(UidSet.of(uids).chunks(size))
    assert [uid for chunk in chunks for uid in chunk] == sorted(uids)
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_a_sequence_set_may_be_in_any_order_and_overlap() -> None:
    assert str(UidSet.parse("9,4:2,3:5,7,8")) == "2:5,7:9"
    assert UidSet.parse("") == UidSet()


@pytest.mark.parametrize("text", ["0", "1:", "a", "1,,2", "-1", f"1:{MAX_UID + 1}", "*", "1:*"])
def test_what_is_no_set_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        UidSet.parse(text)


def test_something_that_is_no_number_is_in_no_set() -> None:
    assert "1" not in UidSet.of([1])


def test_a_large_mailbox_stays_small_as_text() -> None:
    known = UidSet.of(range(1, 100_001)).difference(UidSet.parse("500,77777"))
    assert str(known) == "1:499,501:77776,77778:100000"
    assert str(UidSet(((1, MAX_UID),)).difference(known)) == f"500,77777,100001:{MAX_UID}"
