"""Words to write benchmark mail with: paragraphs of real mail where the shared corpora lie, else our own.

The texts of real mail are few, so they are mixed anew for each message: see letters.py.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.corpora import SHARED

from amberpost.demo.sample_mail import plain_messages
from amberpost.message.body import shown_text
from amberpost.message.parse import parse
from amberpost.sources.files.mbox import mbox_messages

_FOLDERS = ("mime", "mbox", "formats/mailboxes", "documents/tika/text", "LICENCES")
_LONGEST_FILE = 1_500_000
_LONGEST = 1200
_ALIKE = 4
_MARKUP = re.compile(r"[{}<>;=]|\\[a-z]+")
_DIGITS = re.compile(r"\d+")
_GAP = re.compile(r"\n[ \t>]*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Paragraphs without repetition, and the words in them."""

    origin: str
    paragraphs: tuple[str, ...]
    words: tuple[str, ...]
    documents: tuple[Path, ...]


@cache
def load_stock() -> Stock:
    """The corpora's text, or that of our generator where there are no corpora."""
    found = SHARED / "corpora" if SHARED is not None else None
    texts = _corpus_texts(found) if found is not None else _own_texts()
    seen: Counter[str] = Counter()
    paragraphs = tuple(sorted({piece for text in texts for piece in _paragraphs(text, seen)}))
    words = sorted({word for piece in paragraphs for word in re.findall(r"[^\W\d_]{3,14}", piece)})
    documents = _documents(found) if found is not None else ()
    return Stock(
        origin="shared corpora" if found is not None else "own generator",
        paragraphs=paragraphs,
        words=tuple(words),
        documents=documents,
    )


def _corpus_texts(folder: Path) -> Iterator[str]:
    for name in _FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and path.stat().st_size <= _LONGEST_FILE:
                raw = path.read_bytes()
                ranges = [(message.start, message.end) for message in mbox_messages(raw)] or [(0, len(raw))]
                for start, end in ranges:
                    yield _text(raw[start:end])


def _own_texts() -> Iterator[str]:
    for message in plain_messages("benchmark stock", 3000, datetime(2026, 1, 1, tzinfo=UTC)):
        yield _text(message.raw)


def _text(raw: bytes) -> str:
    return shown_text(raw, parse(raw))


def _paragraphs(text: str, seen: Counter[str]) -> Iterator[str]:
    """Pieces of prose. Lines that begin alike are few, so that log excerpts do not outweigh letters."""
    for piece in _GAP.split(text.replace("\r", "")):
        lines = [line.lstrip("> \t").rstrip() for line in piece.split("\n")]
        prose = [line for line in lines if 20 <= len(line) <= 100 and _is_prose(line)]
        prose = [line for line in prose if _is_new(line, seen)]
        for start in range(0, len(prose), 12):
            paragraph = "\n".join(prose[start : start + 12])
            if 60 <= len(paragraph) <= _LONGEST:
                yield paragraph


def _is_new(line: str, seen: Counter[str]) -> bool:
    """False for a line whose first words stood somewhere before too often, digits aside."""
    key = " ".join(_DIGITS.sub("0", line).split()[:4])
    seen[key] += 1
    return seen[key] <= _ALIKE


def _is_prose(line: str) -> bool:
    letters = sum(char.isalpha() or char == " " for char in line)
    return letters / len(line) > 0.78 and " " in line and not _MARKUP.search(line)


def _documents(folder: Path) -> tuple[Path, ...]:
    """Real files to attach, of an office's usual size."""
    found = sorted((folder / "documents").rglob("*"))
    return tuple(path for path in found if path.is_file() and 4_000 <= path.stat().st_size <= 250_000)
