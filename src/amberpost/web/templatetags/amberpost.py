"""How times, sizes and signs look on every page of both faces."""

from datetime import UTC, date, datetime

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from amberpost.spoken import in_words
from amberpost.times import brief_text, day_text, exact_text, moment_text

register = template.Library()
register.filter("in_words", in_words)  # a remark, as it is or as it was kept

_ICONS = {
    "search": "M7 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10Zm3.7-1.3L14 14",
    "attachment": "m12.5 7.5-5 5a3 3 0 0 1-4.2-4.2l5.3-5.3a2 2 0 0 1 2.8 2.8L6.2 11a1 1 0 0 1-1.5-1.5l5-5",
    "download": "M8 2v8m0 0L5 7m3 3 3-3M3 13.5h10",
    "back": "M9.5 3 4.5 8l5 5",
    "forward": "m6.5 3 5 5-5 5",
    "original": "M4 1.8h5L12.2 5v9.2H4V1.8Zm5 0V5h3.2M6.3 8h3.6M6.3 11h3.6",
    "print": "M4.5 5.5V2h7v3.5M4.5 11.5H2v-6h12v6h-2.5M4.5 9.5h7V14h-7V9.5",
    "person": "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.5 6c.4-2.8 2.7-4.2 5.5-4.2s5.1 1.4 5.5 4.2",
    "well": "m3 8.5 3.3 3.3L13 4.6",
    "but": "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4Zm0-9.7v4.2m0 1.9v.3",
    "alarm": "M8 2 1.8 13.4h12.4L8 2Zm0 4.4v3.4m0 1.6v.3",
    "lock": "M4 7.5h8v6H4v-6Zm1.7 0V5a2.3 2.3 0 0 1 4.6 0v2.5",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our own drawings; the words beside it say what it means."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>',
        mark_safe(_ICONS[name]),  # noqa: S308  our own constant
    )


@register.simple_tag
def when(moment: datetime | str | None) -> SafeString:
    """Today's time, this year's day, else the full date; exact time and zone on hover."""
    if not isinstance(moment, datetime):  # templates give "" for what is not there
        return format_html('<span class="muted">{}</span>', _("never"))
    return _time(moment, brief_text(moment))


@register.simple_tag
def exactly(moment: datetime | str | None) -> SafeString:
    """Day and time to the second with the zone, for headers and records."""
    if not isinstance(moment, datetime):  # templates give "" for what is not there
        return format_html('<span class="muted">{}</span>', _("unknown"))
    return _time(moment, moment_text(moment, to_the_second=True))


@register.filter
def day(value: date | None) -> str:
    """A day within a sentence."""
    return day_text(value) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Day, time and zone within a sentence."""
    return moment_text(value) if value else ""


@register.filter
def size(value: int) -> str:
    """Bytes in a unit a person reads."""
    if value < 1000:
        return f"{value} B"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            break
    return f"{number_format(amount, 0 if amount >= 99.5 else 1)} {unit}"


@register.filter
def count(value: int) -> str:
    """A number with its thousands apart."""
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def share(part: int, whole: int) -> int:
    """Per cent, whole, for a bar."""
    return round(100 * part / whole) if whole else 0


def _time(moment: datetime, text: str) -> SafeString:
    utc = moment.astimezone(UTC).isoformat()
    return format_html('<time datetime="{}" title="{}">{}</time>', utc, exact_text(moment), text)
