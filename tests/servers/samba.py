"""A real Active Directory domain controller (Samba) for tests, with the Exchange attributes in its schema.

    with Samba(entries) as server:
        ... server.host, server.ssl_port, server.ca_pem

Its ports are fixed (389, 636), so each gets a loopback address of its own; that needs root. Making a domain
takes half a minute: it is made once in a process, and each server works on a copy.
"""

import functools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import kill_all
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ldif import LdifEntry, with_parents, write_ldif

PROGRAM = shutil.which("samba") or shutil.which("samba", path="/usr/sbin")
DOMAIN, NETBIOS, BASE = "firma.example", "FIRMA", "DC=firma,DC=example"
PASSWORD = "Kenn-wort-17"

_TOOLS = ("samba-tool", "ldbadd", "ldbmodify")
_LINKS = ("member", "publicDelegates", "msExchDelegateListLink")
_CLASSES = {"dc": "domainDNS", "ou": "organizationalUnit", "cn": "container"}
_SCHEMA = ("--option", "dsdb:schema update allowed = yes")
_ANY_PASSWORD_AGE = (
    "--controls",
    "local_oid:1.3.6.1.4.1.7165.4.3.20:0",
)  # DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET
_CONFIG = """
[global]
netbios name = DC1
realm = {realm}
workgroup = {netbios}
server role = active directory domain controller
server services = ldap
interfaces = {host}/8
bind interfaces only = yes
disable netbios = yes
tls enabled = yes
tls keyfile = {key}
tls certfile = {chain}
tls cafile =
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
ntp signd socket directory = {folder}/ntp_signd
winbindd socket directory = {folder}/winbindd
binddns dir = {folder}/bind-dns
"""


def why_not() -> str | None:
    """Why no domain controller can run here, if so."""
    if PROGRAM is None or not all(map(shutil.which, _TOOLS)):
        return "Samba is not installed (tests/install-debian-packages)"
    if os.geteuid() != 0:
        return "a domain controller needs root: its ports lie below 1024"
    return None


class Samba:
    """One domain controller with its own database."""

    def __init__(self, entries: Iterable[LdifEntry] = ()) -> None:
        assert PROGRAM is not None, "Samba is not installed"
        self.folder = Path(tempfile.mkdtemp(prefix="samba-"))
        shutil.copytree(_domain() / "dc", self.folder / "dc", symlinks=True, copy_function=shutil.copy2)
        self.host = _free_address()
        self.port, self.ssl_port = 389, 636
        self.certificates: Certificates = make_certificates(self.folder, host=self.host)
        self._process: subprocess.Popen[bytes] | None = None
        self._made: set[str] = set()
        self._write_config()
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
        """Add entries straight to the database; links come last, as they may go in circles."""
        bare, links = [], []
        for entry in entries:
            bare.append(LdifEntry(entry.dn, {k: v for k, v in entry.values.items() if k not in _LINKS}))
            links += [(entry.dn, name, entry.values[name]) for name in _LINKS if name in entry.values]
        whole = with_parents(bare, BASE, _CLASSES)
        builtin = {BASE.lower(), f"cn=users,{BASE}".lower()}
        new = [entry for entry in whole if entry.dn.lower() not in builtin | self._made]
        self._made |= {entry.dn.lower() for entry in new}
        self.ldb("ldbadd", write_ldif(new))
        self.ldb("ldbmodify", "\n".join(_addition(dn, name, values) for dn, name, values in links))

    def modify(self, dn: str, **values: str) -> None:
        """Replace attributes of one entry, while it runs or not."""
        lines = [write_ldif([LdifEntry(dn)]).strip(), "changetype: modify"]
        for name, value in values.items():
            line = write_ldif([LdifEntry("", {name: [value.encode()]})]).splitlines()[1]
            lines += [f"replace: {name}", line, "-"]
        self.ldb("ldbmodify", "\n".join(lines) + "\n")

    def age_password(self, dn: str) -> None:
        """Make the password of an account older than the domain allows."""
        lines = [
            f"dn: {dn}",
            "changetype: modify",
            "replace: pwdLastSet",
            "pwdLastSet: 130000000000000000",
            "",
        ]
        self.ldb("ldbmodify", "\n".join(lines), _ANY_PASSWORD_AGE)

    def delete(self, dn: str) -> None:
        _run(["ldbdel", "-H", str(self.folder / "dc/private/sam.ldb"), dn])

    def clear(self, dn: str) -> None:
        """Take an entry and all below it away."""
        _run(["ldbdel", "-r", "-H", str(self.folder / "dc/private/sam.ldb"), dn])
        self._made = {one for one in self._made if not f",{one}".endswith(f",{dn.lower()}")}

    def rename(self, dn: str, new: str) -> None:
        _run(["ldbrename", "-H", str(self.folder / "dc/private/sam.ldb"), dn, new])

    def ldb(self, tool: str, ldif: str, options: Sequence[str] = ()) -> None:
        if ldif.strip():
            _run([tool, "-H", str(self.folder / "dc/private/sam.ldb"), *options], ldif)

    def start(self) -> None:
        """Start, and return when it listens on our address."""
        assert self._process is None, "already running"
        with open(self.folder / "stderr", "ab") as errors:
            self._process = subprocess.Popen(
                [str(PROGRAM), "-i", "-M", "single", "-s", str(self.folder / "smb.conf")],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
        deadline = time.monotonic() + 90
        while not (_listens(self.host, self.port) and _listens(self.host, self.ssl_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Samba did not start:\n{(self.folder / 'stderr').read_text()[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9; start() brings it back on the same address."""
        if self._process is None:
            return
        kill_all(self._process)
        self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_config(self) -> None:
        for name in ("cache", "ncalrpc", "ntp_signd", "winbindd"):
            (self.folder / "dc" / name).mkdir(exist_ok=True)
        text = _CONFIG.format(
            realm=DOMAIN.upper(),
            netbios=NETBIOS,
            host=self.host,
            folder=self.folder / "dc",
            key=self.certificates.key,
            chain=self.certificates.chain,
        )
        (self.folder / "smb.conf").write_text(text)


@functools.cache
def _domain() -> Path:
    """A domain with our schema, made once; it goes with the process."""
    holder = tempfile.TemporaryDirectory(prefix="samba-domain-")
    _HOLDERS.append(holder)
    folder = Path(holder.name)
    provision = [
        *("samba-tool", "domain", "provision", "--server-role=dc", "--dns-backend=NONE", "--use-rfc2307"),
        *(f"--targetdir={folder / 'dc'}", "--host-ip=127.0.0.1", "--host-name=dc1"),
        *(f"--realm={DOMAIN.upper()}", f"--domain={NETBIOS}", f"--adminpass={PASSWORD}"),
    ]
    _run([*provision, "--option=ldb:nosync=true"])
    text = Path(__file__).with_name("ad_extension.ldif").read_text().replace("@BASE@", BASE)
    blocks = text.split("\n\n")
    for tool, mark in (("ldbadd", "attributeSchema"), ("ldbadd", "classSchema"), ("ldbmodify", "changetype")):
        part = "\n\n".join(block for block in blocks if mark in block)
        _run([tool, "-H", str(folder / "dc/private/sam.ldb"), *_SCHEMA], part)
    return folder


_HOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def password_value(password: str = PASSWORD) -> bytes:
    """For the attribute clearTextPassword of a new account."""
    return password.encode("utf-16-le")


def _addition(dn: str, name: str, values: Sequence[bytes]) -> str:
    head, *lines = write_ldif([LdifEntry(dn, {name: list(values)})]).splitlines()
    return "\n".join([head, "changetype: modify", f"add: {name}", *lines]) + "\n"


def _run(command: Sequence[str], ldif: str = "") -> None:
    done = subprocess.run(command, input=ldif, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} failed:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")


def _free_address() -> str:
    for _ in range(50):
        address = f"127.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        if not _listens(address, 389) and not _listens(address, 636):
            return address
    raise RuntimeError("no loopback address with free LDAP ports; does something listen on all addresses?")


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
