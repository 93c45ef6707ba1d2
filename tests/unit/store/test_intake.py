"""The intake log and its reader."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amberpost.store.calls import SystemCalls
from amberpost.store.disk import LocalDisk
from amberpost.store.drain import IntakeReader
from amberpost.store.frames import FrameCipher, frame_header, pack_payload, sound_frames
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore


def drained(reader: IntakeReader) -> list[bytes]:
    payloads: list[bytes] = []
    while frames := reader.pending():
        payloads += [frame.payload for frame in frames]
        reader.release(frames)
    return payloads


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.lists(st.binary(max_size=300), max_size=4), max_size=6))
def test_what_goes_in_comes_out_in_order(disk: LocalDisk, keys: KeyStore, groups: list[list[bytes]]) -> None:
    log, reader = IntakeLog(disk, keys), IntakeReader(disk, keys)
    for group in groups:
        log.append(group)
    assert drained(reader) == [one for group in groups for one in group]
    log.close()
    drained(reader)
    reader.destroy_finished()
    assert disk.list("intake") == []
    assert keys.intake_names() == {}


def test_many_threads_share_the_syncs(disk: LocalDisk, keys: KeyStore) -> None:
    log, reader = IntakeLog(disk, keys), IntakeReader(disk, keys)

    def hand_over(who: int) -> None:
        for number in range(25):
            log.append([b"%d:%d" % (who, number)])

    threads = [threading.Thread(target=hand_over, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    payloads = drained(reader)
    assert len(payloads) == len(set(payloads)) == 200
    for who in range(8):
        own = [one for one in payloads if one.startswith(b"%d:" % who)]
        assert own == [b"%d:%d" % (who, number) for number in range(25)]


def test_a_live_log_is_followed_and_not_destroyed(disk: LocalDisk, keys: KeyStore) -> None:
    log, reader = IntakeLog(disk, keys), IntakeReader(disk, keys)
    log.append([b"one"])
    assert drained(reader) == [b"one"]
    assert reader.destroy_finished() == []
    log.append([b"two"])
    assert drained(reader) == [b"two"]
    log.close()
    assert drained(reader) == []
    assert len(reader.destroy_finished()) == 1


def test_frames_not_released_keep_the_log_and_come_again_after_a_restart(
    disk: LocalDisk, keys: KeyStore
) -> None:
    log, reader = IntakeLog(disk, keys), IntakeReader(disk, keys)
    log.append([b"one", b"two"])
    log.close()
    frames = reader.pending()
    reader.pending()
    reader.release(frames[:1])
    assert len(disk.list("intake")) == 1
    assert drained(IntakeReader(disk, keys)) == [b"one", b"two"]


def test_damage_to_a_promised_frame_is_found_and_the_rest_still_comes(
    disk: LocalDisk, keys: KeyStore
) -> None:
    log = IntakeLog(disk, keys)
    for number in range(4):
        log.append([b"payload %d" % number])
    log.close()
    path = disk.root / "intake" / disk.list("intake")[0]
    whole = bytearray(path.read_bytes())
    second = next(iter(sound_frames(bytes(whole)))).header.length + 28
    whole[second + 30] ^= 1
    path.write_bytes(whole)
    reader = IntakeReader(disk, keys)
    assert drained(reader) == [b"payload 0", b"payload 2", b"payload 3"]
    assert [one.kind for one in reader.findings()] == ["intake_damaged"]
    assert reader.destroy_finished() == []
    assert path.exists()


def test_a_torn_end_is_no_damage(disk: LocalDisk, keys: KeyStore) -> None:
    log = IntakeLog(disk, keys)
    log.append([b"one"])
    log.append([b"two"])
    log.close()
    path = disk.root / "intake" / disk.list("intake")[0]
    path.write_bytes(path.read_bytes()[:-3])
    reader = IntakeReader(disk, keys)
    assert drained(reader) == [b"one"]
    assert reader.findings() == []


def test_a_log_without_a_key_is_an_alarm_and_stays(disk: LocalDisk, keys: KeyStore) -> None:
    log = IntakeLog(disk, keys)
    log.append([b"one"])
    log.close()
    keys.forget_intake(disk.list("intake")[0][:-4])
    reader = IntakeReader(disk, keys)
    assert drained(reader) == []
    assert [one.kind for one in reader.findings()] == ["intake_key_missing"]
    assert len(disk.list("intake")) == 1


def test_a_log_whose_writer_gives_way_while_we_look_stops_nothing(
    disk: LocalDisk, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that starts takes the reservation away; the writer then removes its empty file and begins another."""
    log = IntakeLog(disk, keys)
    log.append([b"kept"])
    log.close()
    listed = disk.list("intake")
    monkeypatch.setattr(disk, "list", lambda folder: [*listed, "0123456789abcdef-1.log"])
    reader = IntakeReader(disk, keys)
    assert drained(reader) == [b"kept"]
    assert reader.findings() == []


def test_a_log_that_vanished_is_an_alarm(disk: LocalDisk, keys: KeyStore) -> None:
    log = IntakeLog(disk, keys)
    log.append([b"one"])
    log.close()
    (Path(disk.root) / "intake" / disk.list("intake")[0]).unlink()
    reader = IntakeReader(disk, keys)
    assert drained(reader) == []
    assert [one.kind for one in reader.findings()] == ["intake_missing"]


def test_every_flip_and_cut_of_a_frame_is_seen() -> None:
    sealed = FrameCipher(bytes(32), "x").seal(pack_payload(b"hello"), 0)
    frame = frame_header(sealed, number=0, synced=0) + sealed
    assert len(list(sound_frames(frame))) == 1
    for at in range(len(frame)):
        assert not list(sound_frames(frame[:at]))
        for flip in (1, 0x80, 0xFF):
            assert not list(sound_frames(frame[:at] + bytes([frame[at] ^ flip]) + frame[at + 1 :]))


class Tidying(SystemCalls):
    """As if a worker that starts looked at the first new log before its writer has the lock."""

    def __init__(self, finds: str) -> None:
        self.finds = finds

    def lock(self, handle: int) -> bool:
        finds, self.finds = self.finds, ""
        if finds == "free":
            os.unlink(os.readlink(f"/proc/self/fd/{handle}"))
        return finds != "held" and super().lock(handle)


@pytest.mark.parametrize("finds", ["held", "free"])
def test_a_log_that_is_tidied_away_as_it_begins_is_begun_again(
    finds: str, disk: LocalDisk, keys: KeyStore
) -> None:
    """The worker holds the lock for a moment when the writer asks for it, or found it free and removes the file."""
    log = IntakeLog(LocalDisk(disk.root, Tidying(finds)), keys)
    log.append([b"kept"])
    log.close()
    assert drained(IntakeReader(disk, keys)) == [b"kept"]


def test_a_log_that_vanishes_while_it_is_followed_is_an_alarm(disk: LocalDisk, keys: KeyStore) -> None:
    log = IntakeLog(disk, keys)
    log.append([b"one"])
    reader = IntakeReader(disk, keys)
    assert [frame.payload for frame in reader.pending()] == [b"one"]
    (name,) = disk.list("intake")
    disk.remove(f"intake/{name}")
    assert reader.pending() == []
    reader.release([])
    assert [one.kind for one in reader.findings()] == ["intake_missing"]
    assert keys.intake_names() == {name[:-4]: "open"}  # its key is not destroyed


def test_a_log_that_is_begun_while_a_worker_starts_keeps_its_key(
    disk: LocalDisk, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has listed the reservation of a writer that confirms it before the worker forgets it."""
    log, asked = IntakeLog(disk, keys), keys.intake_names
    reserve = keys.reserve_intake

    def starting(name: str) -> bytes:
        key = reserve(name)
        listed = keys.intake_names()
        monkeypatch.setattr(keys, "intake_names", lambda: listed)
        return key

    monkeypatch.setattr(keys, "reserve_intake", starting)
    monkeypatch.setattr(IntakeReader, "_look_for_logs", lambda _self: None)  # it looked before the file came
    log.append([b"accepted"])
    IntakeReader(disk, keys).sweep_reserved()
    monkeypatch.undo()
    assert list(asked().values()) == ["open"]
    assert [frame.payload for frame in IntakeReader(disk, keys).pending()] == [b"accepted"]
    log.close()
