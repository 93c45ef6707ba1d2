"""A real Postfix for tests: a child of ours on a free loopback port, with its own folders; needs root."""

import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin:/sbin")

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
relayhost = [127.0.0.1]:{relay}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
"""
_MASTER = """
{port}    inet  n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
error     unix  - - n - - error
retry     unix  - - n - - error
tlsmgr    unix  - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Passes all mail on to `relay`, a port on loopback. `main` and `master` are added to its files."""

    def __init__(self, *, relay: int, main: str = "", master: str = "") -> None:
        assert PROGRAM is not None, "Postfix is not installed"
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        for name in ("conf", "spool", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        conf = self.folder / "conf"
        (conf / "main.cf").write_text(_MAIN.format(folder=self.folder, relay=relay) + main)
        (conf / "master.cf").write_text(_MASTER.format(port=self.port) + master)

    def __enter__(self) -> Self:
        self._control("start")
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().quit()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__(None, None, None)
                    raise RuntimeError(f"Postfix did not start:\n{self.log()}") from None
                time.sleep(0.2)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._control("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=30)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def _control(self, what: str) -> None:
        done = subprocess.run(
            [str(PROGRAM), "-c", str(self.folder / "conf"), what],
            capture_output=True,
            env={**os.environ, "MAIL_CONFIG": str(self.folder / "conf")},
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
