"""Every kind of finding, each provoked by real damage of an archive. A kind without its damage fails the last test."""

import base64
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from amberpost.clock import milliseconds, now
from amberpost.config import load
from amberpost.daemon.verify import verify_archive
from amberpost.errors import Finding, FindingKind
from amberpost.ledger.checkpoint import sign_checkpoint
from amberpost.road.catalogue import CATALOGUE, position
from amberpost.road.models import Capture, Message, Position
from amberpost.road.open import LogPair, open_keys_of, open_writer_vault
from amberpost.store.batch import NewRecord
from amberpost.store.disk import LocalDisk
from amberpost.store.drain import IntakeReader
from amberpost.store.intake import IntakeLog
from amberpost.store.split import Cut, Split, split
from tests.opened import Opened
from tests.people import ALICE, letter

SEGMENT = "mail/segments/00000000000000000001.seg"
BYTES = random.Random(7).randbytes(40_000)  # an attachment: kept as an object of its own

Damage = Callable[[Opened], None]
DAMAGES: dict[FindingKind, Damage] = {}


def damage(kind: FindingKind) -> Callable[[Damage], Damage]:
    def remember(function: Damage) -> Damage:
        DAMAGES[kind] = function
        return function

    return remember


@pytest.fixture(scope="module")
def filled(_empty: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """Messages, an object, a late assignment, an intake log that waits; a folder to copy."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(_empty / "archive", folder / "archive")
    shutil.copy(_empty / "archive.key", folder / "archive.key")
    (folder / "archive" / "config.toml").write_text("")  # it names the key file of the archive we copied
    with django_db_blocker.unblock():
        opened = Opened.enter(folder / "archive")
        opened.add_user("alice", *ALICE.addresses)
        attached = "\r\n".join(
            ["--cut", "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64", ""]
            + [base64.b64encode(BYTES[at : at + 57]).decode() for at in range(0, len(BYTES), 57)]
            + ["--cut--"]
        )
        fields = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="cut"']
        opened.take(letter(1), letter(2, to="late@firma.example"), letter(3, text=attached, fields=fields))
        opened.give_addresses("alice", "late@firma.example")
        opened.process()
        assert opened.verify() == []
        opened.accept([opened.incoming(letter(4), remote="INBOX/1/4")])
        opened.leave()
    return folder


@pytest.fixture
def victim(filled: Path, new_opened: Callable[..., Opened]) -> Opened:
    return new_opened(like=filled)


def found(opened: Opened) -> set[FindingKind]:
    """All that verify says at any depth, and what the worker sees in the intake."""
    connections.close_all()
    kinds: set[FindingKind] = set()
    for depth in ("quick", "deep"):
        kinds |= {finding.kind for finding in verify_archive(opened.config, depth).findings}  # type: ignore[arg-type]
    return kinds


def seen_in_intake(opened: Opened) -> set[FindingKind]:
    keys = open_keys_of(opened.config)
    reader = IntakeReader(LocalDisk(opened.config.data), keys)
    reader.pending()
    kinds = {finding.kind for finding in reader.findings()}
    keys.close()
    return kinds


@pytest.mark.parametrize("kind", FindingKind)
def test_this_damage_is_found_by_its_name(kind: FindingKind, victim: Opened) -> None:
    DAMAGES[kind](victim)
    look = seen_in_intake if kind in IN_INTAKE else found
    assert kind in look(victim)


def test_an_archive_without_damage_has_no_finding(victim: Opened) -> None:
    assert found(victim) == set()
    assert seen_in_intake(victim) == set()


# What breaks


def path(opened: Opened, name: str) -> Path:
    return opened.config.data / name


def flip(file: Path, at: int | None = None) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2 if at is None else at] ^= 1
    file.write_bytes(raw)


def keys_do(opened: Opened, sql: str, *values: object) -> None:
    """A change of keys.db that no process of ours makes."""
    connection = sqlite3.connect(path(opened, "keys.db"))
    with connection:
        connection.execute(sql, values)
    connection.close()


def partial_tile(opened: Opened) -> Path:
    (tile,) = path(opened, "mail/ledger/tile/0/000.p").iterdir()
    return tile


def make_folder_of(file: Path) -> None:
    """What opens and cannot be read, as a disk with an error."""
    file.unlink()
    file.mkdir()


def seal(opened: Opened, change: Callable[[LogPair], tuple[Sequence[NewRecord], datetime | None]]) -> None:
    """What a worker with a fault, or somebody who holds the keys, would seal."""
    with open_writer_vault(opened.config) as vault:
        records, at = change(vault.mail)
        vault.mail.store.append(records, at=at)
        vault.mail.ledger.append_many([record.leaf for record in records])
        vault.publish()


def again(pair: LogPair, index: int = 0, **changes: object) -> NewRecord:
    """A sealed message once more, with a leaf that differs."""
    record = pair.store.read(index)
    leaf = {**json.loads(record.leaf), **changes}
    whole = Split(skeleton=b"", references=(), objects=())
    if record.raw is not None:
        whole = split(record.raw, [], pair.store.keys.label("dedup"))
    header = json.loads(record.header)
    header["capture_id"] = os.urandom(16).hex()
    return NewRecord(
        capture_id=None, leaf=json.dumps(leaf).encode(), header=json.dumps(header).encode(), split=whole
    )


@damage(FindingKind.KEYS_DAMAGED)
def keys_are_cut(opened: Opened) -> None:
    os.truncate(path(opened, "keys.db"), path(opened, "keys.db").stat().st_size - 4096)


@damage(FindingKind.ORIGIN_DAMAGED)
def origin_is_no_json(opened: Opened) -> None:
    path(opened, "origin.json").write_text("{")


@damage(FindingKind.SLOT_DAMAGED)
def a_slot_is_slipped_in(opened: Opened) -> None:
    keys_do(opened, "INSERT INTO slot VALUES (9, 'key-file', '', ?, ?)", bytes(60), bytes(16))


@damage(FindingKind.KEK_DAMAGED)
def a_key_of_keys_is_changed(opened: Opened) -> None:
    keys_do(opened, "UPDATE kek SET wrapped = zeroblob(60) WHERE class LIKE 'audit-%'")


@damage(FindingKind.INTAKE_KEY_DAMAGED)
def an_intake_key_is_changed(opened: Opened) -> None:
    keys_do(opened, "UPDATE intake SET wrapped = zeroblob(60)")


@damage(FindingKind.DURABLE_MARK_DAMAGED)
def a_mark_is_moved(opened: Opened) -> None:
    keys_do(opened, "UPDATE durable SET next_index = next_index - 1 WHERE log = 'mail'")


@damage(FindingKind.INTAKE_KEY_MISSING)
def an_intake_key_is_gone(opened: Opened) -> None:
    keys_do(opened, "DELETE FROM intake")


@damage(FindingKind.INTAKE_MISSING)
def an_intake_log_is_gone(opened: Opened) -> None:
    for file in path(opened, "intake").glob("*.log"):
        file.unlink()


@damage(FindingKind.INTAKE_DAMAGED)
def an_intake_frame_is_changed(opened: Opened) -> None:
    keys = open_keys_of(opened.config)
    log = IntakeLog(LocalDisk(opened.config.data), keys)
    log.append([b"first"])
    log.append([b"second, which tells that the first was synced"])
    log.close()
    keys.close()
    flip(max(path(opened, "intake").glob("*.log"), key=lambda file: file.stat().st_mtime_ns), 40)


IN_INTAKE = {FindingKind.INTAKE_KEY_MISSING, FindingKind.INTAKE_MISSING, FindingKind.INTAKE_DAMAGED}


@damage(FindingKind.SEGMENT_FOREIGN)
def a_strange_file_lies_there(opened: Opened) -> None:
    path(opened, "mail/segments/1.seg").write_bytes(b"")


@damage(FindingKind.SEGMENT_MISSING)
def a_segment_is_gone(opened: Opened) -> None:
    path(opened, SEGMENT).unlink()


@damage(FindingKind.SEGMENT_CUT)
def a_segment_is_cut(opened: Opened) -> None:
    os.truncate(path(opened, SEGMENT), path(opened, SEGMENT).stat().st_size - 1)


@damage(FindingKind.RECORD_MISSING)
@damage(FindingKind.BYTES_WITHOUT_KEY)
def a_key_is_gone(opened: Opened) -> None:
    keys_do(opened, "DELETE FROM mail_capture WHERE idx = (SELECT max(idx) FROM mail_capture)")


@damage(FindingKind.RECORD_DAMAGED)
@damage(FindingKind.CONTENT_DAMAGED)
def a_record_is_changed(opened: Opened) -> None:
    flip(path(opened, SEGMENT), 400)


@damage(FindingKind.OBJECT_DIFFERS)
def an_object_is_kept_under_another_name(opened: Opened) -> None:
    def other(pair: LogPair) -> tuple[Sequence[NewRecord], None]:
        content = random.Random(8).randbytes(9000)
        true = split(content, [Cut(start=0, end=9000, kind="whole")], pair.store.keys.label("dedup"))
        (one,), name = true.objects, b"?" * 32
        wrong = Split(
            skeleton=true.skeleton.replace(one.id, name), references=(name,), objects=(replace(one, id=name),)
        )
        return [replace(again(pair), split=wrong)], None

    seal(opened, other)


@damage(FindingKind.REFERENCE_MISSING)
def a_reference_is_gone(opened: Opened) -> None:
    keys_do(opened, "DELETE FROM mail_reference")


@damage(FindingKind.REFERENCE_UNKNOWN)
def a_reference_is_made_up(opened: Opened) -> None:
    keys_do(opened, "INSERT INTO mail_reference SELECT object, kind, 1 FROM mail_reference LIMIT 1")


@damage(FindingKind.LEAVES_MISSING)
def keys_and_segments_are_of_yesterday(opened: Opened) -> None:
    names = ("keys.db", SEGMENT)
    before = {name: path(opened, name).read_bytes() for name in names}
    opened.process()
    connections.close_all()
    for name, content in before.items():
        path(opened, name).write_bytes(content)


@damage(FindingKind.CHECKPOINT_MISSING)
def the_checkpoint_is_gone(opened: Opened) -> None:
    path(opened, "mail/ledger/checkpoint").unlink()


@damage(FindingKind.CHECKPOINT_UNREADABLE)
def the_checkpoint_cannot_be_read(opened: Opened) -> None:
    make_folder_of(path(opened, "mail/ledger/checkpoint"))


@damage(FindingKind.CHECKPOINT_INVALID)
def the_signature_is_changed(opened: Opened) -> None:
    flip(path(opened, "mail/ledger/checkpoint"), -10)


@damage(FindingKind.ROOT_MISMATCH)
def another_root_is_signed(opened: Opened) -> None:
    with opened.reading() as vault:
        before = vault.mail.ledger.checkpoint
        assert before is not None
        seed = vault.keys.label("checkpoint-mail")
        forged = sign_checkpoint(origin=before.origin, size=before.size, root=bytes(32), seed=seed)
    path(opened, "mail/ledger/checkpoint").write_bytes(forged.text)


@damage(FindingKind.TILE_MISSING)
def a_tile_is_gone(opened: Opened) -> None:
    partial_tile(opened).unlink()


@damage(FindingKind.TILE_DAMAGED)
def a_tile_is_changed(opened: Opened) -> None:
    flip(partial_tile(opened))


@damage(FindingKind.TILE_UNREADABLE)
def a_tile_cannot_be_read(opened: Opened) -> None:
    make_folder_of(partial_tile(opened))


@damage(FindingKind.LEAF_UNREADABLE)
def a_leaf_is_no_entry(opened: Opened) -> None:
    seal(opened, lambda pair: ([NewRecord(capture_id=None, leaf=b"no entry", header=b"{}")], None))


@damage(FindingKind.TIME_NOT_MONOTONE)
def an_entry_is_older_than_the_one_before(opened: Opened) -> None:
    seal(opened, lambda pair: ([again(pair, ts=1)], None))


@damage(FindingKind.TIME_IN_FUTURE)
def an_entry_is_of_a_day_to_come(opened: Opened) -> None:
    to_come = now() + timedelta(days=1)
    seal(opened, lambda pair: ([again(pair, ts=milliseconds(to_come))], to_come))


@damage(FindingKind.CONTENT_UNREADABLE)
def a_header_lacks_what_it_must_have(opened: Opened) -> None:
    seal(opened, lambda pair: ([replace(again(pair), header=b"{}")], None))


@damage(FindingKind.COMMITMENT_MISMATCH)
def the_ledger_commits_to_other_bytes(opened: Opened) -> None:
    seal(opened, lambda pair: ([again(pair, c="00" * 32)], None))


@damage(FindingKind.KEY_MONTH_MISMATCH)
def a_record_is_sealed_with_the_key_of_another_month(opened: Opened) -> None:
    seal(opened, lambda pair: ([again(pair)], datetime(2020, 1, 1, tzinfo=UTC)))


@damage(FindingKind.DATABASE_MISSING)
def the_database_is_gone(opened: Opened) -> None:
    connections.close_all()
    for file in opened.config.data.glob("catalogue.db*"):
        file.unlink()


@damage(FindingKind.DATABASE_DAMAGED)
def the_database_is_garbage(opened: Opened) -> None:
    connections.close_all()
    path(opened, "catalogue.db").write_bytes(random.Random(9).randbytes(50_000))


@damage(FindingKind.CATALOGUE_AHEAD)
def the_catalogue_knows_more_than_there_is(opened: Opened) -> None:
    Position.objects.filter(name=CATALOGUE).update(next_index=position(CATALOGUE) + 1)


@damage(FindingKind.CATALOGUE_BEHIND)
def the_catalogue_knows_less_than_there_is(opened: Opened) -> None:
    Position.objects.filter(name=CATALOGUE).update(next_index=position(CATALOGUE) - 1)


@damage(FindingKind.CATALOGUE_ROW_MISSING)
def a_row_is_gone(opened: Opened) -> None:
    Capture.objects.filter(index=0).delete()


@damage(FindingKind.CATALOGUE_ROW_UNKNOWN)
def a_row_is_made_up(opened: Opened) -> None:
    known = set(Capture.objects.values_list("index", flat=True))
    other = next(index for index in range(position(CATALOGUE)) if index not in known)  # the late assignment
    Capture.objects.filter(index=0).update(index=other)


@damage(FindingKind.INDEX_DAMAGED)
def a_file_of_the_index_is_cut(opened: Opened) -> None:
    file = next(path(opened, "index").rglob("*.store"))
    os.truncate(file, file.stat().st_size - 1)


@damage(FindingKind.INDEX_DISAGREES)
def the_index_has_more_than_the_catalogue(opened: Opened) -> None:
    Message.objects.order_by("pk").last().delete()  # type: ignore[union-attr]


@damage(FindingKind.ARCHIVE_DAMAGED)
def a_table_of_keys_is_gone(opened: Opened) -> None:
    keys_do(opened, "DROP TABLE mail_capture")


# And how closely


def test_each_entry_is_held_against_its_own_commitment(victim: Opened) -> None:
    """Of mail and of what else is sealed: the finding names the entry and no other."""
    seal(victim, lambda pair: ([again(pair, c="00" * 32)], None))
    with open_writer_vault(victim.config) as vault:
        index = next(index for index, leaf in vault.audit.store.leaves() if json.loads(leaf)["t"] == "EVENT")
        record = vault.audit.store.read(index)
        leaf = json.dumps({**json.loads(record.leaf), "h": "00" * 32}).encode()
        vault.audit.store.append([NewRecord(capture_id=None, leaf=leaf, header=record.header)])
        vault.audit.ledger.append_many([leaf])
        vault.publish()
        last = {vault.mail.store.next_index - 1, vault.audit.store.next_index - 1}
    findings = [f for f in victim.verify() if f.kind is FindingKind.COMMITMENT_MISMATCH]
    assert {int(f.where.partition("/")[2]) for f in findings} == last
    assert {f.where.partition("/")[0] for f in findings} == {"mail", "audit"}


def test_the_key_of_a_record_is_of_the_month_its_entry_tells(victim: Opened) -> None:
    """Whatever the clock does between the two: the month is that of the sealing time."""
    with victim.reading() as vault:
        for index, leaf in vault.mail.store.leaves():
            epoch = json.loads(leaf).get("ke")
            if epoch is not None:
                assert vault.mail.store.key_class(index) == f"mail-{epoch // 100}-{epoch % 100:02d}"


def test_a_month_that_ends_while_a_batch_is_sealed_is_no_finding(
    victim: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amberpost.store.store.now", lambda: datetime(2031, 1, 1, tzinfo=UTC))
    victim.process()
    assert [f for f in victim.verify() if f.kind is FindingKind.KEY_MONTH_MISMATCH] == []


def test_a_finding_says_where_and_what(victim: Opened) -> None:
    flip(path(victim, SEGMENT), 400)
    findings: list[Finding] = verify_archive(load(victim.config.data), "deep").findings
    assert findings
    assert all(finding.where and finding.message for finding in findings)


def test_every_kind_has_its_damage() -> None:
    assert set(DAMAGES) == set(FindingKind)
