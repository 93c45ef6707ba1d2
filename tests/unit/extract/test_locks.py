"""Each lock for itself, so that none hides what another does not hold."""

import platform
import resource
import subprocess
import sys
from pathlib import Path
from struct import iter_unpack

import pytest

from amberpost.extract import locks

REFUSED, ALLOWED, KILLED = 0x00050001, 0x7FFF0000, 0x80000000
OPEN = {"x86_64": 2, "aarch64": 56}  # open, openat


COMPUTE_READ_AND_WRITE = [
    *("brk", "clock_gettime", "close", "exit", "exit_group", "futex", "getpid", "getrandom", "gettimeofday"),
    *("madvise", "mremap", "munmap", "read", "rt_sigreturn", "sched_yield", "write"),
]


def test_no_more_calls_are_listed_than_it_takes_to_compute_read_and_write() -> None:
    for machine in ("x86_64", "aarch64"):
        assert sorted(locks._CALLS[machine]) == COMPUTE_READ_AND_WRITE
        assert locks._MEMORY_CALLS[machine].keys() == {"mmap", "mprotect"}


def alone(code: str) -> str:
    """What a process prints that runs `code`."""
    start = f"import sys; sys.path[:] = {sys.path!r}\nfrom amberpost.extract import locks\n"
    return subprocess.run(
        [sys.executable, "-c", start + code], capture_output=True, text=True, check=True
    ).stdout


def test_landlock_alone_closes_files_network_and_signals(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    code = f"""
import os, socket
locks.forget_privileges()
server, client = socket.socket(), socket.socket()
server.bind(("127.0.0.1", 0)); server.listen()
if not locks.landlock(): print("none"); sys.exit()
path = {str(tmp_path)!r}
for way in (
    lambda: open(path + "/kept"), lambda: open(path + "/made", "w"), lambda: os.listdir(path),
    lambda: os.unlink(path + "/kept"), lambda: os.mkdir(path + "/folder"),
    lambda: os.truncate(path + "/kept", 0), lambda: os.execv("/bin/true", ["true"]),
    lambda: client.connect(server.getsockname()), lambda: socket.socket().bind(("127.0.0.1", 0)),
):
    try: print("OUT", way())
    except PermissionError: print("closed")
"""
    said = alone(code).split()
    if said == ["none"]:
        pytest.skip("this kernel has no Landlock")
    assert said == ["closed"] * 9
    assert (tmp_path / "kept").read_text() == "kept"


def test_limits_are_set_and_cannot_be_lifted() -> None:
    names = ("AS", "CPU", "NOFILE", "FSIZE", "CORE", "NPROC", "MEMLOCK")
    code = f"""
import os, resource
locks.limit(60)
print([resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in {names!r}])
try: print("OUT", os.dup(0))
except OSError: print("closed")
"""
    first, last = alone(code).splitlines()
    gigabytes = 2 * 1024**3
    assert first == str([(gigabytes, gigabytes), (20, 21), (1, 1), (0, 0), (0, 0), (0, 0), (0, 0)])
    assert last == "closed"
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != gigabytes


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_allows_what_is_listed_and_refuses_the_rest(machine: str) -> None:
    listed = {*locks._CALLS[machine].values(), *locks._MEMORY_CALLS[machine].values()}
    assert {n for n in range(2048) if answered(machine, n) != REFUSED} == listed
    assert answered(machine, OPEN[machine]) == REFUSED
    for number in locks._MEMORY_CALLS[machine].values():
        assert answered(machine, number, protection=3) == ALLOWED
        assert answered(machine, number, protection=7) == REFUSED


def test_the_numbers_of_another_architecture_are_not_taken_for_ours() -> None:
    assert answered("x86_64", 1, architecture=0x40000003) == KILLED  # write of x86-64 is exit of i386
    assert answered("aarch64", 1, architecture=0x40000028) == KILLED
    assert answered("x86_64", 0x40000000 | 1) == REFUSED  # x32


def test_an_architecture_that_is_not_listed_has_no_cage() -> None:
    with pytest.raises(OSError, match="no list of system calls"):
        locks._filter("riscv64")


def test_this_machine_is_listed() -> None:
    assert platform.machine() in locks._CALLS


def answered(machine: str, number: int, *, protection: int = 0, architecture: int = 0) -> int:
    """What the filter says to a call: the machine of BPF, as far as the filter uses it."""
    place = {0: number, 4: architecture or locks._ARCHITECTURES[machine], 32: protection}
    program = list(iter_unpack("=HBBI", locks._filter(machine)))
    held = position = 0
    while True:
        code, yes, no, value = program[position]
        position += 1
        if code == 0x06:
            return value
        if code == 0x20:
            held = place[value]
        else:
            assert code in (0x15, 0x45)
            position += yes if (held == value if code == 0x15 else held & value) else no
