"""What was handed over comes out again, byte for byte, whatever it is; and somebody can find it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from amberpost.message.journal import unwrap
from amberpost.road.models import Capture, Message, Quarantine
from amberpost.search.index import Scope
from amberpost.search.query import parse_query
from tests.corpora import own_and_shared
from tests.opened import Opened
from tests.people import ALICE
from tests.road.sample import corpus, generated, mutated, reports_of, truth, ugly

NewOpened = Callable[..., Opened]


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def take_all(opened: Opened, messages: Sequence[bytes]) -> None:
    opened.accept(
        opened.incoming(raw, remote=f"INBOX/1/{number}") for number, raw in enumerate(messages, start=1)
    )
    opened.process()


def assert_exact(opened: Opened, messages: Sequence[bytes], folder: Path) -> None:
    """Captures are the bytes handed over, originals the message shown of them; nothing more, nothing less."""
    captures = opened.export(folder / "captures", "capture")
    assert sorted(map(digest, captures.values())) == sorted(map(digest, set(messages)))
    originals = opened.export(folder / "originals", "original")
    shown = {digest(unwrap(raw).shown_bytes(raw)) for raw in messages}
    assert sorted(map(digest, originals.values())) == sorted(shown)
    assert Capture.objects.count() == len(messages)


def assert_findable(opened: Opened) -> None:
    """Everything is in the whole archive's search; and each by a word of its own or its Message-ID."""
    with opened.reading() as vault:
        assert vault.index is not None
        everything = Scope(everything=True, archives=frozenset())
        found = vault.index.find(parse_query(""), everything, sort="date", limit=10**6, offset=0)
        assert found.count == Message.objects.count()
        assert set(found.ids) == set(Message.objects.values_list("id", flat=True))
        for row in Message.objects.exclude(subject=""):
            words = [word for word in row.subject.split() if word.isascii() and word.isalpha()]
            if words and len(words[0]) < 40:
                query = parse_query(f'subject:"{words[0]}"')
                hits = vault.index.find(query, everything, sort="date", limit=10**6, offset=0)
                assert row.id in hits.ids, row.subject


def test_our_own_ugly_mail_comes_out_exactly(opened: Opened, tmp_path: Path) -> None:
    opened.add_user("alice", ALICE.address)
    messages = ugly()
    take_all(opened, messages)
    assert_exact(opened, messages, tmp_path)
    assert_findable(opened)
    assert not Message.objects.filter(quarantine=Quarantine.UNPROCESSABLE).exists()
    assert opened.verify() == []


def test_generated_mail_comes_out_exactly(opened: Opened, tmp_path: Path) -> None:
    messages = generated(300)
    take_all(opened, messages)
    assert_exact(opened, messages, tmp_path)
    assert_findable(opened)
    assert opened.verify() == []


@pytest.mark.shared
def test_every_file_of_the_corpora_comes_out_exactly(new_opened: NewOpened, tmp_path: Path) -> None:
    opened = new_opened(pool=2)
    take_all(opened, corpus())
    assert_exact(opened, corpus(), tmp_path)
    assert_findable(opened)
    assert list(Message.objects.filter(quarantine=Quarantine.UNPROCESSABLE).values_list("error", "id")) == []
    assert opened.verify() == []


@pytest.mark.shared
def test_the_originals_are_those_that_the_truth_file_names(opened: Opened, tmp_path: Path) -> None:
    """The judge here is not our own unwrapping."""
    rows = [row for row in truth() if row["expect"] == "archived"]
    take_all(opened, [raw for row in rows for raw in reports_of(row)])
    exported = {digest(raw) for raw in opened.export(tmp_path / "out", "original").values()}
    assert exported == {sha for row in rows for sha in row["inner_sha256"]}


def seeds() -> list[bytes]:
    """Small ones, so that a mutation hits something that matters."""
    return [raw for raw in [*generated(60), *ugly(), *corpus()] if len(raw) < 20_000]


def run_mutations(new_opened: NewOpened, folder: Path, *, rounds: int, each: int, pool: int) -> None:
    for number in range(rounds):
        opened = new_opened(f"archive{number}", pool=pool)
        opened.add_user("alice", ALICE.address)
        messages = list(mutated(seeds(), each, seed=number))
        take_all(opened, messages)
        assert_exact(opened, messages, folder / str(number))
        assert_findable(opened)
        assert not Message.objects.filter(quarantine=Quarantine.UNPROCESSABLE).exists(), number
        assert opened.verify() == []


@own_and_shared
def test_mutated_messages_come_out_exactly_and_no_exception_escapes(
    sample: str, new_opened: NewOpened, tmp_path: Path
) -> None:
    run_mutations(new_opened, tmp_path, rounds=1, each=2000 if sample == "own mail" else 1000, pool=0)


@pytest.mark.long
@own_and_shared
def test_100000_mutated_messages_of_each_sample_come_out_exactly(
    sample: str, new_opened: NewOpened, tmp_path: Path
) -> None:
    run_mutations(new_opened, tmp_path, rounds=20, each=5000, pool=2)
