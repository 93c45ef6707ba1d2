"""Who may run a command on an archive, and whether anything can be written there.

An archive has one owner, the user its files belong to. Nobody else may leave files in it: a file that another
user makes there (a write-ahead log, a lock) locks the owner's service out. So commands of others end before they
touch anything, and root becomes the owner: it works with the owner's rights and no more.
"""

import os
import pwd
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from amberpost.errors import UserError


class AccessStep(Enum):
    """What a command does first."""

    GO_ON = auto()
    BECOME_OWNER = auto()
    REFUSE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose files an archive, or a folder for one, consists of."""

    uid: int
    gid: int
    has_archive: bool

    @property
    def name(self) -> str:
        """As sudo takes it."""
        return _name(self.uid) or f"#{self.uid}"


def first_step(us: int, owner: Owner, *, writes_nothing: bool) -> AccessStep:
    """For the user with the number `us`. `writes_nothing`: the command could not leave a file if it wanted to."""
    if us == owner.uid:
        return AccessStep.GO_ON
    if us == 0:
        return AccessStep.BECOME_OWNER
    return AccessStep.REFUSE if owner.has_archive and not writes_nothing else AccessStep.GO_ON


def require_owner(data: Path, words: Sequence[str], *, writes_nothing: bool) -> None:
    """Be who may go on, or UserError. Comes before anything of the archive is opened."""
    owner = owner_of(data)
    step = first_step(os.geteuid(), owner, writes_nothing=writes_nothing)
    if step is AccessStep.BECOME_OWNER:
        _become(owner)
    elif step is AccessStep.REFUSE:
        raise UserError(
            "archive_of_other_user",
            owner=owner.name,
            you=_name(os.geteuid()) or os.geteuid(),
            command=shlex.join(["sudo", "-u", owner.name, "amberpost", *words]),
            subject=str(data),
        )


def owner_of(data: Path) -> Owner:
    """Of the archive in `data`; where none is, of the folder that holds or will hold `data`."""
    try:
        found = (data / "origin.json").lstat()  # a link could name whom root shall become
        return Owner(uid=found.st_uid, gid=found.st_gid, has_archive=True)
    except (FileNotFoundError, NotADirectoryError):
        there = next(folder for folder in (data, *data.parents) if folder.exists())
        found = there.stat()
        return Owner(uid=found.st_uid, gid=found.st_gid, has_archive=False)
    except PermissionError as error:
        try:
            found = data.stat()
        except PermissionError:
            raise UserError("folder_closed", subject=str(data)) from error
        return Owner(uid=found.st_uid, gid=found.st_gid, has_archive=True)


def is_write_protected(data: Path) -> bool:
    """Whether we can write nothing there: a read-only medium or snapshot, or a folder without that permission."""
    return data.is_dir() and (has_read_only_mount(data) or not os.access(data, os.W_OK | os.X_OK))


def has_read_only_mount(data: Path) -> bool:
    """Whether nobody can write there, whoever they are."""
    try:
        return bool(os.statvfs(data).f_flag & os.ST_RDONLY)
    except OSError:
        return False  # not there, or closed to us: then the owner is asked for


def _become(owner: Owner) -> None:
    """For good: the groups first, for afterwards we may not change them any more."""
    try:
        name = _name(owner.uid)
        os.setgroups(os.getgrouplist(name, owner.gid) if name else [owner.gid])
        os.setgid(owner.gid)
        os.setuid(owner.uid)
    except PermissionError as error:
        raise UserError("owner_not_to_become", owner=owner.name) from error


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
