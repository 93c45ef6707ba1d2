"""An archive used within this process: what the commands do, without starting a process for each."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.db import connections
from django.test import Client

from amberpost import config as settings
from amberpost.accounts.models import User
from amberpost.accounts.people import add_user, get_user, give_addresses
from amberpost.cli.init_command import create_archive
from amberpost.clock import milliseconds, now
from amberpost.config import Config
from amberpost.daemon.verify import verify_archive
from amberpost.daemon.work import open_worker
from amberpost.directory.archives.local import current_addresses
from amberpost.errors import Finding
from amberpost.governance.deeds import rebuild_state
from amberpost.handover import CaptureId, Incoming, Origin
from amberpost.message.types import Envelope
from amberpost.reading.export import export_whole
from amberpost.reading.find import ResultPage, find
from amberpost.road.accept import accept
from amberpost.road.late import request_assignment
from amberpost.road.models import Capture, Outcome
from amberpost.road.open import Vault, open_keys_of, open_vault, open_writer_vault
from amberpost.road.pool import Pool
from amberpost.road.rebuild import rebuild_catalogue, rebuild_index
from amberpost.site.settings import _database
from amberpost.sources.configure import NewSecrets, import_source, save_source
from amberpost.sources.models import Source
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog
from tests.archive import STARTER, TIMEOUT, Archive, environment, read_export, with_changes

_PASSWORD = "a long enough password"
_FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Argon2 on purpose takes long


@dataclass
class Opened:
    """The current archive of this process."""

    config: Config
    _before: "_Before"

    # Life

    @classmethod
    def create(cls, data: Path, **changes: object) -> Self:
        """A new archive."""
        opened = cls.enter(data, **changes)
        create_archive(opened.config, actor="test")
        return opened

    @classmethod
    def enter(cls, data: Path, **changes: object) -> Self:
        """An archive that is there."""
        config = with_changes(settings.load(data), changes)
        before = _Before.note()
        settings.activate(config)
        use_database(config)
        _set_hashers(_FAST)
        return cls(config=config, _before=before)

    def leave(self) -> None:
        """Give this process back as it was."""
        connections.close_all()
        self._before.restore()

    @cached_property
    def commands(self) -> Archive:
        """The same archive for commands of their own."""
        database = {"AMBERPOST_DATABASE": self.config.database} if self.config.database else {}
        return Archive(data=self.config.data, settings=database)

    # What people do

    def add_user(self, login: str, *addresses: str, role: str = "reader") -> User:
        user, _ = add_user(login, name=login, addresses=addresses, role=role, password=_PASSWORD, by="test")
        if user.private_archive is not None:
            request_assignment(current_addresses(user.private_archive), "test")
        return user

    def give_addresses(self, login: str, *addresses: str) -> None:
        request_assignment(give_addresses(get_user(login), addresses, by="test"), "test")

    @cached_property
    def mailbox(self) -> int:
        """The id of a source that nobody asks."""
        if known := Source.objects.filter(name="mailbox").first():
            return known.pk
        keys = open_keys_of(self.config)
        source = Source(name="mailbox", server="localhost", user="journal", enabled=False)
        save_source(source, NewSecrets(password="word"), keys.seal_setting)
        keys.close()
        return source.pk

    @cached_property
    def files(self) -> int:
        """The id of the source that stands for imports."""
        return import_source().pk

    def browser(self, login: str) -> Client:
        """A browser of this user in the middle of a session; whether the session holds is for the pages to say."""
        client = Client()
        client.force_login(get_user(login), "amberpost.signin.login.LocalUsers")
        session = client.session
        session["begun_at"] = session["seen_at"] = milliseconds(now())
        session.save()
        return client

    # The road

    def incoming(
        self,
        raw: bytes,
        *,
        source: int | None = None,
        remote: str = "INBOX/1/1",
        envelope: Envelope | None = None,
        received_at: datetime | None = None,
        evaluation: str = "journal",
        target: int | None = None,
        protocol: str = "",
    ) -> Incoming:
        source = self.mailbox if source is None else source
        protocol = protocol or ("file" if source == self.files else "imap")
        return Incoming(
            raw=raw,
            origin=Origin(source_id=source, protocol=protocol, remote_id=remote),  # type: ignore[arg-type]
            envelope=envelope,
            received_at=received_at or now(),
            evaluation=evaluation,
            target_archive=target,
        )

    def accept(self, incoming: Iterable[Incoming]) -> list[CaptureId]:
        """Into the intake log, whose process then ends."""
        keys = open_keys_of(self.config)
        intake = IntakeLog(LocalDisk(self.config.data), keys)
        try:
            return [receipt.capture_id for receipt in accept(intake, list(incoming))]
        finally:
            intake.close()
            keys.close()

    def process(self) -> None:
        with open_worker(self.config) as worker:
            worker.settle()

    def take(self, *raws: bytes, **facts: Any) -> list[Outcome]:
        """Accept and process messages under consecutive UIDs; what became of each."""
        first = Capture.objects.count() + 1
        captures = self.accept(
            self.incoming(raw, **{"remote": f"INBOX/1/{first + number}", **facts})
            for number, raw in enumerate(raws)
        )
        self.process()
        known = {bytes(c): o for c, o in Capture.objects.values_list("capture_id", "outcome")}
        return [Outcome(known[capture]) for capture in captures]

    # What can be seen

    @contextmanager
    def reading(self) -> Iterator[Vault]:
        vault = open_vault(self.config)
        try:
            yield vault
        finally:
            vault.close()

    def find(self, login: str, text: str = "", limit: int = 100_000) -> ResultPage:
        with self.reading() as vault:
            return find(vault, get_user(login), text, limit=limit)

    def sees(self, login: str, text: str = "") -> set[str]:
        """SHA-256 of the messages a user finds."""
        return {hit.sha256 for hit in self.find(login, text).hits}

    def export(self, to: Path, what: str, query: str = "") -> dict[int, bytes]:
        with self.reading() as vault:
            export_whole(vault, to, query=query, what=what, actor="test")  # type: ignore[arg-type]
        return read_export(to)

    def verify(self, depth: str = "deep") -> list[Finding]:
        return verify_archive(self.config, depth).findings  # type: ignore[arg-type]

    def rebuild(self) -> None:
        """As the command does it, into the current database."""
        with open_writer_vault(self.config) as vault:
            pool = Pool(0, vault.dedup_key)
            rebuild_state(vault)
            rebuild_catalogue(vault, pool)
            rebuild_index(vault, pool)

    # Crashes

    def in_child(self, function: str, *arguments: object) -> int:
        """The exit code of a process of its own that calls "module:function" with this archive, opened."""
        connections.close_all()
        words = [str(word) for word in (self.config.data, function, *arguments)]
        variables = environment(self.commands.settings)
        code, out, errors = STARTER.run(words, variables, timeout=TIMEOUT, program="tests.child:main")
        sys.stdout.write((out + errors).decode("utf-8", "replace"))
        return code

    def dies_in(self, function: str, *arguments: object) -> None:
        """As in_child(); it must end itself by os._exit(9), as kill -9 would."""
        assert self.in_child(function, *arguments) == 9, "nobody killed it"


def use_database(config: Config) -> None:
    """Let Django's one connection lead to the database of this archive."""
    wanted = connections.configure_settings({"default": _database(config)})["default"]
    connections.settings["default"] = wanted
    django_settings.DATABASES["default"] = wanted
    del connections["default"]


@dataclass(frozen=True)
class _Before:
    """What this process used before it entered an archive; other tests of the run count on it."""

    connection: Any
    database: Any
    hashers: Sequence[str]
    config: Config | None

    @classmethod
    def note(cls) -> Self:
        return cls(
            connection=connections["default"],
            database=connections.settings["default"],
            hashers=django_settings.PASSWORD_HASHERS,
            config=settings._Active.config,
        )

    def restore(self) -> None:
        connections["default"] = self.connection
        connections.settings["default"] = django_settings.DATABASES["default"] = self.database
        settings._Active.config = self.config
        _set_hashers(self.hashers)


def _set_hashers(hashers: Sequence[str]) -> None:
    django_settings.PASSWORD_HASHERS = list(hashers)
    setting_changed.send(sender=Opened, setting="PASSWORD_HASHERS", value=hashers, enter=True)
