"""Read the directory on its schedule, and end the sessions of people it no longer lets in.

The schedule is the directory's interval; an operator may ask for a run at once. Sessions are looked at more
often, with one small question about those who are signed in now.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from amberpost.bell import LOOK_SECONDS, Bell
from amberpost.clock import now
from amberpost.config import Config
from amberpost.daemon.database import KeptConnection
from amberpost.errors import DirectoryError, UserError, is_disk_full
from amberpost.governance.departed import end_sessions_of_departed
from amberpost.governance.directory_sync import is_due, needs_first_look, note_breakdown, sync_directory
from amberpost.governance.place import is_confirmed
from amberpost.road.clock_readings import note_heard
from amberpost.road.open import open_keys_of
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore

log = logging.getLogger(__name__)

ACTOR = "directory"
WATCH_EVERY = timedelta(seconds=30)
WATCH_AFTER_REFUSAL = timedelta(minutes=10)  # a refused password asked too often would lock the account


def directory_loop(config: Config, bell: Bell, stop: threading.Event) -> None:
    """Read the directory whenever it is due, until told to stop."""

    def read(turns: Turns) -> float:
        turns.read_if_due()
        return LOOK_SECONDS

    _loop(config, bell, stop, read)


def session_loop(config: Config, bell: Bell, stop: threading.Event) -> None:
    """Look at open sessions, until told to stop; in a thread of its own, as reading may take long."""

    def watch(turns: Turns) -> float:
        turns.watch_if_due()
        return (turns.watch_at - now()).total_seconds()

    _loop(config, bell, stop, watch)


def _loop(config: Config, bell: Bell, stop: threading.Event, act: Callable[["Turns"], float]) -> None:
    """`act` returns the seconds until it wants to look again; it does at each ring, and after half a minute."""
    keys, database = open_keys_of(config), KeptConnection(config)
    turns = Turns(LocalDisk(config.data), keys)
    try:
        while not stop.is_set():
            rings, pause = bell.rings, LOOK_SECONDS
            database.renew()
            try:
                pause = act(turns)
                note_heard()
            except Exception:
                # top of the loop: a fault that cannot even be noted; mail is collected beside it
                log.exception("directory loop broke down")
            bell.wait(rings, min(max(pause, 0.0), LOOK_SECONDS))
    finally:
        keys.close()
        connection.close()


class Turns:
    """What is done when it is due; no fault, the directory's or ours, leaves from here: mail is collected beside it."""

    def __init__(self, disk: LocalDisk, keys: KeyStore) -> None:
        self._disk, self._keys = disk, keys
        self.watch_at: datetime = now()  # when sessions are looked at next

    def read_if_due(self) -> None:
        """A run, if the schedule or an operator wants one, and this is the archive."""
        try:
            if is_due(now()) and is_confirmed(self._disk.root):
                sync_directory(self._disk, self._keys, by=ACTOR, must_ask=needs_first_look())
        except UserError as error:  # somebody else reads it, or its settings were changed meanwhile
            log.info("directory not read reason=%s", error.code)
        except Exception as error:
            log.exception("directory run broke down")
            if not is_disk_full(error):  # else the note would find no room either
                note_breakdown(error, by=ACTOR)

    def watch_if_due(self) -> None:
        """Ask about those who are signed in, and end the sessions of who is no longer let in."""
        if timedelta(0) < self.watch_at - now() <= WATCH_AFTER_REFUSAL:  # more: the clock was ahead
            return
        self.watch_at = now() + WATCH_EVERY
        try:
            end_sessions_of_departed(self._keys, by=ACTOR)
        except DirectoryError as error:
            log.warning("directory does not answer about sessions")
            self.watch_at = now() + (WATCH_AFTER_REFUSAL if error.permanent else WATCH_EVERY)
        except Exception:
            log.exception("looking at sessions broke down")
            self.watch_at = now() + WATCH_AFTER_REFUSAL
