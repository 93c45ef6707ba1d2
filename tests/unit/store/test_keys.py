"""Keys: slots, labels, settings, the key file."""

import json
import os
import pickle
from pathlib import Path

import pytest

from amberpost.errors import ConfigError, IntegrityError, StoreError
from amberpost.store.check_keys import check_keys
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys, open_keys
from amberpost.store.secret import Secret


def test_a_key_file_and_a_passphrase_open_the_same_keys(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "archive.key"
    label = create_keys(data, file, passphrase="correct horse").label("dedup")
    assert open_keys(data, file).label("dedup") == label
    assert open_keys(data, passphrase="correct horse").label("dedup") == label
    with pytest.raises(StoreError):
        open_keys(data, passphrase="wrong")
    with pytest.raises(ConfigError):
        open_keys(data)


def test_the_key_file_is_on_the_disk_before_its_name_is_and_both_before_the_archive_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power loss afterwards must not leave an archive whose only key is an empty file."""
    synced: list[tuple[str, int, bool]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        name = os.readlink(f"/proc/self/fd/{handle}")
        synced.append((name, os.fstat(handle).st_size, (tmp_path / "data" / "origin.json").exists()))
        real(handle)

    monkeypatch.setattr("amberpost.store.keyfile.os.fsync", fsync)
    file = tmp_path / "keys" / "archive.key"
    create_keys(tmp_path / "data", file)
    ours = [entry for entry in synced if Path(entry[0]) in {file, file.parent}]
    assert [Path(name) for name, _, _ in ours] == [file, file.parent]
    assert ours[0][1] == file.stat().st_size
    assert not any(exists for _, _, exists in ours)


def test_the_key_file_of_another_archive_is_refused(tmp_path: Path) -> None:
    create_keys(tmp_path / "one", tmp_path / "one.key")
    create_keys(tmp_path / "two", tmp_path / "two.key")
    with pytest.raises(StoreError, match="another archive"):
        open_keys(tmp_path / "one", tmp_path / "two.key")


def test_nothing_existing_is_overwritten_and_the_key_file_stays_outside(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        create_keys(tmp_path / "data", tmp_path / "data" / "archive.key")
    create_keys(tmp_path / "data", tmp_path / "archive.key")
    with pytest.raises(StoreError):
        create_keys(tmp_path / "data", tmp_path / "other.key")
    with pytest.raises(StoreError):
        create_keys(tmp_path / "other", tmp_path / "archive.key")
    assert (tmp_path / "archive.key").stat().st_mode & 0o077 == 0


def test_origin_json_says_what_the_caller_derives(tmp_path: Path) -> None:
    data = tmp_path / "data"
    create_keys(data, tmp_path / "k", public_keys=lambda keys: {"mail": keys.label("x").hex()})
    content = json.loads((data / "origin.json").read_bytes())
    assert content["format"] == 1
    assert len(content["public_keys"]["mail"]) == 64


def test_a_missing_archive_or_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"origin\.json"):
        open_keys(tmp_path, tmp_path / "k")
    create_keys(tmp_path / "data", tmp_path / "k")
    with pytest.raises(StoreError, match=r"nowhere\.key"):
        open_keys(tmp_path / "data", tmp_path / "nowhere.key")


def test_labels_differ_by_name(keys: KeyStore) -> None:
    names = (
        "dedup",
        "source-key",
        "settings",
        "cursor-mac",
        "checkpoint-mail",
        "checkpoint-audit",
        "session",
    )
    assert len({keys.label(name) for name in names}) == len(names)
    assert all(len(keys.label(name)) == 32 for name in names)


def test_a_setting_opens_only_where_it_was_sealed(keys: KeyStore) -> None:
    sealed = keys.seal_setting("source:1", "password", b"secret")
    assert keys.open_setting("source:1", "password", sealed) == b"secret"
    for row, field, value in (
        ("source:2", "password", sealed),
        ("source:1", "token", sealed),
        ("source:1", "password", sealed[:-1]),
        ("source:1", "password", b""),
    ):
        with pytest.raises(IntegrityError):
            keys.open_setting(row, field, value)


def test_a_secret_shows_nothing() -> None:
    secret = Secret(b"value")
    assert repr(secret) == str(secret) == f"{secret}" == "***"
    assert secret == Secret(b"value") != Secret(b"other")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_deleted_intake_keys_leave_no_bytes(keys: KeyStore, tmp_path: Path) -> None:
    keys.reserve_intake("a-1")
    keys.confirm_intake("a-1")
    rows = keys.database.rows("SELECT wrapped FROM intake")
    wrapped = rows[0][0]
    assert isinstance(wrapped, bytes)
    keys.release_intake("a-1")
    for name in ("keys.db", "keys.db-wal"):
        assert wrapped not in (tmp_path / "data" / name).read_bytes()


def test_a_log_whose_reservation_was_swept_is_not_used(keys: KeyStore) -> None:
    keys.reserve_intake("a-1")
    keys.forget_intake("a-1")
    with pytest.raises(StoreError):
        keys.confirm_intake("a-1")


def locks_on(path: Path) -> list[str]:
    """The POSIX locks of this process on a file, as the kernel lists them."""
    mark, me = f":{path.stat().st_ino}", str(os.getpid())
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [" ".join(words[1:4]) for words in lines if me in words and any(mark in word for word in words)]


def test_a_check_leaves_sqlite_its_locks(disk: LocalDisk, keys: KeyStore, tmp_path: Path) -> None:
    """Without them another process may remove the write-ahead log while we write to it."""
    keys.database.require_format()
    before = locks_on(tmp_path / "data" / "keys.db")
    assert before
    assert list(check_keys(keys, disk, deep=True)) == []
    assert locks_on(tmp_path / "data" / "keys.db") == before


@pytest.mark.parametrize("left", [0.99, 0.5, 4096])
def test_a_cut_file_is_found_though_sqlite_reads_zeros(
    left: float, disk: LocalDisk, keys: KeyStore, tmp_path: Path
) -> None:
    keys.settle()
    keys.database.truncate_wal()
    path = tmp_path / "data" / "keys.db"
    os.truncate(path, int(left if left > 1 else path.stat().st_size * left))
    assert "the file is cut" in {finding.message for finding in check_keys(keys, disk, deep=False)}


def test_a_file_that_a_checkpoint_is_lengthening_is_not_cut(
    disk: LocalDisk, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, False, True]
    monkeypatch.setattr(keys.database, "has_whole_file", lambda: answers.pop(0))
    with keys.transaction() as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")  # something in the log
        connection.execute("DROP TABLE other")
    assert list(check_keys(keys, disk, deep=False)) == []
    assert answers == []
