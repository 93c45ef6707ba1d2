"""Language and time zone of a request: what the person chose, else what is set for the archive.

Strangers get what their browser asks for; if it asks for nothing we know, the language of the archive.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from amberpost.accounts.installation import archive_zone, current_installation, zone_named
from amberpost.accounts.models import User

UTC = ZoneInfo("UTC")  # strangers are shown no times, and a watcher is answered without a database


class UserLocale:
    """Middleware, after sign-in is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        language = _language(request, user)
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone_of(user) if user else UTC):
            return self._get_response(request)


def zone_of(user: User) -> ZoneInfo:
    """The user's time zone; if they chose none, that of the archive."""
    return zone_named(user.time_zone) if user.time_zone else archive_zone()


def _language(request: HttpRequest, user: User | None) -> str:
    """Empty: what the browser asks for stays."""
    if user is not None:
        return user.language or current_installation().language
    is_person = "text/html" in request.headers.get("Accept", "")  # a watcher is answered without a database
    return current_installation().language if is_person and not _speaks(request) else ""


def _speaks(request: HttpRequest) -> bool:
    """True if the browser asks for a language we have."""
    for language, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        try:
            get_supported_language_variant(language)
        except LookupError:
            continue
        return True
    return False
