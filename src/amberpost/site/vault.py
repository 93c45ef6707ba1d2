"""Gives each request the archive, opened for reading once per process."""

import threading
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from amberpost.config import current
from amberpost.road.open import Vault, open_vault

_LOOK_AGAIN_SECONDS = 5.0


class OpenedVault:
    """The Vault of this process; opened again while its index is missing: a rebuild makes one."""

    def __init__(self, opener: Callable[[], Vault]) -> None:
        self._open = opener
        self._lock = threading.Lock()
        self._vault: Vault | None = None
        self._opened_at = 0.0

    def get(self) -> Vault:
        with self._lock:
            if self._vault is None or self._is_worth_another_look(self._vault):
                # The old one is left to its last user: another thread may still be reading from it.
                self._vault = self._open()
                self._opened_at = time.monotonic()
            return self._vault

    def _is_worth_another_look(self, vault: Vault) -> bool:
        return vault.index is None and time.monotonic() - self._opened_at > _LOOK_AGAIN_SECONDS


class WithVault:
    """Middleware: request.vault, opened when a page first needs it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._opened = OpenedVault(lambda: open_vault(current()))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.vault = SimpleLazyObject(self._opened.get)  # type: ignore[attr-defined]
        return self._get_response(request)
