"""Language and time zone of the signed-in user; strangers get what their browser asks for, and UTC."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from amberpost.accounts.models import User

UTC = ZoneInfo("UTC")


class UserLocale:
    """Middleware, after sign-in is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self._get_response(request)
        if user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone_of(user)):
            return self._get_response(request)


def zone_of(user: User) -> ZoneInfo:
    """The user's time zone; UTC if he chose none, or one that this machine does not know."""
    try:
        return ZoneInfo(user.time_zone) if user.time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
