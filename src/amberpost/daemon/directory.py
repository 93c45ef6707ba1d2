"""Read the directory on its schedule, and end the sessions of people it no longer lets in.

The schedule is the directory's interval; an operator may ask for a run at once. Sessions are looked at more
often, with one small question about those who are signed in now.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import close_old_connections, connection

from amberpost.clock import now
from amberpost.config import Config
from amberpost.errors import DirectoryError, UserError
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.vault.directory_sync import is_due, needs_first_look, note_breakdown, sync_directory
from amberpost.vault.open import open_keys_of
from amberpost.vault.signed_in import end_sessions_of_departed

log = logging.getLogger(__name__)

ACTOR = "directory"
WATCH_EVERY = timedelta(seconds=30)
WATCH_AFTER_ERROR = timedelta(minutes=10)  # a refused password asked too often would lock the account


def directory_loop(config: Config, stop: threading.Event) -> None:
    """Until told to stop."""
    keys = open_keys_of(config)
    turn = _Turns(LocalDisk(config.data), keys)
    try:
        while not stop.wait(1):
            turn.take()
            close_old_connections()
    finally:
        keys.close()
        connection.close()


class _Turns:
    """What is due now."""

    def __init__(self, disk: LocalDisk, keys: KeyStore) -> None:
        self._disk, self._keys = disk, keys
        self._watch_at: datetime = now()

    def take(self) -> None:
        if is_due(now()):
            self._sync()
        if now() >= self._watch_at:
            self._watch_at = now() + WATCH_EVERY
            self._watch()

    def _sync(self) -> None:
        try:
            sync_directory(self._disk, self._keys, by=ACTOR, must_ask=needs_first_look())
        except UserError as error:  # somebody else reads it, or its settings were changed meanwhile
            log.info("directory not read reason=%s", error.message)
        except Exception as error:  # top of this loop: a fault here must not stop collecting mail
            log.exception("directory run broke down")
            note_breakdown(error, by=ACTOR)

    def _watch(self) -> None:
        try:
            end_sessions_of_departed(self._keys, by=ACTOR)
        except DirectoryError:
            log.warning("directory does not answer about sessions")
            self._watch_at = now() + WATCH_AFTER_ERROR
