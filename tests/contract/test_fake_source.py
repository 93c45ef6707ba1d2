"""The fake that other tests use instead of a server keeps the contract too."""

from collections.abc import Sequence

import pytest

from amberpost.sources.cursor import Cursor
from tests.contract.source_contract import NOTHING_KNOWN, SOURCE_ID, SourceContract
from tests.fakes import FakeConnector


class FakePlace:
    def __init__(self) -> None:
        self.mailbox: dict[int, bytes] = {}

    def deliver(self, messages: Sequence[bytes]) -> None:
        start = max(self.mailbox, default=0) + 1
        self.mailbox.update(enumerate(messages, start))

    def waiting(self) -> list[bytes]:
        return list(self.mailbox.values())

    def connector(
        self, *, keep_mails: bool = False, cursor: Cursor = NOTHING_KNOWN, max_size_bytes: int | None = None
    ) -> FakeConnector:
        return FakeConnector(
            self.mailbox,
            source_id=SOURCE_ID,
            cursor=cursor,
            evaluation="x-original-to",
            keep_mails=keep_mails,
            max_size_bytes=max_size_bytes,
            batch_messages=10,
            batch_bytes=20_000,
        )


class TestFakeSource(SourceContract):
    @pytest.fixture
    def place(self) -> FakePlace:
        return FakePlace()
