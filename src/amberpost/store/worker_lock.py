"""One writer: the lock that makes a process the worker of an archive."""

from amberpost.errors import WorkerBusy
from amberpost.store.disk import Disk, Lock

WORKER_LOCK = "worker.lock"


def take_worker_lock(disk: Disk) -> Lock:
    """Become the single writer of segments, ledgers and keys; WorkerBusy if another process is."""
    lock = disk.lock(WORKER_LOCK)
    if lock is None:
        raise WorkerBusy("worker_busy", subject=WORKER_LOCK)
    return lock


def is_at_work(disk: Disk) -> bool:
    """Whether some process is the worker; touches no file."""
    return disk.is_locked(WORKER_LOCK)
