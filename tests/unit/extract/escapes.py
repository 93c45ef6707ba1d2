"""Extractors that have been taken over: each tries one way out of the cage and says how it went.

Run inside the cage only. A way out that was refused is told by the name of the error.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import socket
import sys
import threading
from collections.abc import Callable

from amberpost.extract import kinds
from amberpost.extract.answer import Extracted, Verdict, written
from amberpost.extract.locks import _CALLS, _MEMORY_CALLS

SAMPLES = kinds.SAMPLES
_SEEN: list[bytes] = []
_libc = ctypes.CDLL(None, use_errno=True)
_MACHINE = os.uname().machine
_PARENT = os.getpid()  # of the cage: this module is imported by the keeper


def told(way: Callable[[], object]) -> str:
    try:
        return f"OUT: {way()!r}"
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    except RuntimeError as error:  # threading's way of telling EPERM
        return "EPERM" if "start new thread" in str(error) else f"OUT: {error}"


def ways_out(path: bytes, _: str) -> Extracted:
    """All ways that Python offers. `path` is a file that is there and may not be touched."""
    name, other = path.decode(), path.decode() + "-made"

    def call(function: str, *arguments: object) -> Callable[[], object]:
        return lambda: checked(getattr(_libc, function)(*arguments))

    ways: dict[str, Callable[[], object]] = {
        "read": lambda: os.open(name, os.O_RDONLY),
        "read the system": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "read a process": lambda: os.open(f"/proc/{_PARENT}/environ", os.O_RDONLY),
        "list": lambda: os.listdir("/"),
        "look": lambda: os.stat(name),
        "write": lambda: os.open(name, os.O_WRONLY),
        "make": lambda: os.open(other, os.O_WRONLY | os.O_CREAT, 0o600),
        "make in memory": lambda: os.memfd_create("x"),
        "make a folder": lambda: os.mkdir(other),
        "link": lambda: os.link(name, other),
        "rename": lambda: os.rename(name, other),
        "delete": lambda: os.unlink(name),
        "cut": lambda: os.truncate(name, 0),
        "change rights": lambda: os.chmod(name, 0o777),
        "internet": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "datagrams": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "neighbours": lambda: socket.socket(socket.AF_UNIX),
        "kernel": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "pair": socket.socketpair,
        "pipe": os.pipe,
        "copy of a descriptor": call("dup", 0),
        "fork": os.fork,
        "thread": lambda: threading.Thread(target=int).start(),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "ptrace": call("ptrace", 16, _PARENT, 0, 0),
        "memory of the keeper": call("process_vm_readv", _PARENT, 0, 0, 0, 0, 0),
        "kill": lambda: os.kill(_PARENT, 9),
        "kill all": lambda: os.killpg(0, 9),
        "leave the group": os.setsid,
        "lift a limit": lambda: os.nice(-5),
        "another user": lambda: os.setuid(65534),
        "another root": lambda: os.chroot("/tmp"),
        "a namespace": call("unshare", 0x10000000),
        "memory to execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "no alarm": call("syscall", {"x86_64": 38, "aarch64": 103}[_MACHINE], 0, 0, 0),
    }
    return Extracted(text="\n".join(f"{way}: {told(try_)}" for way, try_ in ways.items()))


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def every_call(data: bytes, _: str) -> Extracted:
    """Every number the kernel may know, and those of x32, with arguments of zero."""
    # uretprobe and uprobe of x86-64: Linux asks no filter, and whoever calls them outside a probe gets SIGILL.
    probes = {335, 336} if _MACHINE == "x86_64" else set()
    allowed = {*probes, *_CALLS[_MACHINE].values(), *_MEMORY_CALLS[_MACHINE].values()}
    out = []
    for number in (n | extra for extra in (0, 0x40000000) for n in range(1024)):
        if number in allowed:
            continue
        ctypes.set_errno(0)
        if _libc.syscall(number, *[ctypes.c_long(0)] * 6) != -1 or ctypes.get_errno() != errno.EPERM:
            out.append(number)
    return Extracted(text=repr(out))


def look_around(data: bytes, _: str) -> Extracted:
    """What lies within reach: environment, open descriptors, modules, what an earlier job left."""
    open_ = []
    for descriptor in range(1, 1024):
        with contextlib.suppress(OSError):
            os.read(descriptor, 0)
            open_.append(descriptor)
    before = list(_SEEN)
    _SEEN.append(data)
    packages = sorted(
        {".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("amberpost.")}
    )
    foreign = [name for name in ("django", "cryptography") if name in sys.modules]
    return Extracted(text=repr((dict(os.environ), open_, packages, foreign, before)))


def ten_gigabytes(data: bytes, _: str) -> Extracted:
    return Extracted(text=str(len(bytearray(10 * 1024**3))))


def endless_loop(data: bytes, _: str) -> Extracted:
    while True:
        pass


def endless_output(data: bytes, _: str) -> Extracted:
    while True:
        os.write(0, bytes(1 << 20))


def crash(data: bytes, _: str) -> Extracted:
    return Extracted(text=str(ctypes.string_at(0)))


def abort(data: bytes, _: str) -> Extracted:
    os.abort()


def raised(data: bytes, _: str) -> Extracted:
    raise ZeroDivisionError


def says(data: bytes, _: str) -> Extracted:
    """Answers with the very bytes of the job."""
    os.write(0, data)
    os._exit(0)


def says_and_fails(data: bytes, _: str) -> Extracted:
    os.write(0, written(Verdict.NO_TEXT))
    os._exit(3)


def says_and_stays(data: bytes, _: str) -> Extracted:
    os.write(0, written(Verdict.NO_TEXT))
    os.close(0)
    while True:
        pass


EXTRACTORS: dict[str, kinds.Extractor] = {
    **kinds.EXTRACTORS,
    **{
        way.__name__: way
        for way in (
            *(ways_out, every_call, look_around, ten_gigabytes, endless_loop, endless_output, crash, abort),
            *(raised, says, says_and_fails, says_and_stays),
        )
    },
}
