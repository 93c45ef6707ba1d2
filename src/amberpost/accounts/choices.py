"""What people may choose from: languages and time zones, as they are shown."""

from zoneinfo import available_timezones

from django.conf import settings

_OWN_NAMES = {"en": "English", "de": "Deutsch", "fr": "Français"}
_PLACES = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


def language_choices() -> list[tuple[str, str]]:
    """The languages we speak, each in its own name."""
    known = dict(settings.LANGUAGES)
    return [(code, name) for code, name in _OWN_NAMES.items() if code in known]


def zone_choices() -> list[tuple[str, str]]:
    """Time zones named after a place."""
    zones = sorted(zone for zone in available_timezones() if zone.startswith(_PLACES))
    return [(zone, zone.replace("_", " ")) for zone in zones]
