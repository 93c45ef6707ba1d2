"""The journal mailbox of the demo: a sample IMAP server filled with journal reports, to which more come.

Everything is made up, listens on loopback only, and is gone when the process ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from amberpost.clock import now
from amberpost.demo.imap_server import ImapServer
from amberpost.demo.sample_mail import journal_reports
from amberpost.store.secret import Secret


@contextmanager
def serve_sample_mail(
    *, seed: str, count: int, user: str, password: Secret, per_minute: float = 4
) -> Iterator[ImapServer]:
    """Serve `count` reports of the last two years, and `per_minute` fresh ones until the block ends."""
    server = ImapServer(user=user, password=password)
    for report in journal_reports(seed, count, now()):
        server.inbox.add(report.raw, report.sent_at)
    stopped = Event()

    def trickle_in() -> None:
        """New mail as it comes, each of a seed of its own."""
        number = 0
        while not stopped.wait(60 / per_minute if per_minute else None):
            number += 1
            for report in journal_reports(f"{seed}/fresh/{number}", 1, now(), days=0):
                server.inbox.add(report.raw, report.sent_at)

    trickle = Thread(target=trickle_in, daemon=True)
    server.start()
    trickle.start()
    try:
        yield server
    finally:
        stopped.set()
        trickle.join()
        server.stop()
