"""amberpost import PATH ...: messages, mailboxes and folders of them, packed or not; told apart by their content."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from amberpost.accounts.people import get_user
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result
from amberpost.cli.clock_command import clock_sentence
from amberpost.daemon.fetch import outcomes_of
from amberpost.daemon.work import settle, work_beside
from amberpost.errors import SealingWaits, UserError
from amberpost.handover import CaptureId
from amberpost.message.evaluate import parse_mode
from amberpost.remark import Remark
from amberpost.road.accept import accept, require_room
from amberpost.road.models import Outcome
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import import_source
from amberpost.sources.files.reader import FileReader
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog

NEEDS_ARCHIVE = True

_NAMED = 50  # a screen or two; --json has them all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="a file, or a folder with all below it"
    )
    parser.add_argument(
        "--archive", metavar="USER", help="put everything into this user's archive (login, address or name)"
    )
    parser.add_argument("--evaluation", default="journal", help="how owners are found (default: journal)")
    parser.add_argument(
        "--deleted", action="store_true", help="also what was deleted in its mailbox and not yet removed"
    )


def run(call: Call) -> Result:
    started = time.monotonic()
    require_room(LocalDisk(call.config.data))
    reader = FileReader(
        source_id=import_source().pk,
        evaluation=parse_mode(call.arguments.evaluation),
        target_archive=_target(call.arguments.archive),
        ceiling_bytes=call.config.ceiling_bytes,
        takes_deleted=call.arguments.deleted,
    )
    captures = _take(call, reader)
    settle(call.config, captures)
    counts = outcomes_of(captures)
    waiting = len(captures) - sum(counts.values())
    data: dict[str, Any] = {
        "seen": len(captures) + len(reader.left),
        "stored": counts[Outcome.STORED],
        "duplicate": counts[Outcome.DUPLICATE],
        "quarantined": counts[Outcome.QUARANTINED],
        "left": len(reader.left),
        **({"waiting": waiting, "clock": clock_sentence()} if waiting else {}),
        "left_reasons": dict(Counter(str(reason) for _, reason in reader.left).most_common()),
        "seconds": round(time.monotonic() - started, 3),
    }
    record(
        call.actor,
        Action.IMPORT_FINISHED,
        seen=len(captures) + len(reader.left),
        stored=counts[Outcome.STORED],
        duplicate=counts[Outcome.DUPLICATE],
        quarantined=counts[Outcome.QUARANTINED],
        left=len(reader.left),
        waiting=waiting,
    )
    settle(call.config)
    data["left_files"] = [{"file": name, "reason": str(reason)} for name, reason in reader.left]
    data["notes"] = [{"file": name, "note": str(note)} for name, note in reader.notes]
    return Result(
        data=data,
        text=_text(data, reader.left, reader.notes),
        exit_code=SealingWaits.exit_code if waiting else 0,
    )


def _take(call: Call, reader: FileReader) -> list[CaptureId]:
    """Accept everything; work on it at the same time if no server does."""
    keys = open_keys_of(call.config)
    intake = IntakeLog(LocalDisk(call.config.data), keys)
    captures: list[CaptureId] = []
    try:
        with _progress(call.arguments.json) as progress, ThreadPoolExecutor(1) as threads:
            task = progress.add_task("taken in", total=None)

            def feed() -> None:
                for batch in reader.fetch(call.arguments.paths):
                    captures.extend(receipt.capture_id for receipt in accept(intake, batch))
                    progress.update(task, completed=len(captures))
                intake.close()

            feeding = threads.submit(feed)
            work_beside(call.config, feeding)
            feeding.result()
    finally:
        intake.close()
        keys.close()
    return captures


def _progress(as_json: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        disable=as_json or not sys.stderr.isatty(),
    )


def _target(login: str | None) -> int | None:
    if login is None:
        return None
    archive_id: int | None = get_user(login).private_archive_id
    if archive_id is None:
        raise UserError("user_without_archive", subject=login)
    return archive_id


def _text(
    data: dict[str, Any], left: Sequence[tuple[str, Remark]], notes: Sequence[tuple[str, Remark]]
) -> str:
    lines = [f"left: {name}: {reason}" for name, reason in left[:_NAMED]]
    lines += [f"note: {name}: {note}" for name, note in notes[:_NAMED]]
    if len(left) > _NAMED or len(notes) > _NAMED:
        lines.append("more was left or noted than is named here; --json names all")
    lines += [f"left {count}: {reason}" for reason, count in data["left_reasons"].items()]
    account = (
        f"seen {data['seen']} = stored {data['stored']} + duplicate {data['duplicate']}"
        f" + quarantined {data['quarantined']} + left {data['left']}"
    )
    if "waiting" in data:
        account += f" + waiting {data['waiting']}"
        lines.append(f"{data['waiting']} accepted and waiting to be sealed: {data['clock']}")
    return "\n".join([*lines, f"{account} in {data['seconds']} s"])
