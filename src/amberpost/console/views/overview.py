"""The overview with its verdict, and the state of the machine. All numbers come from vault.numbers."""

import platform
import shutil
from datetime import timedelta

import django
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amberpost.accounts.access import allow
from amberpost.accounts.models import Role, User
from amberpost.accounts.seats import seats
from amberpost.clock import now
from amberpost.console.request import Request
from amberpost.console.verdict import Facts, is_silent, last_verify, troubles
from amberpost.vault.models import Work, WorkKind
from amberpost.vault.numbers import Overview, overview

_RECENT = timedelta(days=7)


@allow("console:see")
@require_GET
def show(request: Request) -> HttpResponse:
    """All is well, or exactly what is not; then the numbers."""
    numbers = overview(request.vault)
    facts = _facts(request, numbers)
    context = {
        "here": "overview",
        "numbers": numbers,
        "troubles": troubles(facts),
        "last_verify": facts.last_verify,
        "readers": User.objects.exclude(role=Role.OPERATOR).filter(is_active=True).count(),
        "seats": facts.seats,
    }
    return render(request, "console/overview.html", context)


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
        "processes": [(worker, is_silent(worker, now())) for worker in numbers.workers],
        "database": connection.vendor,
        "python": platform.python_version(),
        "django": django.get_version(),
    }
    return render(request, "console/system.html", context)


def _facts(request: Request, numbers: Overview) -> Facts:
    recent = Work.objects.filter(finished_at__gt=now() - _RECENT).exclude(kind=WorkKind.VERIFY)
    return Facts(
        numbers=numbers,
        disk_bytes=shutil.disk_usage(request.vault.config.data).total,
        has_index=request.vault.index is not None,
        last_verify=last_verify(),
        failed_jobs=recent.exclude(error="").count(),
        seats=seats(),
        at=now(),
    )
