"""The overview with its verdict, and the state of the machine. All numbers come from vault.numbers."""

import platform
import shutil

import django
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amberpost.accounts.access import allow
from amberpost.accounts.installation import is_set_up, is_unfinished
from amberpost.accounts.models import Role, User
from amberpost.accounts.seats import seats
from amberpost.clock import now
from amberpost.console.request import Request
from amberpost.console.verdict import troubles
from amberpost.notice.configure import current_settings
from amberpost.sources.models import Source, SourceProtocol
from amberpost.vault.accept import MIN_FREE_BYTES
from amberpost.vault.alarms import alarms, is_silent
from amberpost.vault.facts import gather, last_verify
from amberpost.vault.numbers import overview


@allow("console:see")
@require_GET
def show(request: Request) -> HttpResponse:
    """All is well, or exactly what is not; then the numbers."""
    facts = gather(request.vault.config, has_index=request.vault.index is not None)
    context = {
        "here": "overview",
        "numbers": overview(request.vault),
        "troubles": troubles(alarms(facts, current_settings())),
        "last_verify": last_verify(),
        "is_set_up": is_set_up(),
        "is_unfinished": is_unfinished(),
        "beginning": _beginning(),
        "readers": User.objects.exclude(role=Role.OPERATOR).filter(is_active=True).count(),
        "seats": seats(),
        "least_mib": MIN_FREE_BYTES // 2**20,
    }
    return render(request, "console/overview.html", context)


def _beginning() -> list[Source]:
    """Accounts that are being collected for the first time."""
    accounts = Source.objects.filter(enabled=True).exclude(protocol=SourceProtocol.FILE)
    return list(accounts.filter(status__last_success_at=None, status__failures=0)) if is_set_up() else []


@allow("system:see")
@require_GET
def system(request: Request) -> HttpResponse:
    """Version, disk, index and processes."""
    numbers = overview(request.vault)
    disk = shutil.disk_usage(request.vault.config.data)
    context = {
        "here": "system",
        "numbers": numbers,
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
    return render(request, "console/system.html", context)
