"""amberpost rebuild [--catalogue] [--index]: make anew what is derived; without options both."""

import argparse

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result, counted
from amberpost.daemon.database import migrate, put_aside_damaged
from amberpost.daemon.work import settle
from amberpost.governance.deeds import rebuild_state
from amberpost.road.models import Message
from amberpost.road.open import open_writer_vault
from amberpost.road.pool import Pool
from amberpost.road.rebuild import put_aside_damaged_index, rebuild_catalogue, rebuild_index

NEEDS_ARCHIVE = False  # there may be no database at all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", action="store_true", help="only the catalogue")
    parser.add_argument("--index", action="store_true", help="only the search index")


def run(call: Call) -> Result:
    both = not (call.arguments.catalogue or call.arguments.index)
    with open_writer_vault(call.config) as vault:
        aside = put_aside_damaged(call.config)
        migrate(call.config)
        pool = Pool(call.config.pool, vault.dedup_key)
        try:
            restored = rebuild_state(vault)
            is_new = bool(aside) or restored  # then all of it has to be made, whatever was asked for
            entries = rebuild_catalogue(vault, pool) if both or call.arguments.catalogue or is_new else 0
            indexed = 0
            if both or call.arguments.index or is_new:
                aside += put_aside_damaged_index(vault)
                indexed = rebuild_index(vault, pool)
        finally:
            pool.close()
    record(call.actor, Action.ARCHIVE_REBUILT, entries=entries, indexed=indexed, state=restored)
    settle(call.config)
    data = {
        "entries": entries,
        "indexed": indexed,
        "messages": Message.objects.count(),
        "state_restored": restored,
        "put_aside": [str(path) for path in aside],
    }
    lines = [f"damaged, now {path}" for path in aside]
    return Result(
        data=data,
        text="\n".join(
            [*lines, f"{counted(entries, 'entry', 'entries')} read, {counted(indexed, 'message')} indexed"]
        ),
    )
