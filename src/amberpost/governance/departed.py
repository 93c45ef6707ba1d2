"""People who are signed in while the directory has closed their accounts: their sessions end.

The plan of the next run disables them; this is asked far more often, and about them alone. A directory that
does not answer ends nobody's session.
"""

from amberpost.accounts.models import User
from amberpost.accounts.sessions import end_sessions, signed_in_users
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.active import active_directory, secret_of
from amberpost.directory.configure import missing_fields
from amberpost.directory.readers import WATCHERS
from amberpost.governance.directory_sync import request_sync
from amberpost.store.keys import KeyStore


def end_sessions_of_departed(keys: KeyStore, *, by: str) -> list[User]:
    """End the sessions of those whose accounts are gone or disabled, and ask for a run. DirectoryError."""
    directory = active_directory()
    watcher = WATCHERS.get(directory.kind)
    if watcher is None or missing_fields(directory):
        return []
    present = [user for user in signed_in_users() if user.is_managed and user.directory_key]
    if not present:
        return []
    asked = [str(user.directory_key) for user in present]
    enabled = watcher(directory, lambda field: secret_of(directory, field, keys.open_setting), asked)
    departed = [user for user in present if user.directory_key not in enabled]
    if departed:
        end_sessions(departed)
        for user in departed:
            record(by, Action.USER_SESSIONS_ENDED, user.login)
        request_sync(directory)
    return departed
