"""The same on PostgreSQL: several processes, one claim, one message."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from amberpost.clock import now
from amberpost.health.facts import gather
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.configure import current_settings, save_settings
from amberpost.notice.models import Channel, Notice
from amberpost.notice.outbox import carry, waiting
from amberpost.notice.rounds import claim_round, follow
from tests.opened import Opened
from tests.servers.postgres import INITDB, PROGRAM, Postgres
from tests.servers.smtp import relay

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(PROGRAM is None or INITDB is None, reason="PostgreSQL is not installed"),
]


def test_an_alarm_goes_its_way_on_postgresql(tmp_path: Path, django_db_blocker: Any) -> None:
    alarm = Alarm(kind=AlarmKind.JOBS_FAILED, level=Level.WARNING, stage=1, arguments={"number": 1})
    with Postgres() as server, django_db_blocker.unblock(), relay() as (mailbox, port):
        opened = Opened.create(tmp_path / "archive", database=server.create_database())
        try:
            settings = current_settings()
            settings.relay, settings.addresses, settings.security = (
                f"localhost:{port}",
                ["o@f.example"],
                "none",
            )
            save_settings(settings, {}, lambda _r, _f, plain: plain)
            assert gather(opened.config, has_index=True).disk_percent > 0
            at = now()
            assert claim_round(at)
            assert not claim_round(at)
            follow([alarm], [Channel.MAIL], at)
            (dispatch,) = waiting(now())

            def send() -> None:
                carry(dispatch, settings, lambda _r, _f, sealed: sealed, opened.config.url)
                connection.close()

            threads = [threading.Thread(target=send) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(mailbox.messages) == 1
            follow([], [Channel.MAIL], at + timedelta(minutes=6))
            assert Notice.objects.get().ended_at == at + timedelta(minutes=6)
        finally:
            opened.leave()
