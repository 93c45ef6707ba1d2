"""Native code fails in its own words, at worst with a panic that is no Exception; here it becomes ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from amberpost.errors import ArchiveError, DiskFull, is_disk_full


@contextmanager
def guarded(kind: type[ArchiveError], code: str) -> Iterator[None]:
    """Raise `kind` with the code instead of whatever the native code raises."""
    try:
        yield
    except (ArchiveError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException as error:  # pyo3's PanicException is a BaseException that cannot be imported
        if is_disk_full(error):
            raise DiskFull("index") from error
        raise kind(code) from error
