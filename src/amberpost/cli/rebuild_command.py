"""amberpost rebuild [--catalogue] [--index]: make anew what is derived; without options both."""

import argparse

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.cli.call import Call, Result
from amberpost.daemon.database import migrate
from amberpost.daemon.work import settle
from amberpost.vault.models import Message
from amberpost.vault.open import open_writer_vault
from amberpost.vault.pool import Pool
from amberpost.vault.rebuild import rebuild_catalogue, rebuild_index, rebuild_state

NEEDS_ARCHIVE = False  # there may be no database at all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", action="store_true", help="only the catalogue")
    parser.add_argument("--index", action="store_true", help="only the search index")


def run(call: Call) -> Result:
    both = not (call.arguments.catalogue or call.arguments.index)
    with open_writer_vault(call.config) as vault:
        migrate(call.config)
        pool = Pool(call.config.pool, vault.dedup_key)
        try:
            restored = rebuild_state(vault)
            entries = rebuild_catalogue(vault, pool) if both or call.arguments.catalogue else 0
            indexed = rebuild_index(vault, pool) if both or call.arguments.index or restored else 0
        finally:
            pool.close()
    record(call.actor, Action.ARCHIVE_REBUILT, entries=entries, indexed=indexed, state=restored)
    settle(call.config)
    data = {
        "entries": entries,
        "indexed": indexed,
        "messages": Message.objects.count(),
        "state_restored": restored,
    }
    return Result(data=data, text=f"{entries} entries read, {indexed} messages indexed")
