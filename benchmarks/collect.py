"""Collecting a mailbox from a local Dovecot: ours beside mbsync and getmail, in turn, in one run.

Every program gets a fresh mailbox with the same messages over plain IMAP on loopback, and leaves it as it is.
The others write files into a Maildir; ours also encrypts, seals, assigns and indexes.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import mkdtemp

from tests.servers.dovecot import Dovecot

from benchmarks.child import ChildFailed, Cost, run
from benchmarks.programs import Archive, version
from benchmarks.progress import say
from benchmarks.sets import MessageSet

PASSWORD = "benchmark"
OURS = "amberpost fetch"
GOAL = 1.0


def measure(found: MessageSet, work: Path, *, repeats: int, peers: bool = True) -> dict[str, object]:
    """Seconds, rates and ratios of each program for one set of messages."""
    names = [OURS, *(name for name in PEERS if peers and version(PROGRAMS[name]) is not None)]
    seconds: dict[str, list[Cost]] = {name: [] for name in names}
    users = {f"box{number}": PASSWORD for number in range(repeats * len(names))}
    with Dovecot(users=users) as server:
        boxes = iter(users)
        for _ in range(repeats):
            for name in names:
                box = next(boxes)
                server.deposit(box, _messages(found))
                cost = _ours(server, box, found, work) if name == OURS else _peer(name, server, box, found)
                say(f"{name}: {cost.seconds:.1f} s, {found.messages / cost.seconds:.0f} messages/s")
                seconds[name].append(cost)
                shutil.rmtree(server.maildir(box))
    return {
        "messages": found.messages,
        "raw_bytes": found.raw_bytes,
        "programs": {name: _summary(found, costs) for name, costs in seconds.items()},
        "ratios": {
            name: _median(costs) / _median(seconds[OURS]) for name, costs in seconds.items() if name != OURS
        },
        "goal": GOAL,
    }


def _messages(found: MessageSet) -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted((found.maildir / "cur").iterdir()))


def _ours(server: Dovecot, box: str, found: MessageSet, work: Path) -> Cost:
    archive = Archive(folder=work / "archive-collect")
    archive.create()
    secret = archive.folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    archive.command(
        "source", "add", "--name", "box", "--server", f"{server.host}:{server.port}", "--user", box,
        "--password-file", str(secret), "--security", "none", "--keep-mails",
    )  # fmt: skip
    cost, told = archive.command("fetch", "--once")
    accounts = told["sources"]
    if not isinstance(accounts, list) or accounts[0]["seen"] != found.messages:
        raise ChildFailed(f"the account does not add up: {told}")
    return cost


def _peer(name: str, server: Dovecot, box: str, found: MessageSet) -> Cost:
    folder = Path(mkdtemp(prefix="benchmark-"))
    try:
        cost = PEERS[name](server, box, folder)
        taken = sum(1 for path in (folder / "mail").rglob("*") if path.parent.name in {"new", "cur"})
        if taken != found.messages:
            raise ChildFailed(f"{name} took {taken} of {found.messages} messages")
        return cost
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mbsync(server: Dovecot, box: str, folder: Path) -> Cost:
    settings = folder / "mbsyncrc"
    settings.write_text(
        f"IMAPAccount a\nHost {server.host}\nPort {server.port}\nUser {box}\nPass {PASSWORD}\nSSLType None\n"
        f"AuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath {folder}/mail/\n"
        f"Inbox {folder}/mail/INBOX\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\n"
        "Create Near\nSyncState *\n"
    )
    (folder / "mail").mkdir()
    return run(["mbsync", "--quiet", "--config", str(settings), "c"])


def _getmail(server: Dovecot, box: str, folder: Path) -> Cost:
    for part in ("new", "cur", "tmp"):
        (folder / "mail" / part).mkdir(parents=True)
    (folder / "getmailrc").write_text(
        f"[retriever]\ntype = SimpleIMAPRetriever\nserver = {server.host}\nport = {server.port}\n"
        f"username = {box}\npassword = {PASSWORD}\n\n[destination]\ntype = Maildir\npath = {folder}/mail/\n\n"
        "[options]\nverbose = 0\nread_all = true\ndelete = false\ndelivered_to = false\nreceived = false\n"
    )
    words = ["getmail", "--quiet", "--getmaildir", str(folder), "--rcfile", "getmailrc"]
    return run([*_as_nobody(folder), *words])


def _as_nobody(folder: Path) -> list[str]:
    """getmail refuses to write mail as root."""
    if os.geteuid() != 0:
        return []
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


PEERS = {"mbsync": _mbsync, "getmail": _getmail}
PROGRAMS = {"mbsync": "mbsync", "getmail": "getmail"}


def _summary(found: MessageSet, costs: list[Cost]) -> dict[str, object]:
    return {
        "runs": [round(cost.seconds, 2) for cost in costs],
        "messages_per_second": found.messages / _median(costs),
        "megabytes_per_second": found.raw_bytes / _median(costs) / 1e6,
        "cpu_seconds": median(cost.cpu_seconds for cost in costs),
        "peaks": list(costs[-1].peaks[:8]),
    }


def _median(costs: list[Cost]) -> float:
    return median(cost.seconds for cost in costs)
