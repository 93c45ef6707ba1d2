"""One run of the IMAP connector, as the tests of it need it."""

from amberpost.sources.connector import CONNECTORS, FetchReport, run
from amberpost.sources.cursor import Cursor
from amberpost.sources.settings import AccountSettings, PasswordLogin, Task
from amberpost.store.secret import Secret
from tests.contract.source_contract import SOURCE_ID, MemoryAccept


def collect(settings: AccountSettings, accept: MemoryAccept, cursor: Cursor | None = None) -> FetchReport:
    task = Task(source_id=SOURCE_ID, cursor=cursor or Cursor())
    return run(CONNECTORS["imap"](settings, task), accept)


def plain_settings(port: int, *, password: bytes = b"p") -> AccountSettings:
    return AccountSettings(
        server="127.0.0.1",
        port=port,
        user="u",
        login=PasswordLogin(password=Secret(password)),
        security="none",
        timeout_seconds=5,
    )
