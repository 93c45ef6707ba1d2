"""`make demo`, as the README promises it: an address, sign-ins that work, mail that is collected, and an end."""

import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.archive import Archive
from tests.processes import kill_all, session_members
from tests.road.test_road_processes import PATIENCE, lives, until


@pytest.mark.long
def test_the_demo_prints_an_address_collects_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    demo, said = Archive(data=tmp_path / "demo" / "data"), tmp_path / "said"
    with said.open("wb") as errors:
        running = demo.start("demo", "--messages", "20", "--port", str(port), errors=errors)
    try:
        until(lambda: "Amberpost demo: " in said.read_text(), "it says where it is")
        found = re.search(r"password   (\S+)\n    readers   ([^\s,]+)", said.read_text())
        assert found
        until(lambda: demo.found(found[2]) != [], "mail is collected and found")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=PATIENCE) as answer:
            assert answer.status == 200
        members = session_members(running.pid)
        running.send_signal(signal.SIGINT)
        running.wait(PATIENCE)
        until(lambda: not any(map(lives, members)), "nothing is left")
    finally:
        kill_all(running)
