"""What goes wrong is a code with parameters: each has its sentence, and each sentence its code."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import translation

from amberpost import errors
from amberpost.audit.actions import Action
from amberpost.console.health.audit_words import ACTIONS, CAUSES, PARTICULARS
from amberpost.errors import ArchiveError
from amberpost.oauth.refusal import EXPLAINED
from amberpost.remark import Remark
from amberpost.sentences import BY_SUBJECT, SENTENCES
from amberpost.spoken import in_words
from tests.house.tree import PACKAGE, python_files

_NOT_PARAMETERS = {  # of the errors themselves
    "subject", "said", "cause", "permanent", "retry_after_seconds", "step", "reply",
}  # fmt: skip
_OF_A_PLACE = {"DiskFull", "ReserveFull", "CatalogueDamaged"}  # they have one code each, and take the place
_CODE = re.compile(r"[a-z][a-z0-9_]*|C\d{3}|AADSTS\d+")


@dataclass(frozen=True, slots=True)
class Use:
    """A code that is given a sentence with parameters. `is_whole`: these are all its parameters."""

    where: str
    code: str
    parameters: frozenset[str]
    is_whole: bool


def family() -> set[str]:
    """The names of all our errors."""
    bases: dict[str, set[str]] = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(b.id for b in node.bases if isinstance(b, ast.Name))
    found = {ArchiveError.__name__}
    while True:
        more = {name for name, of in bases.items() if of & found} - found
        if not more:
            return found - _OF_A_PLACE
        found |= more


def uses(text: str, where: str, names: set[str]) -> Iterator[Use]:
    """Each literal code in a call of an error or of Remark."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in names | {"Remark"}:
            continue
        parameters: set[str] = set()
        is_whole = True
        for keyword in node.keywords:
            if keyword.arg is None:
                is_whole = False
            elif keyword.arg not in _NOT_PARAMETERS and node.func.id != "Remark":
                parameters.add(keyword.arg)
        for argument in node.args:
            if isinstance(argument, ast.Dict):
                parameters |= {key.value for key in argument.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
        if node.func.id == "Remark" and len(node.args) > 1 and not isinstance(node.args[1], ast.Dict):
            is_whole = False
        for code in _literals(node.args):
            yield Use(f"{where}:{node.lineno}", code, frozenset(parameters), is_whole)


def _literals(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments[:2]:  # SignInFault says first whose fault it is
        choices = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
        yield from (c.value for c in choices if isinstance(c, ast.Constant) and isinstance(c.value, str))


def everywhere() -> list[Use]:
    names = family()
    return [
        use
        for path in python_files()
        for use in uses(path.read_text(encoding="utf-8"), str(path.relative_to(PACKAGE)), names)
    ]


def placeholders(sentence: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", sentence))


def test_each_code_has_a_sentence_with_its_parameters() -> None:
    found = everywhere()
    assert len(found) > 400, "the search has lost sight of them"
    for use in found:
        assert use.code in SENTENCES, f"{use.where}: {use.code!r} is no code of amberpost.sentences"
        wanted = placeholders(SENTENCES[use.code])
        if use.is_whole:
            assert use.parameters == wanted, f"{use.where}: {use.code} wants {wanted}"


def test_no_error_is_raised_with_a_sentence() -> None:
    """Neither a literal one, nor one that is put together or translated on the spot."""
    names = family()
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                for argument in node.args:
                    is_made = isinstance(argument, ast.JoinedStr | ast.BinOp)
                    name = getattr(argument.func, "id", "") if isinstance(argument, ast.Call) else ""
                    assert not is_made, f"{path.name}:{node.lineno}"
                    assert name not in {"_", "str", "in_words"}, f"{path.name}:{node.lineno}"


def test_each_sentence_has_a_code_that_is_used() -> None:
    words = set()
    for path in python_files():
        if "sentences" not in path.parts:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            words |= {
                n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            }
    assert [code for code in SENTENCES if code not in words | EXPLAINED] == []
    assert all(_CODE.fullmatch(code) for code in SENTENCES)
    assert len(SENTENCES) == sum(len(subject.SENTENCES) for subject in BY_SUBJECT), "a code stands twice"


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_each_sentence_is_said_in_each_language(language: str) -> None:
    same = {"unknown"}
    for code, sentence in SENTENCES.items():
        remark = Remark(code, _values(sentence))
        with translation.override(language):
            said = in_words(remark.as_json())
        assert said, code
        assert "%" not in said, said
        if language == "en":
            assert said == str(remark)
        elif said == str(remark):
            same.add(sentence)
    assert all(not re.search("[a-z]", re.sub(r"%\(\w+\)[ds]", "", one)) for one in same - {"unknown"}), same


def _values(sentence: str) -> Mapping[str, str | int]:
    numbers = set(re.findall(r"%\((\w+)\)d", sentence))
    return {name: 7 if name in numbers else "X" for name in placeholders(sentence)}


def test_what_this_release_does_not_know_is_shown_as_it_stands() -> None:
    for kept in ({"code": "moon_full"}, "an old sentence", {"code": "room_too_small"}, ["x"], {"params": 3}):
        assert "does not know" in in_words(kept)
    assert "moon_full" in in_words({"code": "moon_full"})
    assert in_words({}) == in_words(None) == in_words("") == ""


def test_a_remark_is_kept_and_read_again_whole() -> None:
    inner = Remark("doing_open_folder", {"folder": "Ablage"})
    cause = Remark("certificate_untrusted", cause=Remark("certificate_expired"))
    remark = Remark("source_refused", {"doing": inner}, subject=Remark("place_doing", {"place": "x", "doing": inner}),
                    said="[NO] such", cause=cause)  # fmt: skip
    assert Remark.of_json(remark.as_json()) == remark


def test_words_of_a_server_are_quoted_after_ours() -> None:
    error = errors.SourceError("login_refused", said="[AUTHENTICATIONFAILED] bad")
    assert str(error).endswith("password. The server answered: “[AUTHENTICATIONFAILED] bad”")
    with translation.override("de"):
        assert in_words(error).endswith(". Der Server antwortete: „[AUTHENTICATIONFAILED] bad“")


def test_the_audit_log_has_words_for_all_that_is_recorded() -> None:
    assert set(ACTIONS) == set(Action)
    assert recorded() - PARTICULARS.keys() == set()
    for name in CAUSES:
        assert str(CAUSES[name])


def recorded() -> set[str]:
    found = set()
    for path in python_files():
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record", "record_reading"}:
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found
