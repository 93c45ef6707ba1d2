"""What the ledger asks of files. The store's disk fulfils it; so does a dictionary in a test."""

from typing import Protocol


class Files(Protocol):
    """Paths are relative, with slashes. Errors other than a missing file come as StoreError."""

    def read(self, path: str) -> bytes:
        """All bytes; FileNotFoundError if there is no such file."""

    def replace(self, path: str, data: bytes) -> None:
        """Old bytes or new ones, never a mixture; durable on return; makes folders."""

    def list(self, path: str) -> list[str]:
        """Names in a folder; empty if there is none."""

    def remove(self, path: str) -> None:
        """FileNotFoundError if there is no such file."""


def read_or_none(files: Files, path: str) -> bytes | None:
    """The bytes, or None for a missing file."""
    try:
        return files.read(path)
    except FileNotFoundError:
        return None
