"""Lists to look things up in: quarantine, jobs, audit. None of them shows mail."""

from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amberpost.accounts.access import allow
from amberpost.accounts.people import matching_users
from amberpost.audit.models import AuditEvent
from amberpost.console.health.audit_words import lines
from amberpost.console.request import ConsoleRequest
from amberpost.road.models import Work
from amberpost.road.quarantine import quarantined

_PER_PAGE = 50


@allow("quarantine:see")
@require_GET
def quarantine(request: ConsoleRequest) -> HttpResponse:
    """What is kept and in no archive: metadata only."""
    pages = Paginator(range(quarantined(limit=0)[0]), _PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    _count, rows = quarantined(limit=_PER_PAGE, offset=(page.number - 1) * _PER_PAGE)
    context = {"here": "quarantine", "rows": rows, "page": page}
    return render(request, "console/health/quarantine.html", context)


@allow("console:see")
@require_GET
def jobs(request: ConsoleRequest) -> HttpResponse:
    """The work queue, the newest first."""
    page = _page(request, Work.objects.order_by("-id"))
    return render(request, "console/health/jobs.html", {"here": "jobs", "page": page})


@allow("audit:see")
@require_GET
def audit(request: ConsoleRequest) -> HttpResponse:
    """Who did what, when, to what, the newest first."""
    events = AuditEvent.objects.order_by("-id")
    actor, action = request.GET.get("actor", "")[:200], request.GET.get("action", "")[:60]
    if actor:
        events = events.filter(
            Q(actor__iexact=actor) | Q(actor__in=[user.login for user in matching_users(actor)])
        )
    if action:
        events = events.filter(action__startswith=action)
    query = urlencode({name: value for name, value in (("actor", actor), ("action", action)) if value})
    page = _page(request, events)
    context = {
        "here": "audit",
        "page": page,
        "lines": lines(page.object_list),
        "actor": actor,
        "action": action,
        "query": query,
    }
    return render(request, "console/health/audit.html", context)


def _page(request: ConsoleRequest, rows: QuerySet[Model]) -> Page:  # type: ignore[type-arg]
    return Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
