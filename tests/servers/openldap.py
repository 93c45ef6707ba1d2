"""A real OpenLDAP server for tests: a child of ours on free loopback ports, with its own folder and TLS.

    with OpenLdap("dc=firma,dc=example") as server:
        server.load(entries)      # while it does not run; or give `entries` at once
        server.start()

The reader's password is made anew each time, so a sign-in proves that the listener is ours.
"""

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ldif import LdifEntry, with_parents, write_ldif

PROGRAM = shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/sbin:/usr/lib/openldap")
_ADD = shutil.which("slapadd") or shutil.which("slapadd", path="/usr/sbin:/sbin")

AD_LIKE = (Path(__file__).with_name("ad_like.schema"),)
STANDARD = tuple(
    Path("/etc/ldap/schema") / f"{name}.schema" for name in ("core", "cosine", "nis", "inetorgperson", "misc")
)
_CLASSES = {
    AD_LIKE: {"dc": "domainDNS", "ou": "container", "cn": "container"},
    STANDARD: {"dc": "domain", "ou": "organizationalUnit", "cn": "applicationProcess"},
}

_CONFIG = """
{includes}
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
TLSCertificateFile {chain}
TLSCertificateKeyFile {key}
loglevel none
{extra_global}
database mdb
suffix "{suffix}"
rootdn "{reader}"
rootpw {password}
directory {folder}/data
maxsize 1073741824
dbnosync
index objectClass,cn,entryUUID eq
{extra}
"""


class OpenLdap:
    """One server with one database. `extra` and `extra_global` are added to its configuration."""

    host = "localhost"

    def __init__(
        self,
        suffix: str,
        entries: Iterable[LdifEntry] = (),
        *,
        schema: tuple[Path, ...] = STANDARD,
        extra: str = "",
        extra_global: str = "",
    ) -> None:
        assert PROGRAM is not None, "OpenLDAP is not installed"
        self.suffix = suffix
        self.reader, self.password = f"cn=reader,{suffix}", secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="openldap-"))
        (self.folder / "data").mkdir()
        self.certificates: Certificates = make_certificates(self.folder, host=self.host)
        self.port, self.ssl_port = _free_ports(2)
        self._schema = schema
        self._process: subprocess.Popen[bytes] | None = None
        text = _CONFIG.format(
            includes="\n".join(f"include {path}" for path in schema),
            folder=self.folder,
            chain=self.certificates.chain,
            key=self.certificates.key,
            suffix=suffix,
            reader=self.reader,
            password=self.password,
            extra=extra,
            extra_global=extra_global,
        )
        (self.folder / "slapd.conf").write_text(text)
        self.load(entries)

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

    def load(self, entries: Iterable[LdifEntry]) -> None:
        """Put entries into the database with slapadd, the containers above them too; not while it runs."""
        assert self._process is None, "slapadd needs the server stopped"
        whole = with_parents(entries, self.suffix, _CLASSES[self._schema])
        if not whole:
            return
        file = self.folder / "load.ldif"
        file.write_text(write_ldif(whole))
        done = subprocess.run(
            [str(_ADD), "-q", "-s", "-f", str(self.folder / "slapd.conf"), "-l", str(file)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"slapadd failed:\n{done.stderr[-3000:]}")

    def start(self, *, with_ssl: bool = True) -> None:
        """Start, and return when it listens."""
        assert self._process is None, "already running"
        ports = (self.port, self.ssl_port) if with_ssl else (self.port,)
        urls = " ".join(
            f"{scheme}://127.0.0.1:{port}" for scheme, port in zip(("ldap", "ldaps"), ports, strict=False)
        )
        with open(self.folder / "stderr", "ab") as errors:
            self._process = subprocess.Popen(
                [str(PROGRAM), "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        deadline = time.monotonic() + 60
        while not all(map(_listens, ports)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"slapd did not start:\n{(self.folder / 'stderr').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9; start() brings it back on the same ports."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
