"""How a page of the set-up assistant looks: its place in the row of steps."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.installation import SetupStep, current_installation
from amberpost.console.request import ConsoleRequest

_TITLES: dict[SetupStep, Promise] = {
    SetupStep.BEGIN: _("Begin"),
    SetupStep.NAME: _("Name and language"),
    SetupStep.STORAGE: _("Storage and keys"),
    SetupStep.USERS: _("Users"),
    SetupStep.DOMAINS: _("Mail domains"),
    SetupStep.SOURCES: _("E-mail accounts to collect"),
    SetupStep.NOTICES: _("Notifications"),
    SetupStep.SUMMARY: _("Summary and start"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """One step as the row shows it."""

    number: int
    title: Promise
    is_here: bool
    is_open: bool  # one may go there


def show_page(request: ConsoleRequest, step: SetupStep, *, part: str = "", **context: object) -> HttpResponse:
    """Render the page of a step. `part`: another page of the same step, such as its result."""
    reached = current_installation().setup_step
    places = [
        ShownStep(number=int(one), title=title, is_here=one is step, is_open=one <= reached)
        for one, title in _TITLES.items()
    ]
    template = f"console/setup/{step.name.lower()}{part}.html"
    here = {"here": "assistant", "places": places, "number": int(step), "last": int(SetupStep.SUMMARY)}
    return render(request, template, {**here, "title": _TITLES[step], **context})
