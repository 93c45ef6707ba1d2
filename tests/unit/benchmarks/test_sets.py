"""Benchmark mail: the same every time, as described, and its tables add up."""

from collections import Counter
from pathlib import Path
from statistics import mean

import pytest
from benchmarks import programs, sets
from benchmarks.child import ChildFailed, run
from benchmarks.ingest import measure
from benchmarks.journal import report
from benchmarks.letters import EVERYBODY, PEOPLE, SELDOM, SELDOM_EACH, Writer
from benchmarks.office import OfficeWriter
from benchmarks.programs import PEERS
from benchmarks.stock import load_stock
from benchmarks.tables import render

from amberpost.message.journal import unwrap
from amberpost.message.parse import parse


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(load_stock())


def test_one_number_gives_one_letter(writer: Writer) -> None:
    assert writer.letter(41).raw == Writer(load_stock()).letter(41).raw
    assert writer.letter(41).raw != writer.letter(42).raw


def test_letters_have_the_size_of_list_mail(writer: Writer) -> None:
    assert 7_000 < mean(len(writer.letter(number).raw) for number in range(300)) < 11_000


def test_no_paragraph_comes_twice_in_a_letter(writer: Writer) -> None:
    paragraphs = writer.letter(3).raw.partition(b"\n\n")[2].split(b"\n\n")
    assert max(Counter(paragraphs).values()) == 1


def test_every_letter_is_for_everybody_and_one_in_a_thousand_for_seldom(writer: Writer) -> None:
    letters = [writer.letter(number) for number in range(20)]
    assert all(EVERYBODY in letter.recipients for letter in letters)
    assert SELDOM in writer.letter(SELDOM_EACH + 7).recipients
    assert sum(SELDOM in letter.recipients for letter in letters) == 1


def test_every_letter_has_one_of_our_people_as_recipient(writer: Writer) -> None:
    ours = {address for _, address in writer.people[:PEOPLE]}
    for number in range(50):
        parsed = parse(writer.letter(number).raw)
        assert not parsed.defects
        assert ours & {mailbox.address for mailbox in parsed.cc}


def test_attachments_occur_one_and_a_half_times() -> None:
    uses = Counter(number for number, _ in OfficeWriter(load_stock(), 400).uses)
    assert 1.45 < mean(uses.values()) < 1.55


def test_office_mail_parses_without_defects() -> None:
    parsed = [parse(raw) for raw in OfficeWriter(load_stock(), 20).messages()]
    assert not any(one.defects for one in parsed)
    assert any(part.filename for one in parsed for part in one.parts)


def test_a_report_holds_its_letter_byte_for_byte(writer: Writer) -> None:
    letter = writer.letter(5)
    unwrapped = unwrap(report(letter))
    assert [original.data for original in unwrapped.originals] == [letter.raw]
    assert unwrapped.envelope is not None
    assert {one.address for one in unwrapped.envelope.rcpt_to} == set(letter.recipients)


def test_a_set_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "DATA", tmp_path)
    first = sets.letters(0, 40)
    assert first.messages == 40 == len(list((first.maildir / "cur").iterdir()))
    stamp = (first.folder / "set.json").stat().st_mtime_ns
    assert sets.letters(0, 40) == first
    assert (first.folder / "set.json").stat().st_mtime_ns == stamp


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(ChildFailed, match="No such file"):
        run(["ls", "/nonexistent-folder"], env={"LC_ALL": "C"})


def test_ingest_is_measured_without_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is not installed is left out, and the table is written all the same."""
    monkeypatch.setattr(sets, "DATA", tmp_path / "data")
    monkeypatch.setitem(PEERS, "notmuch new", ("no-such-program", PEERS["notmuch new"][1]))
    monkeypatch.delitem(PEERS, "mu index")
    monkeypatch.setattr(programs, "PEOPLE", 1)  # each password takes its time
    facts = measure(sets.letters(0, 30), tmp_path, repeats=1)
    assert list(facts["programs"]) == ["amberpost import"]  # type: ignore[call-overload]
    machine = {"date": "today", "cores": 2, "load": 0.0, "python": "3", "peers": {"notmuch": None}}
    table = render({"machine": machine, "list": facts})
    assert "not installed" in table
    assert "amberpost import" in table
