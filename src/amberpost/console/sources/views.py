"""E-mail server: own mail domains and the remote accounts mail is collected from."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.bell import ring
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.sources.acts import remove_account, test_saved, trust_certificate
from amberpost.console.sources.form import AccountForm
from amberpost.errors import UserError
from amberpost.governance.place import is_confirmed
from amberpost.health.numbers import source_numbers
from amberpost.net.certificates import valid_fingerprint
from amberpost.sources.domains import add_domain, shown_domain
from amberpost.sources.models import OwnDomain, SignalKind, Source, SourceProtocol, SourceSignal, SourceStatus
from amberpost.sources.probe import ProbeStep, has_succeeded
from amberpost.spoken import in_words

_RUNS = 10
_LEFT = 50
_GAPS = 50


@allow("sources:change")
@require_GET
def every(request: ConsoleRequest) -> HttpResponse:
    """Own domains, and all accounts with their state and numbers."""
    numbers = [n for n in source_numbers() if _is_account(n.source)]
    rows = [(n, getattr(n.source, "status", None)) for n in numbers]
    domains = [(domain, shown_domain(domain.name)) for domain in OwnDomain.objects.all()]
    context = {
        "here": "sources",
        "rows": rows,
        "domains": domains,
        "is_in_doubt": not is_confirmed(request.vault.config.data),
    }
    return render(request, "console/sources/sources.html", context)


@allow("sources:change")
@require_GET
def show(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """One account: how it does, what stays there, what never came, its last runs and its settings."""
    return _detail(request, remote(source_id))


@allow("sources:change")
@require_POST
def test(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Test the connection with what is saved."""
    return _tested(request, remote(source_id))


@allow("sources:change")
@require_POST
def trust(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Accept the certificate that a test has shown, and test again at once."""
    source = remote(source_id)
    try:
        sha256 = valid_fingerprint(request.POST.get("trust", ""))
    except UserError as error:
        messages.error(request, in_words(error))
        return redirect("console:source", source.pk)
    trust_certificate(source, sha256, signed_in(request).login)
    messages.success(request, _("The certificate is trusted from now on. The connection was tested again."))
    return _tested(request, source)


@allow("sources:change")
@require_POST
def switch(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Collect from this account, or pause; nothing is lost either way."""
    source = remote(source_id)
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
    return _back(request, source)


@allow("sources:change")
@require_POST
def fetch_now(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Ask for a run at once instead of at the next time."""
    source = remote(source_id)
    SourceStatus.objects.update_or_create(source=source, defaults={"fetch_now": True})
    transaction.on_commit(ring)
    if is_confirmed(request.vault.config.data):
        messages.success(request, _("%(source)s is being fetched.") % {"source": source.name})
    else:
        messages.error(
            request,
            _("%(source)s waits: first somebody must confirm that this is the archive.")
            % {"source": source.name},
        )
    return _back(request, source)


@allow("sources:change")
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Say what happens, then forget the account. Its mail stays archived."""
    source = remote(source_id)
    if request.method == "POST":
        remove_account(source, signed_in(request).login)
        messages.success(
            request, _("%(source)s is deleted. Its mail stays archived.") % {"source": source.name}
        )
        return redirect("console:sources")
    context = {"here": "sources", "source": source, "numbers": _numbers(source)}
    return render(request, "console/sources/source_remove.html", context)


@allow("sources:change")
@require_POST
def add_own_domain(request: ConsoleRequest) -> HttpResponse:
    """A mail domain of this company."""
    try:
        domain, is_new = add_domain(request.POST.get("domain", ""))
    except UserError as error:
        messages.error(request, in_words(error))
        return redirect("console:sources")
    if is_new:
        record(signed_in(request).login, Action.DOMAIN_ADDED, domain.name)
    messages.success(
        request, _("%(domain)s is now one of your own domains.") % {"domain": shown_domain(domain.name)}
    )
    return redirect("console:sources")


@allow("sources:change")
@require_POST
def remove_own_domain(request: ConsoleRequest, domain_id: int) -> HttpResponse:
    """It changes nothing of what is kept."""
    domain = get_object_or_404(OwnDomain, pk=domain_id)
    with transaction.atomic():
        domain.delete()
        record(signed_in(request).login, Action.DOMAIN_REMOVED, domain.name)
    messages.success(
        request, _("%(domain)s is no longer one of your own domains.") % {"domain": shown_domain(domain.name)}
    )
    return redirect("console:sources")


def remote(source_id: int) -> Source:
    """The source of imports is not an account that one edits."""
    return get_object_or_404(Source.objects.exclude(protocol=SourceProtocol.FILE), pk=source_id)


def _is_account(source: Source) -> bool:
    return source.protocol != SourceProtocol.FILE and source.removed_at is None


def _tested(request: ConsoleRequest, source: Source) -> HttpResponse:
    try:
        steps = test_saved(source, request.vault, signed_in(request).login)
    except UserError as error:
        return _detail(request, source, problems=[in_words(error)])
    return _detail(request, source, steps=steps)


def _detail(
    request: ConsoleRequest,
    source: Source,
    *,
    steps: list[ProbeStep] | None = None,
    problems: list[str] | None = None,
) -> HttpResponse:
    gaps = SourceSignal.objects.filter(kind=SignalKind.GAP, source_id=source.pk).order_by("-id")
    context = {
        "here": "sources",
        "source": source,
        "is_in_doubt": not is_confirmed(request.vault.config.data),
        "status": SourceStatus.objects.filter(source=source).first(),
        "numbers": _numbers(source),
        "evaluation": _evaluation_label(source),
        "left": source.left_messages.all()[:_LEFT],
        "left_count": source.left_messages.count(),
        "gaps": gaps[:_GAPS],
        "runs": source.runs.all()[:_RUNS],
        "steps": steps,
        "problems": problems,
        "has_succeeded": has_succeeded(steps) if steps else False,
    }
    return render(request, "console/sources/source.html", context)


def _numbers(source: Source) -> object:
    return next(n for n in source_numbers() if n.source.pk == source.pk)


def _evaluation_label(source: Source) -> str:
    choices: dict[str, str] = dict(AccountForm.base_fields["evaluation_mode"].choices)  # type: ignore[attr-defined]
    label = choices.get(source.evaluation)
    return str(label) if label else f"{choices['custom']}: {source.evaluation.removeprefix('custom:')}"


def _back(request: ConsoleRequest, source: Source) -> HttpResponse:
    """To the page the button was on."""
    if request.POST.get("from") == "account":
        return redirect("console:source", source.pk)
    return redirect("console:sources")
