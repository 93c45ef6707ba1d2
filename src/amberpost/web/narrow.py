"""Ways to narrow a search down: each is a search text of its own, so it works as a plain button."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from amberpost.clock import now

_DATES = re.compile(r"(?<!\S)(?:after|before|on):\S+\s?", re.IGNORECASE)
_ATTACHED = re.compile(r"(?<!\S)has:attachment\s?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrower:
    """One button: pressing it searches `text`, which takes the condition away if it is on."""

    label: str
    text: str
    is_on: bool


def narrowers(text: str) -> list[Narrower]:
    """With an attachment, and since when, added to a search text or taken out of it."""
    today = timezone.localtime(now()).date()
    spans = (
        (_("Past 7 days"), today - timedelta(days=7)),
        (_("Past 30 days"), today - timedelta(days=30)),
        (_("Since 1 January"), date(today.year, 1, 1)),
    )
    attached = Narrower(
        label=_("With attachment"),
        text=_toggle(text, "has:attachment", _ATTACHED),
        is_on=_ATTACHED.search(text) is not None,
    )
    found = [attached]
    for label, day in spans:
        condition = f"after:{day.isoformat()}"
        is_on = condition in text.lower().split()
        found.append(Narrower(label=label, text=_toggle(text, condition, _DATES), is_on=is_on))
    return found


def _toggle(text: str, condition: str, kind: re.Pattern[str]) -> str:
    """Conditions of one kind exclude each other."""
    without = kind.sub("", text).strip()
    if condition in text.lower().split():
        return without
    if re.search(r"\bOR\b", without) and not without.startswith("("):
        without = f"({without})"
    return f"{without} {condition}".strip()
