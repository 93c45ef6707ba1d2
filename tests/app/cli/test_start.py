"""Tests fork most of their commands from a loaded process (tests/ready.py): they must not differ from genuine ones."""

import subprocess

import pytest

from tests.archive import Archive, environment
from tests.ready import Starter


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list", "--json"),
        ("config", "example"),
        ("search", "Nummer1", "--as", "alice"),
        ("search", "x", "--as", "nobody", "--json"),
        ("search",),
        ("no-such-command",),
        ("verify", "--quick", "--json"),
        ("show", "--help"),
    ],
)
def test_a_forked_command_says_what_a_genuine_one_says(filled: Archive, words: tuple[str, ...]) -> None:
    genuine = subprocess.run(filled.line(*words), env=environment(), capture_output=True, check=False)
    forked = filled.run(*words)
    assert (forked.code, forked.words) == (genuine.returncode, genuine.stderr.decode())
    assert _without_seconds(forked.out) == _without_seconds(genuine.stdout)


def test_a_forked_command_sees_the_given_environment_only(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = filled.run("config", "check", "--json", env={"AMBERPOST_POOL": "7"})
    assert told.code == 0
    assert filled.run("user", "list", env={"AMBERPOST_POOL": "many"}).code == 2
    monkeypatch.setenv("AMBERPOST_POOL", "many")
    assert filled.run("user", "list").code == 0


def test_a_command_that_takes_too_long_is_ended(filled: Archive) -> None:
    words = ["serve", "--work-only", "--data", str(filled.data)]
    with pytest.raises(subprocess.TimeoutExpired):
        Starter().run(words, environment(), timeout=3)
    assert filled.json("verify", "--quick")["findings"] == []


def _without_seconds(out: bytes) -> list[bytes]:
    return [line for line in out.replace(b", ", b"\n").splitlines() if b"seconds" not in line]
