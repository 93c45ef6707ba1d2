"""The locks of the cage: what the kernel holds a process to, in its own words and without a library.

Three that do not know of each other: limits of resources, Landlock (no file, no network, no signal outward), and a
seccomp filter that lists what is allowed. The filter alone must hold, for not every kernel has Landlock.
A lock that does not close raises OSError: nobody reads foreign bytes behind half of them.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
from struct import pack

# What an interpreter needs that computes, reads one descriptor and writes to it; numbers of <asm/unistd.h>. Not one of
# them opens, connects, starts, signals or looks at anything. No thread either: clone() is the same call as fork().
_CALLS = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "munmap": 11, "brk": 12, "rt_sigreturn": 15, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60, "gettimeofday": 96, "futex": 202,
        "clock_gettime": 228, "exit_group": 231, "getrandom": 318,
    },
    "aarch64": {
        "close": 57, "read": 63, "write": 64, "exit": 93, "exit_group": 94, "futex": 98, "clock_gettime": 113,
        "sched_yield": 124, "rt_sigreturn": 139, "gettimeofday": 169, "getpid": 172, "brk": 214, "munmap": 215,
        "mremap": 216, "madvise": 233, "getrandom": 278,
    },
}  # fmt: skip
# Allowed for memory that is data; memory to execute is what shell code asks for.
_MEMORY_CALLS = {"x86_64": {"mmap": 9, "mprotect": 10}, "aarch64": {"mmap": 222, "mprotect": 226}}
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_* of <linux/audit.h>

# <linux/bpf_common.h>, and struct seccomp_data: the call's number at 0, the architecture at 4, arguments from 16 on
_LOAD, _IS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _PROTECTION = 0, 4, 16 + 2 * 8
_PROT_EXEC = 4
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM

# <linux/prctl.h>
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_FILTER = 2

# <linux/landlock.h>; the three calls have one number on all architectures
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1

_MEMORY_BYTES = 2 * 1024**3  # eight times the largest job; 8 MiB of plain HTML take 80 MB of it
_CPU_SECONDS = 20

_libc = ctypes.CDLL(None, use_errno=True)


def limit(seconds: int) -> None:
    """Bound memory, processor, descriptors and life of this process, and hide it from its neighbours.

    From here on only descriptor 0 can be open, and nothing can be written to a file. After `seconds` it dies, whoever
    waits for it or does not.
    """
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    _prctl(_SET_DUMPABLE, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_NOFILE, 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        # The soft limit of CPU a second lower: SIGXCPU says what it was, SIGKILL would not.
        hard = most + 1 if what == resource.RLIMIT_CPU else most
        resource.setrlimit(what, (most, hard))


def forget_privileges() -> None:
    """Nothing this process executes ever has more rights than it; both other locks ask for that."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def landlock() -> bool:
    """Close all files and, as far as this kernel can, TCP, abstract sockets and signals; False without Landlock.

    It binds the calling thread and what comes of it. What is open stays open.
    """
    version = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return False  # ENOSYS where it is not built, EOPNOTSUPP where it is switched off
    files = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)  # how many rights over files this version knows
    rights = pack("=Q", (1 << files) - 1)
    if version >= 4:
        rights += pack("=Q", 0b11)  # bind and connect of TCP
    if version >= 6:
        rights += pack("=Q", 0b11)  # abstract sockets, signals
    ruleset = _libc.syscall(_CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    _checked(ruleset)
    try:
        _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def allow_listed_calls() -> None:
    """From here on the kernel answers EPERM to all but the listed calls, for good."""
    program = _filter(platform.machine())
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a short, filled up to the pointer behind it
    header = ctypes.create_string_buffer(pack("@HP", len(program) // 8, ctypes.addressof(instructions)))
    _prctl(_SET_SECCOMP, _SECCOMP_FILTER, ctypes.addressof(header))


def _filter(machine: str) -> bytes:
    """The filter as a program of the classic BPF machine; OSError on an architecture whose numbers we do not know."""
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, "no list of system calls for this architecture", machine)
    calls, memory = _CALLS[machine].values(), _MEMORY_CALLS[machine].values()
    # Numbers of the other ABIs of the architecture (i386; x32 has a bit set, so is not listed) mean other calls.
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for call in calls:
        program += [(_IS, 0, 1, call), (_RETURN, 0, 0, _ALLOW)]
    for call in memory:
        program += [
            (_IS, 0, 4, call),
            (_LOAD, 0, 0, _PROTECTION),
            (_HAS, 0, 1, _PROT_EXEC),
            (_RETURN, 0, 0, _REFUSE),
            (_RETURN, 0, 0, _ALLOW),
        ]
    program.append((_RETURN, 0, 0, _REFUSE))
    return b"".join(pack("=HBBI", *instruction) for instruction in program)


def _prctl(option: int, value: int, more: int = 0) -> None:
    _checked(_libc.prctl(option, *map(ctypes.c_ulong, (value, more, 0, 0))))


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
