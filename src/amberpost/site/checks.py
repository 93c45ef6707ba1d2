"""Django system checks of our own wiring; each says what to do."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Warning, register

from amberpost.config import current

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@register
def check_public_url(app_configs: Sequence[Any] | None = None, **_: object) -> list[CheckMessage]:
    """Sign-in needs https beyond this machine; a listener on all addresses needs a name."""
    config = current()
    url = urlsplit(config.url)
    found: list[CheckMessage] = []
    if url.scheme == "http" and url.hostname not in _LOOPBACK and not config.insecure_cookies:
        found.append(
            Warning(
                "Sign-in will not work over plain http beyond this machine.",
                hint="Put a TLS proxy in front and set public_url to its https:// address.",
                id="amberpost.W001",
            )
        )
    if url.scheme not in {"http", "https"} or not url.hostname:
        found.append(
            Error(
                "public_url is no address of a web page.",
                hint="Example: https://mail-archive.example.com",
                id="amberpost.E001",
            )
        )
    return found
