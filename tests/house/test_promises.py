"""What guides and set-up assistant say is held by a test or promises nothing: docs/dev/promises.md lists it."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.cli.main import COMMANDS, build_parser
from tests.house.sentences import listed, said_now, sentences, sentences_of_markdown
from tests.house.tree import ROOT

REASONS = {"explains", "advises", "elsewhere", "measured"}
GUIDES = [*sorted((ROOT / "docs/operate").glob("*.md")), ROOT / "README.md", ROOT / "SECURITY.md"]
_EXAMPLE = re.compile(r"\s*(?:/opt/amberpost/bin/)?amberpost (.+?)(?:\s+# .*)?")
_CODE = re.compile(r"`(amberpost [^`]+)`")
_ELSEWHERE = {  # options of other programs
    "--delete", "--hash", "--require-hashes", "--user", "--now",
}  # fmt: skip


def test_every_sentence_is_listed_and_nothing_is_listed_that_nobody_says() -> None:
    """After a change of a guide: `python -m tests.house.sentences`, then decide what is undecided."""
    now = [(page, text) for page, texts in said_now().items() for text in texts]
    then = [(page, said.text) for page, sayings in listed().items() for said in sayings]
    assert [text for text in now if text not in set(then)] == []
    assert [text for text in then if text not in set(now)] == []
    assert len(now) == len(then)


def test_every_sentence_is_held_by_a_test_or_promises_nothing() -> None:
    for page, sayings in listed().items():
        for said in sayings:
            assert bool(said.tests) != (said.reason in REASONS), f"{page}: {said.reason}: {said.text}"


def test_every_test_that_holds_a_sentence_exists() -> None:
    texts: dict[str, str] = {}
    for sayings in listed().values():
        for test in {test for said in sayings for test in said.tests}:
            path, _, name = test.partition("::")
            if path not in texts:
                texts[path] = (ROOT / path).read_text()
            assert re.search(rf"^ *(async )?def {name}\(", texts[path], re.MULTILINE), test


def test_sentences_end_where_a_reader_ends_them() -> None:
    page = """
# Title

One. **Two is bold.** It goes on, e.g. here. `three` begins
with code.

- four. Five
- six

| head | row |
|---|---|
| seven. Seven | `a` |

    amberpost eight
        --nine
"""
    assert list(sentences_of_markdown(page)) == [
        "One.",
        "**Two is bold.** It goes on, e.g. here.",
        "`three` begins with code.",
        "four.",
        "Five",
        "six",
        "| seven. Seven | `a` |",
        "amberpost eight --nine",
    ]
    assert sentences("It is 0.5 % of a core. Next!") == ["It is 0.5 % of a core.", "Next!"]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_a_command_shown_is_one_the_program_takes(page: Path) -> None:
    for words in _examples(page.read_text()):
        build_parser(words[0]).parse_args(words)
    for words in _mentioned(page.read_text()):
        assert words[0] in COMMANDS, words
        known = _words_of(build_parser(words[0]), words[0])
        for word in words[1:]:
            if re.fullmatch(r"-{0,2}[a-z][a-z0-9-]+", word):
                assert word in known, words


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_an_option_named_is_one_of_some_command(page: Path) -> None:
    known = {word for name in COMMANDS for word in _words_of(build_parser(name), name)}
    for span in re.findall(r"`([^`\n]+)`", page.read_text()):
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", span):
            assert option in known | _ELSEWHERE, option


def _examples(text: str) -> Iterator[list[str]]:
    """Whole commands, as they stand in examples."""
    for line in text.replace("\\\n", " ").splitlines():
        found = _EXAMPLE.fullmatch(line)
        if found and "[" not in line:
            yield shlex.split(found[1])


def _mentioned(text: str) -> Iterator[list[str]]:
    """What stands in a sentence, or leaves a choice, without the marks of that."""
    lines = [f"amberpost {found[1]}" for line in text.splitlines() if (found := _EXAMPLE.fullmatch(line))]
    for span in [line for line in lines if "[" in line] + _CODE.findall(" ".join(text.split())):
        yield [word for word in re.split(r"[\s|\[\]]+", span)[1:] if word]


def _words_of(parser: argparse.ArgumentParser, command: str) -> set[str]:
    """Options, actions and choices of a command."""
    found: set[str] = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                if parser.prog != "amberpost" or name == command:
                    found |= {name} | _words_of(sub, command)
    return found
