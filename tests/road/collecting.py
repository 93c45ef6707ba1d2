"""A mailbox on a real Dovecot and an archive in this process that collects it: the road without commands."""

import imaplib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from amberpost.daemon.fetch import Account, Fetcher, collect_once
from amberpost.daemon.work import settle, work_beside
from amberpost.road.entries import Leaf, parse_leaf
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import Source
from tests.opened import Opened
from tests.servers.dovecot import Dovecot

USER, WORD = "journal", "journal word"


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One account at one server, as a source of one archive."""

    opened: Opened
    server: Dovecot
    protocol: str = "imap"

    def configure(self, *, port: int | None = None, **changes: Any) -> Source:
        """Make or change the source; over clear text where `port` is a proxy's."""
        source = Source.objects.filter(name="Journal").first() or Source(name="Journal", user=USER)
        source.protocol = self.protocol
        usual = self.server.pop3_port if self.protocol == "pop3" else self.server.port
        source.server = f"localhost:{port or usual}"
        source.ca_pem = self.server.ca_pem
        source.security = "none" if port else "starttls"
        for name, value in changes.items():
            setattr(source, name, value)
        keys = open_keys_of(self.opened.config)
        save_source(source, NewSecrets(password=WORD), keys.seal_setting)
        keys.close()
        return source

    def deliver(self, messages: Sequence[bytes]) -> None:
        self.server.deposit(USER, messages)

    def collect(self, *, settles: bool = True) -> Account:
        """One run, processed to the end; or as a collecting process that is gone before the worker looks."""
        return collect(self.opened, settles=settles)

    def client(self) -> imaplib.IMAP4:
        """Another reader of this mailbox; it has seen what is there now, so the server has numbered it."""
        client = imaplib.IMAP4("127.0.0.1", self.server.port)
        client.login(USER, WORD)
        client.select("INBOX")
        return client

    def remove(self, *numbers: int) -> None:
        """Another reader deletes these for good, by their place in the folder."""
        with self.client() as client:
            client.store(",".join(map(str, numbers)), "+FLAGS", "\\Deleted")
            client.expunge()

    def leaves(self, kind: str) -> list[Leaf]:
        """The sealed leaves of one type."""
        with self.opened.reading() as vault:
            store = vault.mail.store
            leaves = [parse_leaf(store.read(index).leaf) for index in range(store.next_index)]
        return [leaf for leaf in leaves if leaf["t"] == kind]


def collect(opened: Opened, *, settles: bool = True) -> Account:
    return collect_one(opened, Source.objects.get(name="Journal")) if settles else collect_alone(opened)


def collect_one(opened: Opened, source: Source) -> Account:
    """One run at one source, processed to the end."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        collecting = threads.submit(collect_once, opened.config, [source], stop)
        try:
            work_beside(opened.config, collecting)
        finally:
            stop.set()
        (account,) = collecting.result()
    settle(opened.config)
    return account


def collect_alone(opened: Opened, then: Callable[[], None] = lambda: None) -> Account:
    """A run while nobody is the worker; `then` is called when the server has forgotten the mail."""
    keys = open_keys_of(opened.config)
    fetcher = Fetcher(opened.config, keys)
    fetcher._wait = lambda *_: then()  # type: ignore[method-assign]
    try:
        return fetcher.collect(Source.objects.get(name="Journal"))
    finally:
        fetcher.close()
        keys.close()
