"""E-mail server: the remote accounts mail is collected from."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.forms import SourceForm
from amberpost.console.request import Request, signed_in
from amberpost.errors import UserError
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import FetchRun, Source, SourceProtocol, SourceStatus
from amberpost.vault.numbers import overview

_RUNS = 10


@allow("sources:change")
@require_GET
def every(request: Request) -> HttpResponse:
    """All accounts with their state and numbers."""
    numbers = [n for n in overview(request.vault).sources if n.source.protocol != SourceProtocol.FILE]
    rows = [(n, getattr(n.source, "status", None)) for n in numbers]
    return render(request, "console/sources.html", {"here": "sources", "rows": rows})


@allow("sources:change")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Request) -> HttpResponse:
    """A new account."""
    return _form(request, Source())


@allow("sources:change")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, source_id: int) -> HttpResponse:
    """Settings and last runs of an account."""
    return _form(request, _remote(source_id))


@allow("sources:change")
@require_POST
def switch(request: Request, source_id: int) -> HttpResponse:
    """Collect from this account, or pause; nothing is lost either way."""
    source = _remote(source_id)
    with transaction.atomic():
        source.enabled = not source.enabled
        source.save(update_fields=["enabled"])
        record(signed_in(request).login, Action.SOURCE_CHANGED, source.name, enabled=source.enabled)
    said = (
        _("%(source)s is collected again.")
        if source.enabled
        else _("%(source)s is paused; its mail waits there.")
    )
    messages.success(request, said % {"source": source.name})
    return redirect("console:sources")


@allow("sources:change")
@require_POST
def fetch_now(request: Request, source_id: int) -> HttpResponse:
    """Ask for a run at once instead of at the next time."""
    source = _remote(source_id)
    SourceStatus.objects.update_or_create(source=source, defaults={"fetch_now": True})
    messages.success(request, _("%(source)s is being fetched.") % {"source": source.name})
    return redirect("console:sources")


def _remote(source_id: int) -> Source:
    """The source of imports is not an account that one edits."""
    return get_object_or_404(Source.objects.exclude(protocol=SourceProtocol.FILE), pk=source_id)


def _form(request: Request, source: Source) -> HttpResponse:
    form = SourceForm(request.POST or None, instance=source)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, form)
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(source)s is saved.") % {"source": source.name})
            return redirect("console:sources")
    known = Source.objects.filter(pk=source.pk).select_related("status").first() if source.pk else None
    runs = FetchRun.objects.filter(source=known)[:_RUNS] if known else []
    context = {"here": "sources", "form": form, "known": known, "runs": runs}
    return render(request, "console/source_form.html", context)


def _save(request: Request, form: SourceForm) -> None:
    source, password, by = form.instance, form.cleaned_data["password"], signed_in(request).login
    action = Action.SOURCE_CHANGED if source.pk else Action.SOURCE_ADDED
    changed = ",".join(name for name in form.changed_data if name != "password")
    with transaction.atomic():
        save_source(source, NewSecrets(password=password), request.vault.keys.seal_setting)
        record(by, action, source.name, fields=changed)
        if password:
            record(by, Action.SOURCE_CREDENTIALS_CHANGED, source.name)
