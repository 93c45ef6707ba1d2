"""A message as a skeleton and the objects kept once: byte-exact or not at all.

split() runs in a pool child: its result is plain values, packed already. join() gives back the very bytes
or raises IntegrityError. An object's id is a keyed hash of its bytes: nobody else can test a guess.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from amberpost.errors import IntegrityError
from amberpost.store.base64cut import Layout, decode_exactly, encode
from amberpost.store.pack import pack, unpack

MAX_DEPTH = 3  # report, original, attachment
# A stored object may have objects of its own and be met again inside another one, so joining goes deeper.
JOIN_DEPTH = 64  # no honest message comes near; Python allows 1,000 calls
MAX_BYTES = 512 * 1024 * 1024  # of one message: several times what any mail server takes
_COUNT = struct.Struct(">H")
_REFERENCE = struct.Struct(">I32sIHB")  # at, id, size, line, flags
_BASE64, _CRLF = 1, 2
_MAX_REFERENCES = 1000  # of one body, whose count has 16 bits; what is beyond stays in the skeleton


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """raw[start:end] is worth keeping once. `cuts` are relative to the kept (for base64: decoded) bytes."""

    start: int
    end: int
    kind: Literal["whole", "base64"]
    cuts: tuple["Cut", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An object belongs at this offset of the skeleton. `layout` is None for bytes kept as they are."""

    at: int
    id: bytes
    size: int  # of the object's bytes
    layout: Layout | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitObject:
    """Bytes to keep once, as packed body and the ids it refers to itself."""

    id: bytes
    packed: bytes
    references: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`skeleton` is packed (docs/formats/store.md); objects come before those that refer to them."""

    skeleton: bytes
    references: tuple[bytes, ...]
    objects: tuple[SplitObject, ...]


def object_id(dedup_key: bytes, content: bytes | memoryview) -> bytes:
    """32 bytes: HMAC-SHA256, so that without the key nobody can tell whether a file they have is kept here."""
    return hmac.digest(dedup_key, content, hashlib.sha256)


def split(raw: bytes, cuts: Sequence[Cut], dedup_key: bytes) -> Split:
    """Take the cuts out of raw. What would not come back byte-exact stays in the skeleton."""
    objects: dict[bytes, SplitObject] = {}
    body, references = _split(raw, cuts, _Job(dedup_key=dedup_key, objects=objects), depth=0)
    return Split(skeleton=body, references=references, objects=tuple(objects.values()))


def join(body: bytes, get_object: Callable[[bytes], bytes]) -> bytes:
    """The bytes that split() took apart; get_object gives the packed body of an object id."""
    try:
        return _join(body, get_object, depth=0)
    except (ValueError, struct.error) as error:
        raise IntegrityError("message_cannot_be_joined") from error


def body_references(body: bytes) -> tuple[Reference, ...]:
    """What a packed body refers to; ValueError on damage."""
    return _parse(unpack(body, limit=MAX_BYTES))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    dedup_key: bytes
    objects: dict[bytes, SplitObject]


def _split(raw: bytes, cuts: Sequence[Cut], job: _Job, *, depth: int) -> tuple[bytes, tuple[bytes, ...]]:
    """(packed skeleton, ids it refers to); what was taken out is in job.objects."""
    pieces: list[bytes | memoryview] = []
    references: list[Reference] = []
    view, done, length = memoryview(raw), 0, 0
    for cut in _usable(cuts, len(raw)) if depth < MAX_DEPTH else ():
        start, end, layout = cut.start, cut.end, None
        if cut.kind == "base64":
            found = decode_exactly(view[start:end])
            if found is None:
                continue  # it would not come back byte-exact
            start, end = cut.start + found.start, cut.start + found.end
            content, layout = found.content, found.layout
        elif end - start < len(raw):
            content = bytes(view[start:end])
        elif depth:
            continue  # an object that refers to itself
        else:
            content = raw  # all of it, without a copy
        id = object_id(job.dedup_key, content)
        if id not in job.objects:
            # Deeper objects come first: those that refer to them follow.
            packed, inner = _split(content, cut.cuts, job, depth=depth + 1)
            job.objects[id] = SplitObject(id=id, packed=packed, references=inner)
        pieces.append(view[done:start])
        length += start - done
        references.append(Reference(at=length, id=id, size=len(content), layout=layout))
        done = end
    pieces.append(view[done:])
    head = [_COUNT.pack(len(references))]
    for one in references:
        line, flags = 0, 0
        if one.layout is not None:
            line, flags = one.layout.line, _BASE64 | (_CRLF if one.layout.eol == b"\r\n" else 0)
        head.append(_REFERENCE.pack(one.at, one.id, one.size, line, flags))
    body = pack(b"".join([*head, *pieces]))
    return body, tuple(dict.fromkeys(one.id for one in references))


def _usable(cuts: Sequence[Cut], length: int) -> list[Cut]:
    """In order, inside raw, not empty, not overlapping."""
    usable: list[Cut] = []
    done = 0
    for cut in sorted(cuts, key=lambda one: one.start):
        if done <= cut.start < cut.end <= length and len(usable) < _MAX_REFERENCES:
            usable.append(cut)
            done = cut.end
    return usable


def _parse(body: bytes) -> tuple[tuple[Reference, ...], memoryview]:
    (count,) = _COUNT.unpack_from(body)
    end = _COUNT.size + count * _REFERENCE.size
    if len(body) < end:
        raise ValueError("references are cut off")
    fields = _REFERENCE.iter_unpack(memoryview(body)[_COUNT.size : end])
    return tuple(_reference(*one) for one in fields), memoryview(body)[end:]


def _reference(at: int, id: bytes, size: int, line: int, flags: int) -> Reference:
    if flags > (_BASE64 | _CRLF) or flags == _CRLF or (not flags & _BASE64 and line):
        raise ValueError("unknown reference flags")
    layout = None
    if flags & _BASE64:
        layout = Layout(line=line, eol=b"\r\n" if flags & _CRLF else b"\n")
    return Reference(at=at, id=id, size=size, layout=layout)


def _join(packed: bytes, get_object: Callable[[bytes], bytes], *, depth: int) -> bytes:
    references, skeleton = _parse(unpack(packed, limit=MAX_BYTES))
    if references and depth >= JOIN_DEPTH:
        raise ValueError("objects refer to objects too deep")
    pieces: list[bytes | memoryview] = []
    done = total = 0
    for one in references:
        if not done <= one.at <= len(skeleton):
            raise ValueError("a reference lies outside the skeleton")
        content = _join(get_object(one.id), get_object, depth=depth + 1)
        if len(content) != one.size:
            raise ValueError("an object has another size than its reference says")
        piece = encode(content, one.layout) if one.layout else content
        total += len(piece)
        if total > MAX_BYTES:
            raise ValueError("joined size exceeds the limit")
        pieces += (skeleton[done : one.at], piece)
        done = one.at
    pieces.append(skeleton[done:])
    return b"".join(pieces)
