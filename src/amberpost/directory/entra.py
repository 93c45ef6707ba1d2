"""Reading Microsoft Entra ID through Microsoft Graph: everybody in it, and who is enabled now.

Promises: what is read is whole, or a DirectoryError says why not; only GET questions, no write anywhere.
What Graph cannot tell (delegates of mailboxes, public folders, Exchange's dynamic groups) is in the notes or
the documents. People sign in at Microsoft (accounts.openid), never here.
"""

from collections.abc import Collection

from amberpost.directory.found import Found
from amberpost.directory.settings import EntraSettings
from amberpost.errors import DirectoryError


def read_entra(settings: EntraSettings) -> Found:
    """Everybody and everything with a mail address; DirectoryError if Graph does not answer in full."""
    raise DirectoryError("not built yet", permanent=True)


def enabled_entra_keys(settings: EntraSettings, keys: Collection[str]) -> frozenset[str]:
    """Those of `keys` whose accounts exist and are enabled now. For ending sessions soon after."""
    raise DirectoryError("not built yet", permanent=True)
