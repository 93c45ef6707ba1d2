"""The house in figures: `make figures` prints them, nobody asserts them.

They are to feel by. Where a figure fights against the better house, the house wins.
"""

import ast
import io
import os
import re
import sys
import tempfile
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

from tests.house.tree import PACKAGE, python_files

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    trees = {module_of(path): ast.parse(path.read_text()) for path in python_files()}
    for line in (*_sizes(trees), *_comments(), *_names(trees), *_imports(trees), *_roads()):
        print(line)


def module_of(path: Path) -> str:
    """src/amberpost/store/keys.py -> store.keys."""
    words = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(words[:-1] if words[-1] == "__init__" else words) or "amberpost"


# What is written


def _sizes(trees: dict[str, ast.Module]) -> Iterator[str]:
    lines = {module_of(path): len(path.read_text().splitlines()) for path in python_files()}
    functions = [node for tree in trees.values() for node in _functions(tree)]
    lengths = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions)
    longest = sorted(lines, key=lines.__getitem__)[-3:]
    yield f"lines {sum(lines.values())} in {len(lines)} files; longest: " + ", ".join(
        f"{name} {lines[name]}" for name in reversed(longest)
    )
    yield (
        f"functions {len(lengths)}; lines of one: median {median(lengths):.0f}, "
        f"nine of ten at most {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}"
    )
    once = sum(_used_once(tree) for tree in trees.values())
    yield f"private helpers used once {once}: {once / len(functions):.0%} of all functions"


def _used_once(tree: ast.Module) -> int:
    """How many of a module's private functions it names at one place only."""
    used = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    used.update(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    private = (node.name for node in _functions(tree) if re.match(r"_(?!_)", node.name))
    return sum(used[name] == 1 for name in private)


def _comments() -> Iterator[str]:
    lines, comments, public, told = 0, 0, 0, 0
    for path in python_files():
        text = path.read_text()
        lines += len(text.splitlines())
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += len({token.start[0] for token in tokens if token.type == tokenize.COMMENT})
        for node in _named(ast.parse(text)):
            public += not node.name.startswith("_")
            told += not node.name.startswith("_") and ast.get_docstring(node) is not None
    yield f"lines with a comment {comments / lines:.1%}; public names with a docstring {told / public:.0%}"


def _names(trees: dict[str, ast.Module]) -> Iterator[str]:
    twice = {name: places for name, places in public_types(trees).items() if len(places) > 1}
    yield f"public types of one name in two modules {len(twice)}: " + ", ".join(
        f"{name} {len(places)}" for name, places in sorted(twice.items(), key=lambda item: -len(item[1]))
    )


def public_types(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Name -> modules that define a class or an alias of a type of this name."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if re.fullmatch(r"[A-Z][a-z]\w*", name) and not isinstance(node.value, ast.Constant):
                    found[name].append(module)
    return {name: places for name, places in found.items() if not name.startswith("_")}


def _imports(trees: dict[str, ast.Module]) -> Iterator[str]:
    graph = {module: _imported(tree, trees.keys()) - {module} for module, tree in trees.items()}
    widest = sorted(graph, key=lambda module: len(graph[module]))[-3:]
    total = sum(map(len, graph.values()))
    yield f"imports between modules {total}, {total / len(graph):.1f} a module; most: " + ", ".join(
        f"{name} {len(graph[name])}" for name in reversed(widest)
    )
    yield f"modules in import circles {sum(_reaches(graph, module, module) for module in graph)}"


def _imported(tree: ast.Module, known: Iterable[str]) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "amberpost":
            base = (node.module or "").removeprefix("amberpost").lstrip(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                found.add(inner if inner in known else base)
    return found


def _reaches(graph: dict[str, set[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module == goal:
            return True
        if module not in seen:
            seen.add(module)
            waiting += graph.get(module, ())
    return False


def _named(tree: ast.Module) -> list[_Function | ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, _Function | ast.ClassDef)]


def _functions(tree: ast.Module) -> list[_Function]:
    return [node for node in ast.walk(tree) if isinstance(node, _Function)]


# What runs


def _roads() -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amberpost.site.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AMBERPOST_DATA"] = f"{folder}/none"
        os.environ["AMBERPOST_KEY_FILE"] = f"{folder}/key"
        import django

        django.setup()
        from amberpost.governance.directories import synchronise
        from tests.directory import found, person
        from tests.opened import Opened
        from tests.people import ALICE, letter

        opened = Opened.create(Path(folder) / "archive")
        try:
            opened.add_user(ALICE.login, *ALICE.addresses)
            opened.take(letter(1))  # whatever is loaded or made once
            yield _road("one letter in", lambda: opened.take(letter(2)))
            browser = opened.browser(ALICE.login)
            look = partial(browser.get, "/search/", HTTP_HOST="localhost")
            look()
            yield _road("one page of results", look)
            synchronise(found(person("bob")), by="figures")
            yield _road(
                "one entry of a directory",
                lambda: synchronise(found(person("bob"), person("eva")), by="figures"),
            )
        finally:
            opened.leave()


def _road(name: str, walk: Callable[[], object]) -> str:
    """How many of our modules a road enters, and how often the running one changes."""
    prefix = f"{PACKAGE}{os.sep}"
    touched: set[str] = set()
    changes, last = 0, ""

    def follow(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal changes, last
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(prefix) and file != last:
            touched.add(file)
            changes, last = changes + 1, file

    sys.setprofile(follow)
    try:
        walk()
    finally:
        sys.setprofile(None)
    return f"{name}: {len(touched)} modules, {changes} changes of module"


if __name__ == "__main__":
    main()
