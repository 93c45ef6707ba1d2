"""A folder knows whether it is the archive or a copy of it, whatever ordinary life does to it."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from amberpost.store import place
from amberpost.store.open_keys import create_keys
from amberpost.store.place import PLACE_FILE, AtWork, Doubt, claim_place, compare, doubt_place, find_doubts

HERE = AtWork(path="/srv/archive", birth="1795000000.000000001", inode=7, machine="a", cards=("b", "c"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    create_keys(folder, tmp_path / "archive.key").close()
    claim_place(folder)
    return folder


def test_a_new_archive_is_the_archive(data: Path) -> None:
    assert find_doubts(data) == ()


def test_ordinary_life_raises_no_doubt(data: Path) -> None:
    (data / "intake").mkdir()
    (data / "keys.db").write_bytes((data / "keys.db").read_bytes() + b"\0")
    for path in (data, data / "origin.json", data / PLACE_FILE):
        os.utime(path, (1, 1))
        path.chmod(0o750)
        os.chown(path, os.getuid(), os.getgid())
    os.link(data / "origin.json", data / "another name")
    (data.parent / "link").symlink_to(data)
    assert find_doubts(data) == ()
    assert find_doubts(data.parent / "link") == ()


def test_a_copy_under_another_path_is_a_copy(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "restored", copy_function=shutil.copy2)
    assert find_doubts(tmp_path / "restored") == (Doubt.PATH, Doubt.FILES)
    assert find_doubts(data) == ()


def test_a_copy_under_the_same_path_is_a_copy(data: Path, tmp_path: Path) -> None:
    """As on another machine: the path tells nothing, but copied files are made anew."""
    data.rename(tmp_path / "backup")
    shutil.copytree(tmp_path / "backup", data, copy_function=shutil.copy2)
    assert find_doubts(data) == (Doubt.FILES,)


def test_a_snapshot_mounted_elsewhere_is_a_copy(data: Path, tmp_path: Path) -> None:
    data.rename(tmp_path / "snapshot")  # the files are the same ones
    assert find_doubts(tmp_path / "snapshot") == (Doubt.PATH,)


def test_a_file_system_that_keeps_no_births_tells_by_numbers(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_birth_of", lambda _: "")
    assert find_doubts(data) == ()
    claim_place(data)
    (data / "copy").write_bytes((data / "origin.json").read_bytes())
    (data / "copy").rename(data / "origin.json")
    assert find_doubts(data) == (Doubt.FILES,)


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({}, ()),
        ({"machine": ""}, ()),  # a container: no machine of its own, and cards that are made up
        ({"machine": "", "cards": ()}, ()),
        ({"inode": 8}, ()),  # a file system that gives new numbers at each mount, and keeps births
        ({"cards": ("c",)}, ()),  # one card was taken out
        ({"cards": ("c", "d")}, ()),
        ({"machine": "z"}, (Doubt.MACHINE,)),
        ({"cards": ("y", "z")}, (Doubt.MACHINE,)),  # a virtual machine was cloned, with everything on it
        ({"birth": "1795000000.000000002"}, (Doubt.FILES,)),
        ({"birth": "", "inode": 8}, (Doubt.FILES,)),
        ({"path": "/data"}, (Doubt.PATH,)),
    ],
)
def test_what_tells_two_places_apart(changes: dict[str, object], doubts: tuple[Doubt, ...]) -> None:
    assert compare(HERE, replace(HERE, **changes)) == doubts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b"{}", b'{"place": {}, "salt": "x"}', b'{"waits": "?"}']
)
def test_a_folder_that_does_not_say_its_place_is_in_doubt(data: Path, content: bytes | None) -> None:
    (data / PLACE_FILE).unlink()
    if content is not None:
        (data / PLACE_FILE).write_bytes(content)
    assert find_doubts(data) == (Doubt.UNKNOWN,)
    claim_place(data)
    assert find_doubts(data) == ()


def test_what_was_put_in_doubt_waits_until_it_is_claimed(data: Path) -> None:
    doubt_place(data, Doubt.IMPORTED)
    assert find_doubts(data) == (Doubt.IMPORTED,)
    claim_place(data)
    assert find_doubts(data) == ()


def test_neither_machine_nor_cards_stand_in_the_file(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """machine-id(5) asks not to show it; the hash differs in each archive."""
    monkeypatch.setattr(place, "_machine", lambda: "3d1219c7c4c5404aaa1f6d2a48adfda4")
    monkeypatch.setattr(place, "_cards", lambda: ["52:54:00:12:34:56"])
    texts = []
    for _ in range(2):
        claim_place(data)
        texts.append(json.loads((data / PLACE_FILE).read_text())["place"])
    assert "3d1219c7" not in str(texts)
    assert "52:54" not in str(texts)
    assert texts[0]["machine"] != texts[1]["machine"]
    assert find_doubts(data) == ()
    monkeypatch.setattr(place, "_cards", lambda: ["52:54:00:65:43:21"])
    assert find_doubts(data) == (Doubt.MACHINE,)
