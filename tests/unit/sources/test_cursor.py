"""Remote ids and cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.sources.cursor import Cursor, FolderCursor, RemoteId
from amberpost.sources.uidset import UidSet


@given(st.text(st.characters(exclude_categories=("Cs",))), st.integers(1), st.integers(1))
def test_a_remote_id_names_any_folder_in_one_line(folder: str, uidvalidity: int, uid: int) -> None:
    remote = RemoteId(folder=folder, uidvalidity=uidvalidity, uid=uid)
    assert RemoteId.parse(str(remote)) == remote
    assert str(remote).isascii()
    assert str(remote).count("/") == 2


@pytest.mark.parametrize("text", ["", "INBOX/1", "INBOX/1/2/3", "INBOX/x/1"])
def test_what_is_no_remote_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RemoteId.parse(text)


def test_only_the_same_folder_and_uidvalidity_are_known() -> None:
    cursor = Cursor(folders=(FolderCursor(folder="INBOX", uidvalidity=5, uids=UidSet.parse("1:9")),))
    assert cursor.known("INBOX", 5) == UidSet.parse("1:9")
    assert cursor.known("INBOX", 6) == UidSet()
    assert cursor.known("Sent", 5) == UidSet()
