"""What comes out of the cage, and its form as bytes.

Whoever wrote an answer may have been taken over by what it read, so an answer is taken apart without a library:
fixed lengths, strict UTF-8, every byte accounted for. What does not fit is no answer.
"""

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct, error

_HEAD = Struct("<B?II")  # place in _SAYS, is_whole, bytes of text, number of files
_FILE = Struct("<HHI")  # bytes of name, of content type, of data
_NAME_LETTERS = 0xFFFF // 4  # of at most four bytes each


class Verdict(StrEnum):
    """Why there is nothing to read; kept beside the part, so that nobody has to try again."""

    NO_TEXT = "no text"
    PASSWORD = "password"  # noqa: S105  or a key that only the recipient has
    DAMAGED = "damaged"
    TOO_LARGE = "too large"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerFile:
    """A file that lay inside, as its container names it."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What an extractor read. Not `is_whole`: it broke off, and this is what came before."""

    text: str = ""
    files: tuple[InnerFile, ...] = ()
    is_whole: bool = True


_SAYS: tuple[Verdict | None, ...] = (
    None,
    Verdict.NO_TEXT,
    Verdict.PASSWORD,
    Verdict.DAMAGED,
    Verdict.TOO_LARGE,
)


def written(answer: Extracted | Verdict) -> bytes:
    """An answer as bytes. Only what an extractor can know of itself can be said: nobody reports their own crash."""
    if isinstance(answer, Verdict):
        return _HEAD.pack(_SAYS.index(answer), True, 0, 0)
    text = answer.text.encode("utf-8", "replace")
    pieces = [_HEAD.pack(0, answer.is_whole, len(text), len(answer.files)), text]
    for file in answer.files:
        name = file.name[:_NAME_LETTERS].encode("utf-8", "replace")
        content_type = file.content_type[:_NAME_LETTERS].encode("utf-8", "replace")
        pieces += (_FILE.pack(len(name), len(content_type), len(file.data)), name, content_type, file.data)
    return b"".join(pieces)


def read_answer(data: bytes | bytearray) -> Extracted | Verdict | None:
    """An answer from its bytes, None if they are none."""
    view = memoryview(data)
    try:
        said, is_whole, text_bytes, count = _HEAD.unpack_from(view)
        verdict = _SAYS[said]
        if verdict is not None:
            return verdict if len(view) == _HEAD.size and not text_bytes and not count else None
        position = _HEAD.size + text_bytes
        text = str(view[_HEAD.size : position], "utf-8")
        files = []
        for _ in range(count):  # each takes at least its head, or the next one breaks off
            name_bytes, type_bytes, data_bytes = _FILE.unpack_from(view, position)
            start = position + _FILE.size
            middle, content = start + name_bytes, start + name_bytes + type_bytes
            position = content + data_bytes
            files.append(
                InnerFile(
                    name=str(view[start:middle], "utf-8"),
                    content_type=str(view[middle:content], "utf-8"),
                    data=bytes(view[content:position]),
                )
            )
    except (error, LookupError, UnicodeDecodeError):
        return None
    if position != len(view):  # too much, or a length that led behind the end
        return None
    return Extracted(text=text, files=tuple(files), is_whole=is_whole)
