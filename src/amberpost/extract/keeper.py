"""The keeper: a clean interpreter that holds no key and no mail, and opens one cage after the other.

It has all libraries in memory, so that a cage is a fork and two milliseconds of locks. It never sees a foreign byte:
for each job it gets one end of a socket, which the cage reads and the keeper closes.
"""

import codecs
import encodings
import importlib
import os
import pkgutil
import socket
from contextlib import suppress

from amberpost.extract import locks
from amberpost.extract.answer import Verdict, written
from amberpost.extract.kinds import Extractor

_ENDED_WELL, _FAILED = 0, 255
_TRIAL_SECONDS = 10
_CHUNK = 1 << 20


def main(module: str, may_use_landlock: bool) -> None:
    """Serve jobs on descriptor 0 until the other side closes it; says first which locks and kinds there are."""
    keeper, control = os.getpid(), socket.socket(fileno=0)
    kinds = importlib.import_module(module)
    extractors: dict[str, Extractor] = dict(kinds.EXTRACTORS)
    # Python imports a codec when a text asks for it, and libraries their parts: behind the locks it is too late.
    for found in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):  # a module that is no codec, or one of Windows
            codecs.lookup(found.name)
    for kind, sample in kinds.SAMPLES.items():
        extractors[kind](sample, "")
    locks.forget_privileges()
    has_landlock = may_use_landlock and locks.landlock()
    if not _closes():
        return
    control.sendall(" ".join(("landlock" if has_landlock else "seccomp", *extractors)).encode())
    while True:
        words, descriptors, _, _ = socket.recv_fds(control, 512, 1)
        if not words:
            return
        kind, charset, seconds = words.decode().split("\n")
        child = os.fork()
        if child == 0:
            _cage(descriptors[0], extractors[kind], charset, int(seconds), keeper)
        os.close(descriptors[0])
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        control.sendall(bytes([-code if code <= 0 else _FAILED]))


def _closes() -> bool:
    """Whether the locks hold here: an empty cage tries to open a folder, and the filter must be what refuses it."""
    child = os.fork()
    if child == 0:
        code = _FAILED
        try:
            locks.limit(_TRIAL_SECONDS)
            locks.allow_listed_calls()
            os.open("/", os.O_RDONLY)
        except PermissionError:  # of the filter; the limit of descriptors would say EMFILE
            code = _ENDED_WELL
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def _cage(job: int, extractor: Extractor, charset: str, seconds: int, keeper: int) -> None:
    """In the child: close everything, lock, and only then read. Never returns."""
    code = _FAILED
    try:
        os.dup2(job, 0)
        os.closerange(1, os.sysconf("SC_OPEN_MAX"))
        locks.limit(seconds)
        if os.getppid() != keeper:
            return  # it died before its death became our signal
        locks.allow_listed_calls()
        data = bytearray()
        while piece := os.read(0, _CHUNK):
            data += piece
        try:
            answer = written(extractor(bytes(data), charset))
        except MemoryError:
            answer = written(Verdict.TOO_LARGE)
        view = memoryview(answer)
        while view:
            view = view[os.write(0, view) :]
        code = _ENDED_WELL
    finally:
        os._exit(code)  # not through the keeper's loop, whatever was raised
