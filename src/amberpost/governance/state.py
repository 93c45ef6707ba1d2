"""What people decided, as one value: for the CONFIG records in the audit log and for config export/import.

State tables are those a rebuild could not derive from mail. Their rows are kept whole, secrets sealed as
they are, so that a rebuilt archive has the same users, archives, addresses and sources under the same ids.
"""

import base64
import hashlib
import json
from datetime import date, datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

from amberpost.accounts.models import Installation, Membership, Release, SeatLimit, User
from amberpost.directory.models import Address, AddressRules, Archive, Directory
from amberpost.notice.models import NoticeSettings
from amberpost.sources.models import OwnDomain, Source, SourceProtocol

STATE: tuple[type[models.Model], ...] = (  # in order of dependence
    Directory,
    Archive,
    Address,
    AddressRules,
    User,
    Membership,
    Release,
    SeatLimit,
    OwnDomain,
    Source,
    NoticeSettings,
    Installation,
)

STATE_VERSION = 1

Snapshot = dict[str, Any]


def take_snapshot() -> Snapshot:
    """The state tables as JSON values."""
    snapshot: Snapshot = {"version": STATE_VERSION}
    for model in STATE:
        rows = model._default_manager.order_by("pk").values()
        snapshot[model._meta.label] = [
            # When somebody signed in last is no decision.
            {name: _value(value) for name, value in row.items() if name != "last_login"}
            for row in rows
        ]
    return snapshot


def snapshot_mark(snapshot: Snapshot) -> int:
    """Tells whether anything was decided since (60 bits of a hash); last sign-ins do not count."""
    text = json.dumps(snapshot, sort_keys=True)
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)


def restore_snapshot(snapshot: Snapshot) -> None:
    """Make the state tables what the snapshot says; they must be empty but for the import source."""
    with transaction.atomic():
        Source.objects.filter(protocol=SourceProtocol.FILE).delete()
        for model in STATE:
            known = {field.attname for field in model._meta.concrete_fields}
            rows = [
                model(**{name: _back(value) for name, value in values.items() if name in known})
                for values in snapshot.get(model._meta.label, [])
            ]
            model._default_manager.bulk_create(rows)
        # Rows came with their ids: PostgreSQL must go on behind them.
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), list(STATE)):
                cursor.execute(sql)


def state_is_empty() -> bool:
    """True for a database nobody has decided anything in yet; every archive has a source for imports."""
    decided = Source.every.exclude(protocol=SourceProtocol.FILE).exists()
    return not decided and not any(model._default_manager.exists() for model in STATE if model is not Source)


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"on": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _back(value: object) -> object:
    if isinstance(value, dict) and set(value) == {"at"}:
        return datetime.fromisoformat(value["at"])
    if isinstance(value, dict) and set(value) == {"on"}:
        return date.fromisoformat(value["on"])
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return base64.b64decode(value["bytes"])
    return value
