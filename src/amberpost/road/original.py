"""The bytes of a message: its first capture, unwrapped as it was when it was sealed."""

from dataclasses import dataclass

from amberpost.errors import IntegrityError
from amberpost.message.journal import unwrap
from amberpost.road.entries import parse_header
from amberpost.road.frame import Taken, taken
from amberpost.road.open import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCapture:
    """A capture and the message shown of it."""

    capture: Taken  # with its raw bytes
    shown: bytes


def open_capture(vault: Vault, index: int) -> Taken:
    """The capture sealed under a ledger index, byte for byte."""
    record = vault.mail.store.read(index)
    if record.raw is None:
        raise IntegrityError("entry_without_message", subject=f"mail/{index}")
    return taken(parse_header(record.header), record.raw)  # type: ignore[arg-type]


def open_original(vault: Vault, message_id: int) -> OpenedCapture:
    """The message with this id (the ledger index of its first capture)."""
    capture = open_capture(vault, message_id)
    return OpenedCapture(capture=capture, shown=shown_of(capture))


def shown_of(capture: Taken) -> bytes:
    """The message inside a journal report, else the capture itself; of two originals the clear copy."""
    if capture.evaluation != "journal":
        return capture.raw
    return unwrap(capture.raw, capture.envelope).shown_bytes(capture.raw)
