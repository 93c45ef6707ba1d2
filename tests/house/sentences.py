"""Every sentence that the guides and the set-up assistant say to an administrator, and what holds it.

docs/dev/promises.md repeats each of them, with the tests that fail when it is no longer true, or with the word that
says why there is none. `python -m tests.house.sentences` carries the page over to what is said now.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from tests.house.messages import messages_of_python, messages_of_template
from tests.house.tree import PACKAGE, ROOT

PAGE = ROOT / "docs/dev/promises.md"
CONSOLE = PACKAGE / "console"
FORMS = (
    "setup/forms",
    "setup/pages",
    "setup/summary",
    "notices/forms",
    "sources/form",
    "sources/kinds",
    "sources/warnings",
)
UNDECIDED = "undecided"
_END = re.compile(r"""(?<=[.!?])(?P<mark>[)"”]*)\s+(?=[A-Z0-9ÄÖÜ`"(*\[<…%#/])""")
_FENCE = re.compile(r"\s*```")
_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]+\)")
_RULE = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence, row of a table or example, on one line, and what holds it."""

    text: str
    tests: tuple[str, ...] = ()  # path::name
    reason: str = ""  # why no test holds it


def said_now() -> dict[str, list[str]]:
    """Each page or file by its name in the repository, with what it says, in order and once."""
    pages = [ROOT / name for name in ("README.md", "SECURITY.md")] + sorted(
        (ROOT / "docs/operate").glob("*.md")
    )
    found = {path: sentences_of_markdown(path.read_text()) for path in pages}
    templates = sorted((CONSOLE / "setup").glob("*.html"))
    for path in [*templates, CONSOLE / "guides/_journal_places.html"]:
        texts = [message.msgid for message in messages_of_template(path.read_text(), "")]
        found[path] = _sentences_of_texts(texts)
    for path in (CONSOLE / f"{name}.py" for name in FORMS):
        texts = [
            text for m in messages_of_python(path.read_text(), "") for text in (m.msgid, m.plural) if text
        ]
        found[path] = _sentences_of_texts(texts)
    return {
        path.relative_to(ROOT).as_posix(): unique
        for path, texts in found.items()
        if (unique := list(dict.fromkeys(texts)))
    }


def sentences_of_markdown(text: str) -> Iterator[str]:
    """Sentences of paragraphs and list items, whole rows of tables and examples; no headings, no targets of links."""
    for block, is_prose in _blocks(text.splitlines()):
        flat = _LINK.sub(r"\1", " ".join(" ".join(block).split()))
        yield from sentences(flat) if is_prose else [flat]


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph."""
    marked = _END.sub(lambda found: f"{found['mark']}\n", text)
    return [line for line in marked.split("\n") if line]


def listed() -> dict[str, list[Said]]:
    """What docs/dev/promises.md says of each page."""
    pages: dict[str, list[Said]] = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            here = pages.setdefault(line.removeprefix("## "), [])
        elif pages and line.startswith("- "):
            here.append(Said(text=line.removeprefix("- ")))
        elif pages and line.strip():
            held = line.strip()
            tests = tuple(re.findall(r"`([^`]+)`", held))
            here[-1] = replace(here[-1], tests=tests, reason="".join(re.findall(r"\*(\w+)\*", held)))
    return pages


def carry_over() -> str:
    """The page anew: what is still said keeps what holds it, what is new or changed is undecided."""
    lines, before = [PAGE.read_text().partition("\n## ")[0].rstrip()], listed()
    for page, texts in said_now().items():
        lines += ["", f"## {page}", ""]
        known = {said.text: said for said in before.get(page, ())}
        for text in texts:
            said = known.get(text) or _like(text, known)
            held = [f"*{said.reason}*"] if said.reason else []
            lines += [f"- {text}", "  " + ", ".join(held + [f"`{test}`" for test in said.tests])]
    return "\n".join(lines) + "\n"


def _like(text: str, known: Mapping[str, Said]) -> Said:
    """Undecided; if a sentence was much like it, with the tests of that one."""
    close = get_close_matches(text, known, n=1, cutoff=0.7)
    return Said(text=text, tests=known[close[0]].tests if close else (), reason=UNDECIDED)


def _blocks(lines: list[str]) -> Iterator[tuple[list[str], bool]]:
    """Pieces of a page, each with whether it is prose; the row above a table's rule is its heading."""
    block: list[str] = []
    is_code = is_indented = False
    for at, line in enumerate(lines):
        if _FENCE.match(line) or is_code:
            if _FENCE.match(line):
                if block:
                    yield block, not is_code
                block, is_code = [], not is_code
            elif line.strip():
                block.append(line)
            continue
        is_example = line.startswith("    ") and (is_indented or not block)
        ends = is_indented != is_example or not line.strip() or _ITEM.match(line) or _is_row(line)
        if block and ends and not (is_indented and is_example):
            yield block, not is_indented
            block = []
        is_indented = is_example
        is_heading = at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1])
        if _is_row(line):
            if not is_heading and not _RULE.fullmatch(line):
                yield [line], False
        elif line.strip() and not line.startswith("#"):
            block.append(line if is_example else _ITEM.sub("", line, count=1))
    if block:
        yield block, not is_indented


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _sentences_of_texts(texts: list[str]) -> list[str]:
    """Without names of fields and buttons."""
    found = [sentence for text in texts for sentence in sentences(" ".join(text.split()))]
    return [text for text in found if text[-1] in ".!?:" or len(text.split()) > 3]


if __name__ == "__main__":
    PAGE.write_text(carry_over())
