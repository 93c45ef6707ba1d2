"""Take custody: bytes in, receipts out. Nothing is parsed here, so no parser can cost a message."""

import secrets
from collections.abc import Sequence

from amberpost.bell import ring
from amberpost.clock import now
from amberpost.errors import DiskFull, StoreError
from amberpost.handover import CaptureId, Incoming, Receipt
from amberpost.road.frame import encode_frame
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog

MIN_FREE_BYTES = 256 * 1024 * 1024


def require_room(disk: LocalDisk) -> None:
    """Stop taking mail before the disk is full: it is safe where it is, and reading must go on."""
    free = disk.free_bytes()
    if free < 2**20:
        raise DiskFull(str(disk.root))
    if free < MIN_FREE_BYTES:
        raise StoreError("room_too_small", free=free // 2**20)


def accept(intake: IntakeLog, incoming: Sequence[Incoming]) -> list[Receipt]:
    """Take custody of messages.

    When this returns, the bytes are in the intake log and synced to disk; from now on only a sealed record
    takes them out of there. It does not look inside. Handing the same thing over again is allowed;
    process() decides what is a repetition. On any error nothing has been promised.
    """
    captured_at = now()
    ids = secrets.token_bytes(16 * len(incoming))
    receipts = [Receipt(capture_id=CaptureId(ids[at : at + 16])) for at in range(0, len(ids), 16)]
    intake.append(
        [
            encode_frame(receipt.capture_id, item, captured_at)
            for receipt, item in zip(receipts, incoming, strict=True)
        ]
    )
    ring()
    return receipts
