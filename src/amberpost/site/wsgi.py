"""The web application as servers call it."""

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.wsgi import get_wsgi_application

from amberpost.config import Config, current
from amberpost.daemon.pages import Environ, Wsgi

_LOOPBACK = {"127.0.0.1", "::1"}


def behind_proxy(application: Wsgi, config: Config) -> Wsgi:
    """Tell the application what the configured public address says, whatever the proxy passes on.

    The scheme and the path in front come from `public_url`, never from a header. Only a proxy on this machine
    is believed about the caller's address, and only the last one it added.
    """
    if not config.public_url:
        return application
    public = urlsplit(config.url)

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = public.scheme
        path = environ.get("PATH_INFO", "")
        if public.path and (path == public.path or path.startswith(public.path + "/")):
            environ["PATH_INFO"] = path[len(public.path) :] or "/"
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded and environ.get("REMOTE_ADDR") in _LOOPBACK:
            environ["REMOTE_ADDR"] = forwarded.rpartition(",")[2].strip()
        return application(environ, start_response)

    return call


def make_application() -> Wsgi:
    """The application of the active configuration."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amberpost.site.settings")  # noqa: TID251  Django's own switch
    return behind_proxy(get_wsgi_application(), current())


application = make_application()
