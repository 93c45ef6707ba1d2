"""One writer: the lock that makes a process the worker of an archive."""

from amberpost.errors import WorkerBusy
from amberpost.store.disk import Disk, Lock

WORKER_LOCK = "worker.lock"


def take_worker_lock(disk: Disk) -> Lock:
    """Become the single writer of segments, ledgers and keys; WorkerBusy if another process is."""
    lock = find_worker_lock(disk)
    if lock is None:
        raise WorkerBusy("Another process is the worker of this archive", subject=WORKER_LOCK)
    return lock


def find_worker_lock(disk: Disk) -> Lock | None:
    """As take_worker_lock(), but None if another process is the worker."""
    return disk.lock(WORKER_LOCK)
