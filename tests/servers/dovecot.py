"""A real Dovecot 2.3 for tests: a child of ours on free loopback ports, with its own folders, TLS and users.

    with Dovecot(users={"journal": "secret"}) as server:
        server.deposit("journal", messages)

Works as root (mail then belongs to `nobody`) and as a normal user. Every start proves by a token in the
greeting that the listener is ours. Ports stay the same over kill() and start().
"""

import grp
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import kill_all
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.microsoft import Microsoft

PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/sbin")

_CONFIG = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {run}
state_dir = {run}/state
log_path = {folder}/dovecot.log
login_greeting = {token}
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_cache_size = 0
mail_location = maildir:~/Maildir:UTF-8
mail_fsync = never
mail_max_userip_connections = 100
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{extra}
"""

_OAUTH = """
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""

_INTROSPECTION = """
introspection_mode = post
introspection_url = {login.authority}/introspect
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
tls_ca_cert_file = {login.ca_file}
"""


class Dovecot:
    """One server. `extra` is added to its configuration, e.g. an `imap_capability` line.

    With `login` it takes tokens too, and asks that stand-in for Microsoft whether they are good.
    """

    host = "localhost"

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        extra: str = "",
        login: Microsoft | None = None,
    ) -> None:
        assert PROGRAM is not None, "Dovecot is not installed"
        self.users = dict(users or {"journal": "journal-password"})
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)  # the mail user must reach its home
        self.certificates: Certificates = make_certificates(self.folder, host=self.host)
        self.port, self.ssl_port, self.pop3_port, self.pop3_ssl_port = _free_ports(4)
        self._token = f"ours-{secrets.token_hex(8)}"
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._master: subprocess.Popen[bytes] | None = None
        self._deposited = 0
        if login is not None:
            (self.folder / "oauth2.conf").write_text(_INTROSPECTION.format(login=login))
            extra += _OAUTH.format(folder=self.folder)
        self._write_files(extra)

    @property
    def ca_pem(self) -> str:
        return self.certificates.ca_pem

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Life

    def start(self) -> None:
        """Start, and return when our own greeting is heard."""
        assert self._master is None, "already running"
        with open(self.folder / "stderr", "ab") as errors:
            self._master = subprocess.Popen(
                [str(PROGRAM), "-F", "-c", str(self.folder / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,  # kill() finds every child of the master by it
            )
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._master.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Dovecot did not start:\n{self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End politely: open sessions are told goodbye."""
        if self._master is None:
            return
        self._master.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._master.wait(10)
        self.kill()  # nothing of its group may live on

    def kill(self) -> None:
        """kill -9 of the master and all its children at once; start() brings it back on the same ports."""
        if self._master is None:
            return
        kill_all(self._master)
        self._master = None
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def restart(self) -> None:
        self.kill()
        self.start()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        texts = [self.folder / "stderr", self.folder / "dovecot.log"]
        return "".join(path.read_text("utf-8", "replace") for path in texts if path.exists())

    # Mail

    def maildir(self, user: str, mailbox: str = "INBOX") -> Path:
        """The folder on disk; sub-folders are ".Name" beside the inbox, as Maildir++ has it."""
        inbox = self.folder / "home" / user / "Maildir"
        return inbox if mailbox == "INBOX" else inbox / ("." + mailbox.replace("/", "."))

    def deposit(self, user: str, messages: Iterable[bytes], mailbox: str = "INBOX") -> int:
        """Put messages straight into the Maildir, as a delivery agent does, and return how many.

        Message bytes are kept as they are; sizes stand in the file names, so that the server need not
        read a file to answer RFC822.SIZE. Bare LF leaves the server as CR LF.
        """
        maildir, count = self._made(self.maildir(user, mailbox)), 0
        for raw in messages:
            self._deposited += 1
            count += 1
            virtual = len(raw) + raw.count(b"\n") - raw.count(b"\r\n")
            name = f"{1_700_000_000 + self._deposited}.M{self._deposited}P{os.getpid()}.test"
            temporary = maildir / "tmp" / name
            temporary.write_bytes(raw)
            self._own(temporary)
            temporary.rename(maildir / "new" / f"{name},S={len(raw)},W={virtual}")
        return count

    def count(self, user: str, mailbox: str = "INBOX") -> int:
        """How many messages are left, counted on the disk."""
        return len(self._files(user, mailbox))

    def messages(self, user: str, mailbox: str = "INBOX") -> list[bytes]:
        while True:
            with suppress(FileNotFoundError):  # Dovecot moved one while we read
                return [path.read_bytes() for _, path in sorted(self._files(user, mailbox).items())]

    def flags(self, user: str, mailbox: str = "INBOX") -> list[str]:
        """The Maildir flag letters of each message (S seen, T deleted), in order of arrival."""
        found = sorted(self._files(user, mailbox).items())
        return [path.name.partition(":2,")[2] for _, path in found]

    def empty(self, user: str, mailbox: str = "INBOX") -> None:
        """Throw the mailbox away with its UIDs; the next session sees a new UIDVALIDITY.

        Only while no session has it open.
        """
        shutil.rmtree(self.maildir(user, mailbox), ignore_errors=True)
        time.sleep(1.1)  # UIDVALIDITY is the second the mailbox was made

    def _files(self, user: str, mailbox: str) -> dict[str, Path]:
        """Name without flags -> file; Dovecot may move one from new to cur while we look."""
        folder = self.maildir(user, mailbox)
        paths = [path for part in ("new", "cur") for path in (folder / part).glob("*")]
        return {path.name.partition(":2,")[0]: path for path in paths}

    # Set-up

    def _write_files(self, extra: str) -> None:
        run, root = self.folder / "run", os.geteuid() == 0
        run.mkdir(mode=0o755)
        (self.folder / "home").mkdir(mode=0o755)
        (self.folder / "users").write_text(
            "".join(f"{name}:{word}::::::\n" for name, word in self.users.items())
        )
        me = pwd.getpwuid(os.geteuid()).pw_name
        text = _CONFIG.format(
            run=run,
            folder=self.folder,
            token=self._token,
            chain=self.certificates.chain,
            key=self.certificates.key,
            internal="dovecot" if root else me,
            internal_group="dovecot" if root else grp.getgrgid(os.getegid()).gr_name,
            login="dovenull" if root else me,
            uid=self._owner.pw_uid,
            gid=self._owner.pw_gid,
            imap=self.port,
            imaps=self.ssl_port,
            pop3=self.pop3_port,
            pop3s=self.pop3_ssl_port,
            extra=extra,
        )
        (self.folder / "dovecot.conf").write_text(text)
        for name in ("dovecot.conf", "users", "oauth2.conf"):  # read by its own users, whatever our umask is
            with suppress(FileNotFoundError):
                (self.folder / name).chmod(0o644)
        for user in self.users:
            self._made(self.maildir(user))

    def _made(self, maildir: Path) -> Path:
        if not (maildir / "new").is_dir():
            for part in ("tmp", "new", "cur"):
                (maildir / part).mkdir(parents=True, exist_ok=True)
            for path in (maildir, maildir.parent, *maildir.iterdir()):
                self._own(path)
        return maildir

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                greeting = connection.makefile("rb").readline()
        except OSError:
            return False
        if greeting and self._token.encode("ascii") not in greeting:
            raise RuntimeError(f"another server answers on our port: {greeting!r}")
        return bool(greeting)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
