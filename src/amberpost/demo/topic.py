"""What a mail can be about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Subjects, sentences and the names of files that go with them; {slots} are filled by letters.py."""

    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    files: tuple[str, ...] = ()


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def topic(subjects: str, sentences: str, files: str = "") -> Topic:
    return Topic(subjects=lines(subjects), sentences=lines(sentences), files=tuple(files.split()))
