"""amberpost fetch [--source N] --once: collect now, and return when everything taken is processed."""

import argparse

from amberpost.cli.call import Call, Result
from amberpost.daemon.fetch import Fetcher
from amberpost.daemon.work import settle
from amberpost.errors import SourceError, UserError
from amberpost.sources.models import Source
from amberpost.vault.open import open_keys_of

NEEDS_ARCHIVE = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", help="only this account")
    parser.add_argument("--once", action="store_true", help="one run (a running server repeats by itself)")


def run(call: Call) -> Result:
    keys = open_keys_of(call.config)
    fetcher = Fetcher(call.config, keys, settles=True)
    try:
        accounts = [fetcher.collect(source) for source in _sources(call.arguments.source)]
    finally:
        fetcher.close()
        keys.close()
    settle(call.config)
    failed = any(account.error for account in accounts)
    return Result(
        data={"sources": [account.as_json() for account in accounts]},
        text="\n".join(
            f"{a.source}: seen {a.seen} = stored {a.stored} + duplicate {a.duplicate} + quarantined {a.quarantined}"
            f" + left {a.left} in {a.seconds:.1f} s" + (f"; failed: {a.error}" if a.error else "")
            for a in accounts
        ),
        exit_code=SourceError.exit_code if failed else 0,
    )


def _sources(name: str | None) -> list[Source]:
    sources = list(Source.objects.filter(enabled=True).exclude(protocol="file"))
    if name is not None:
        sources = [source for source in sources if source.name == name]
        if not sources:
            raise UserError("There is no such account, or it is switched off", subject=name)
    return sources
