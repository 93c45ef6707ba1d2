"""The overview with its verdict, and the state of the machine. All numbers come from health.numbers."""

import platform
import shutil

import django
from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from amberpost.accounts.access import allow
from amberpost.accounts.installation import is_set_up, is_unfinished
from amberpost.accounts.models import Role, User
from amberpost.accounts.seats import seats
from amberpost.clock import now
from amberpost.console.overview.verdict import reservations, troubles
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.governance.place import confirm_place
from amberpost.health.alarms import alarms, is_silent
from amberpost.health.facts import gather
from amberpost.health.numbers import overview
from amberpost.health.verified import read_verified
from amberpost.notice.configure import current_settings
from amberpost.road.accept import MIN_FREE_BYTES
from amberpost.sources.models import Source, SourceProtocol
from amberpost.spoken import in_words
from amberpost.store.place import find_doubts


@allow("console:see")
@require_GET
def show(request: ConsoleRequest) -> HttpResponse:
    """All is well, well but for something, or exactly what is not; then the numbers."""
    facts = gather(request.vault.config, has_index=request.vault.index is not None)
    numbers, verified = overview(request.vault), read_verified(request.vault.disk)
    is_ready = is_set_up()
    collected = Source.objects.filter(enabled=True).exclude(protocol=SourceProtocol.FILE)
    first_time = collected.filter(status__last_success_at=None, status__failures=0)
    context = {
        "here": "overview",
        "numbers": numbers,
        "is_in_doubt": bool(facts.doubts),
        "troubles": troubles(alarms(facts, current_settings())),
        "reservations": reservations(numbers, verified),
        "verified": verified,
        "is_set_up": is_ready,
        "is_unfinished": is_unfinished(),
        "beginning": list(first_time.values_list("name", flat=True)) if is_ready else [],
        "readers": User.objects.exclude(role=Role.OPERATOR).filter(is_active=True).count(),
        "seats": seats(),
        "least_mib": MIN_FREE_BYTES // 2**20,
    }
    return render(request, "console/overview/overview.html", context)


@allow("system:change")
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: ConsoleRequest) -> HttpResponse:
    """Why this may be a copy of the archive, and what follows when somebody says that it is the archive."""
    data = request.vault.config.data
    if request.method == "POST":
        confirm_place(data, by=signed_in(request).login)
        messages.success(request, _("This is now the archive."))
        return redirect("console:overview")
    context = {
        "here": "overview",
        "data": data,
        "doubts": [in_words(doubt.remark) for doubt in find_doubts(data)],
        "accounts": Source.objects.exclude(protocol=SourceProtocol.FILE).filter(enabled=True),
    }
    return render(request, "console/overview/place.html", context)


@allow("system:see")
@require_GET
def system(request: ConsoleRequest) -> HttpResponse:
    """Version, disk, index and processes."""
    numbers = overview(request.vault)
    disk = shutil.disk_usage(request.vault.config.data)
    context = {
        "here": "system",
        "numbers": numbers,
        "verified": read_verified(request.vault.disk),
        "config": request.vault.config,
        "has_index": request.vault.index is not None,
        "disk": disk,
        "used": disk.total - disk.free,
        "least_mib": MIN_FREE_BYTES // 2**20,
        "processes": [(worker, is_silent(worker.seen_at, now())) for worker in numbers.workers],
        "database": connection.vendor,
        "python": platform.python_version(),
        "django": django.get_version(),
    }
    return render(request, "console/health/system.html", context)
