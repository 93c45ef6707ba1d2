"""A small archive on the real disk, for tests that damage it."""

from dataclasses import dataclass
from pathlib import Path

from amberpost.errors import ArchiveError, Finding
from amberpost.store.batch import NewRecord
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore
from amberpost.store.open_keys import create_keys, open_keys
from amberpost.store.split import Cut, split
from amberpost.store.store import Store


@dataclass(frozen=True)
class Sample:
    """Where it lies, and how to look at it as verify does."""

    data: Path
    key_file: Path
    contents: tuple[bytes, ...]

    def open(self) -> KeyStore:
        return open_keys(self.data, self.key_file)

    def findings(self, depth: str = "deep") -> list[Finding]:
        """What a check says; an archive that does not even open is a finding too."""
        try:
            keys = self.open()
            try:
                store = Store.open(LocalDisk(self.data), keys, "mail", read_only=True)
                return list(store.check(depth))  # type: ignore[arg-type]
            finally:
                keys.close()
        except ArchiveError as error:
            return [Finding(kind="does-not-open", where=error.subject or "", remark=error.remark)]


def make_sample(folder: Path, contents: tuple[bytes, ...], *, passphrase: str | None = None) -> Sample:
    data, key_file = folder / "data", folder / "keys" / "archive.key"
    keys = create_keys(data, key_file, passphrase=passphrase)
    disk = LocalDisk(data)
    IntakeLog(disk, keys).append([b"waiting"])
    store = Store.open(disk, keys, "mail")
    for number, content in enumerate(contents):
        cuts = [Cut(start=5, end=len(content), kind="whole")]
        parts = split(content, cuts, keys.label("dedup"))
        leaf = b'{"n":%d}' % number
        store.append([NewRecord(capture_id=bytes([number]) * 16, leaf=leaf, header=b"h", split=parts)])
    store.close()
    keys.database.truncate_wal()
    keys.close()
    return Sample(data=data, key_file=key_file, contents=contents)
