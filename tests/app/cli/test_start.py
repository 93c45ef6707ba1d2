"""Tests fork most of their commands from a loaded process (tests/ready.py): they must not differ from genuine ones."""

import subprocess

import pytest

from amberpost.cli.main import COMMANDS
from tests.archive import STARTER, Archive, environment
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
    assert filled.run("user", "list", env={"AMBERPOST_POOL": "many"}).code == 2
    monkeypatch.setenv("AMBERPOST_POOL", "many")
    code, _, _ = Starter().run(filled.words("user", "list"), environment(), timeout=60)  # it inherits ours
    assert code == 0


def test_a_command_that_takes_too_long_is_ended(filled: Archive) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        STARTER.run(filled.words("serve", "--work-only"), environment(), timeout=2)
    assert filled.json("verify", "--quick")["findings"] == []


def test_every_command_finds_what_it_imports(filled: Archive) -> None:
    """Genuinely: what a forked command finds loaded it may have forgotten to import."""
    for name in COMMANDS:
        done = subprocess.run(
            filled.line(name, "--help"), env=environment(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def _without_seconds(out: bytes) -> list[bytes]:
    return [line for line in out.replace(b", ", b"\n").splitlines() if b"seconds" not in line]
