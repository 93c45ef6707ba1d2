"""amberpost fetch [--source N] --once: collect now, and return when everything taken is processed."""

import argparse
import threading
from concurrent.futures import ThreadPoolExecutor

from amberpost.cli.call import Call, Result
from amberpost.cli.clock_command import clock_sentence
from amberpost.daemon.fetch import collect_once
from amberpost.daemon.work import settle, work_beside
from amberpost.errors import SealingWaits, SourceError, UserError
from amberpost.governance.place import require_confirmed
from amberpost.sources.models import Source

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", help="only this account")
    parser.add_argument("--once", action="store_true", help="one run (a running server repeats by itself)")


def run(call: Call) -> Result:
    require_confirmed(call.config.data)
    sources = _sources(call.arguments.source)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        collecting = threads.submit(collect_once, call.config, sources, stop)
        try:
            work_beside(call.config, collecting)
        finally:
            stop.set()  # a worker that failed will never do what the collecting thread waits for
        accounts = collecting.result()
    settle(call.config)
    data: dict[str, object] = {"sources": [account.as_json() for account in accounts]}
    lines = [
        f"{a.source}: seen {a.seen} = stored {a.stored} + duplicate {a.duplicate} + quarantined {a.quarantined}"
        + f" + left {a.left}"
        + (f" + waiting {a.waiting}" if a.waiting else "")
        + f" in {a.seconds:.1f} s"
        + (f"; failed: {a.error}" if a.error else "")
        for a in accounts
    ]
    failed, waiting = any(account.error for account in accounts), sum(account.waiting for account in accounts)
    if waiting:
        data["clock"] = clock_sentence()
        lines.append(f"{waiting} accepted and waiting to be sealed: {data['clock']}")
    code = SourceError.exit_code if failed else SealingWaits.exit_code if waiting else 0
    return Result(data=data, text="\n".join(lines), exit_code=code)


def _sources(name: str | None) -> list[Source]:
    sources = list(Source.objects.filter(enabled=True).exclude(protocol="file"))
    if name is not None:
        sources = [source for source in sources if source.name == name]
        if not sources:
            raise UserError("account_unknown_or_off", subject=name)
    return sources
