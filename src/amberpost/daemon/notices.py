"""Look every minute whether all is well, and tell whom the operators named.

Each long-running process looks with a thread of its own, so that one tells of another that died; the claim of
the round lets exactly one of them act. A relay that hangs holds up nobody but this thread.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError, connection
from django.utils import timezone

from amberpost.accounts.installation import archive_zone
from amberpost.clock import now
from amberpost.config import Config
from amberpost.daemon.database import KeptConnection
from amberpost.errors import ArchiveError
from amberpost.health.alarms import alarms
from amberpost.health.facts import gather, index_is_there
from amberpost.notice.configure import current_settings
from amberpost.notice.outbox import carry, waiting
from amberpost.notice.rounds import claim_round, follow, forget_old, seconds_until_round
from amberpost.road.clock_readings import note_heard
from amberpost.road.open import open_keys_of
from amberpost.store.secret import OpenSetting

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 15.0  # after looking has failed


def start_notices(config: Config, stop: threading.Event) -> threading.Thread:
    """Look until told to stop, beside what this process does."""
    thread = threading.Thread(target=_loop, args=(config, stop), daemon=True, name="notices")
    thread.start()
    return thread


def hold_round(config: Config, at: datetime) -> bool:
    """Look, note and tell, if it is time and nobody else does. True if this was the one.

    What may be a copy tells nobody: what is not well there is only noted, and told once it is the archive.
    """
    if not claim_round(at):
        return False
    settings = current_settings()
    facts = gather(config, has_index=index_is_there(config))
    follow(alarms(facts, settings), [] if facts.doubts else settings.channels, at)
    if not facts.doubts:
        carry_all(config)
    forget_old(at)
    return True


def carry_all(config: Config) -> None:
    """Hand over what waits in the outbox. After a failure the rest of that way waits, too."""
    settings, failed = current_settings(), set()
    with unsealing(config) as unseal, timezone.override(archive_zone()):
        for dispatch in waiting(now()):
            if dispatch.channel not in failed and not carry(dispatch, settings, unseal, config.url):
                failed.add(dispatch.channel)


@contextlib.contextmanager
def unsealing(config: Config) -> Iterator[OpenSetting]:
    """Opens sealed settings; the keys are fetched when the first is asked for."""
    with contextlib.ExitStack() as stack:

        def unseal(row: str, field: str, sealed: bytes) -> bytes:
            keys = open_keys_of(config)
            stack.callback(keys.close)
            return keys.open_setting(row, field, sealed)

        yield unseal


def _loop(config: Config, stop: threading.Event) -> None:
    database = KeptConnection(config)
    try:
        while not stop.is_set():
            pause = _PAUSE_SECONDS
            database.renew()
            try:
                hold_round(config, now())
                pause = seconds_until_round()
                note_heard()  # by a webhook, or where people sign in
            except (ArchiveError, DatabaseError) as error:
                log.warning("looking for alarms failed reason=%s", type(error).__name__)
            except Exception:  # top of the loop: what tells of trouble must not die of it
                log.exception("looking for alarms failed")
            stop.wait(pause)
    finally:
        connection.close()
