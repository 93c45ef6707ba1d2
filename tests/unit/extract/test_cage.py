"""Whatever the bytes do to whoever reads them: it is contained, and the next job works. With Landlock and without."""

import ast
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from encodings.aliases import aliases

import pytest

from amberpost.errors import ArchiveError
from amberpost.extract import cage as room
from amberpost.extract import locks
from amberpost.extract.answer import Extracted, InnerFile, Verdict, read_answer, written
from amberpost.extract.cage import Cage
from amberpost.message.charset import decode
from amberpost.message.markup import html_text
from tests.processes import PATIENCE, session_members

ESCAPES = "tests.unit.extract.escapes"


@pytest.fixture(scope="module", params=[True, False], ids=["landlock", "seccomp-alone"])
def cage(request: pytest.FixtureRequest) -> Iterator[Cage]:
    if request.param and locks._libc.syscall(locks._CREATE_RULESET, None, 0, locks._ASK_VERSION) < 1:
        pytest.skip("this kernel has no Landlock")
    with Cage(extractors=ESCAPES, uses_landlock=request.param) as cage:
        assert works(cage)
        assert cage.has_landlock is request.param
        yield cage


def works(cage: Cage) -> bool:
    return cage.extract("html", b"<p>Gr\xfc\xdfe", charset="windows-1252") == Extracted(text="Grüße")


def text_of(answer: Extracted | Verdict) -> str:
    assert isinstance(answer, Extracted), answer
    return answer.text


def test_no_file_no_network_no_process_no_other_way_out(cage: Cage, tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "kept")
    with open(path, "wb") as file:
        file.write(b"kept")
    told = dict(line.split(": ", 1) for line in text_of(cage.extract("ways_out", path.encode())).splitlines())
    assert len(told) > 30
    assert {way: how for way, how in told.items() if how not in ("EPERM", "EACCES")} == {}
    with open(path, "rb") as file:
        assert file.read() == b"kept"
    assert os.listdir(tmp_path) == ["kept"]
    assert works(cage)


def test_every_system_call_that_is_not_listed_is_refused(cage: Cage) -> None:
    assert text_of(cage.extract("every_call", b"")) == "[]"
    assert works(cage)


def test_nothing_of_its_parent_is_within_reach(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no inherited descriptor, no code that knows keys, nothing of the job before."""
    monkeypatch.setenv("AMBERPOST_KEY_FILE", "secret")
    ours, theirs = os.pipe()
    try:
        os.set_inheritable(theirs, True)
        with Cage(extractors=ESCAPES) as new:
            for job in (b"mail of one", b"mail of another"):
                environment, open_, packages, foreign, before = ast.literal_eval(
                    text_of(new.extract("look_around", job))
                )
                assert {name for name in environment if name != "LC_CTYPE"} == set()  # set by Python itself
                assert open_ == []
                assert packages == ["amberpost.extract", "amberpost.message"]
                assert foreign == []
                assert before == []
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("misdeed", "verdict"),
    [
        ("ten_gigabytes", Verdict.TOO_LARGE),
        ("endless_output", Verdict.TOO_LARGE),
        ("crash", Verdict.CRASHED),
        ("abort", Verdict.CRASHED),
        ("raised", Verdict.CRASHED),
        ("says_and_fails", Verdict.CRASHED),
    ],
)
def test_a_misdeed_is_a_verdict_and_the_next_job_works(
    cage: Cage, misdeed: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ANSWER_BYTES", 8 << 20)
    assert cage.extract(misdeed, b"") is verdict
    assert works(cage)


def test_an_endless_loop_ends_at_its_deadline(cage: Cage) -> None:
    assert works(cage)
    assert cage._keeper is not None
    group = cage._keeper.pid
    assert cage.extract("endless_loop", b"", seconds=0.3) is Verdict.TIMED_OUT
    end = time.monotonic() + PATIENCE
    while session_members(group):
        assert time.monotonic() < end, "the cage outlived its keeper"
    assert works(cage)


def test_a_process_that_stays_after_its_answer_is_killed(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_GRACE_SECONDS", 0.3)
    assert cage.extract("says_and_stays", b"") is Verdict.CRASHED
    monkeypatch.undo()
    assert works(cage)


def test_a_cage_dies_by_itself_when_nobody_is_left_to_kill_it(
    cage: Cage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own alarm, which it cannot put off, rings before the patience of its parent is over."""
    assert works(cage)
    assert cage._keeper is not None
    keeper = cage._keeper.pid
    monkeypatch.setattr(room, "_ALARM_SECONDS", -14)
    assert cage.extract("endless_loop", b"", seconds=15) is Verdict.TIMED_OUT
    assert cage._keeper is not None
    assert cage._keeper.pid == keeper  # it was not killed from outside
    monkeypatch.undo()
    assert works(cage)


FILES = (InnerFile(name="a", content_type="b", data=b"c"),)
GARBAGE = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "cut": written(Extracted(text="text", files=FILES))[:-1],
    "more": written(Extracted(text="text")) + b"x",
    "no UTF-8": b"\0\1\1\0\0\0\0\0\0\0\xff",
    "an unknown verdict": b"\x09" + written(Verdict.NO_TEXT)[1:],
    "a verdict with a text": b"\1\1\1\0\0\0\0\0\0\0x",
    "a verdict it may not give": b"\5" + written(Verdict.NO_TEXT)[1:],
    "four billion files": b"\0\1\0\0\0\0\xff\xff\xff\xff",
    "a text of four gigabytes": b"\0\1\xff\xff\xff\xff\0\0\0\0abc",
    "a file longer than the answer": b"\0\1\0\0\0\0\1\0\0\0" + b"\1\0\1\0\xff\xff\xff\xff" + b"ab",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_an_answer_of_garbage_is_none(garbage: bytes) -> None:
    assert read_answer(garbage) is None


def test_garbage_from_a_cage_is_a_crash_and_the_next_job_works(cage: Cage) -> None:
    for garbage in GARBAGE.values():
        assert cage.extract("says", garbage) is Verdict.CRASHED
    assert works(cage)


def test_an_answer_comes_back_as_it_was_written() -> None:
    for answer in (Extracted(text="ä", files=FILES * 3, is_whole=False), Extracted(), Verdict.PASSWORD):
        assert read_answer(written(answer)) == answer
    lone = Extracted(text="\ud800", files=(InnerFile(name="📎" * 70_000, content_type="", data=b""),))
    assert read_answer(written(lone)) == Extracted(
        text="?", files=(InnerFile(name="📎" * 16_383, content_type="", data=b""),)
    )


def test_more_than_a_mail_is_not_even_sent(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "JOB_BYTES", 10)
    assert cage.extract("html", b"<p>" + bytes(10)) is Verdict.TOO_LARGE


def test_a_killed_keeper_is_replaced(cage: Cage) -> None:
    assert works(cage)
    assert cage._keeper is not None
    os.kill(cage._keeper.pid, signal.SIGKILL)
    cage._keeper.wait()
    assert works(cage)


def test_a_cage_dies_with_its_keeper(cage: Cage) -> None:
    assert works(cage)
    assert cage._keeper is not None
    keeper = cage._keeper.pid
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cage.extract, "endless_loop", b"", seconds=15)
        end = time.monotonic() + PATIENCE
        while len(session_members(keeper)) < 2:
            assert time.monotonic() < end, "no cage was opened"
        os.kill(keeper, signal.SIGKILL)
        assert answer.result() is Verdict.CRASHED
    assert works(cage)


@pytest.mark.parametrize("module", ["unlisted_machine", "no_such_module"])
def test_a_machine_that_cannot_close_the_cage_says_so(module: str) -> None:
    with Cage(extractors=f"tests.unit.extract.{module}") as cage, pytest.raises(ArchiveError) as caught:
        cage.extract("html", b"<p>a")
    assert caught.value.code == "cage_does_not_close"


def test_what_a_mail_says_of_its_character_set_is_no_order(cage: Cage) -> None:
    assert cage.extract("html", b"<p>a", charset="x\n99\nutf-8 " + "y" * 600) == Extracted(text="a")


def test_all_character_sets_are_in_the_cage(cage: Cage) -> None:
    """Python imports a codec when it is first asked for, which nobody can behind the locks."""
    data = b"<p>" + bytes(range(0x80, 0x100)) * 2
    for label in sorted(set(aliases.values())):
        expected = html_text(decode(data, label))
        answer = cage.extract("html", data, charset=label)
        assert answer == (Extracted(text=expected) if expected.strip() else Verdict.NO_TEXT), label
