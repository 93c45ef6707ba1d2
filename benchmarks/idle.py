"""`python -m benchmarks.idle`: the processor time of `serve` and all its processes while nothing comes."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SETTLE_SECONDS = 60
# The clock of another process (clock_getcpuclockid(3)), which the scheduler counts in nanoseconds. The times in
# /proc/<pid>/stat are ticks of 10 ms, and whoever wakes by a timer is there when a tick is counted.
_SCHEDULED = 2
COMMAND = (sys.executable, "-m", "amberpost.cli.main")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "archive"
        subprocess.run([*COMMAND, "init", "--data", str(data)], check=True, capture_output=True)
        server = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data), "--listen", f"127.0.0.1:{_free_port()}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(SETTLE_SECONDS)
            names = {pid: _name(pid) for pid in _processor_seconds(server.pid)}
            before, begun = _processor_seconds(server.pid), time.monotonic()
            time.sleep(wanted.minutes * 60)
            after, seconds = _processor_seconds(server.pid), time.monotonic() - begun
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    if before.keys() != after.keys():
        raise SystemExit("a process ended or began while it was measured")
    if not {"serve", "work", "fetch", "web"} <= {*names.values()}:
        raise SystemExit("not all processes were there")
    used = dict.fromkeys(names.values(), 0.0)
    for pid, name in names.items():
        used[name] += after[pid] - before[pid]
    print(
        f"{seconds:.0f} s, load {os.getloadavg()[0]:.1f}\n\n| process | CPU s | of a core |\n| --- | --- | --- |"
    )
    for name, cpu in {**used, "together": sum(used.values())}.items():
        print(f"| {name} | {cpu:.2f} | {100 * cpu / seconds:.2f} % |")


def _processor_seconds(root: int) -> dict[int, float]:
    """Of each of them: a process and all that descend from it."""
    fields = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    family, found = [root], dict[int, float]()
    for pid in family:
        family += [child for child, values in fields.items() if int(values[1]) == pid]
        found[pid] = time.clock_gettime(~pid << 3 | _SCHEDULED)
    return found


def _name(pid: int) -> str:
    words: Sequence[str] = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    parts = [word[2:-5] for word in words if word.startswith("--") and word.endswith("-only")]
    return parts[0] if parts else "serve" if "serve" in words else f"process {pid}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
