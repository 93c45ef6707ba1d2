"""Guides: what to set up at the mail system so that its mail arrives here, with values to copy and a check list."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amberpost.accounts.access import allow
from amberpost.console.guides import commands
from amberpost.console.guides.checks import check_lists
from amberpost.console.guides.forms import (
    ExchangeForm,
    GoogleForm,
    GuideForm,
    MicrosoftForm,
    PostfixForm,
    form_values,
)
from amberpost.console.guides.warnings import microsoft_warnings
from amberpost.console.request import ConsoleRequest
from amberpost.console.sources.kinds import JOURNAL_PLACES
from amberpost.sources.domains import own_domains
from amberpost.sources.models import MailSystem, Source

_KEPT = "guide"  # in the session: the values, never a secret
_Values = dict[str, str]
_Add = Callable[[_Values], dict[str, object]]


@allow("sources:change")
@require_GET
def overview(request: ConsoleRequest) -> HttpResponse:
    """Which guide fits, and how far each account has come."""
    return render(request, "console/guides/guides.html", {"here": "guides", "lists": check_lists()})


@allow("sources:change")
@require_http_methods(["GET", "HEAD", "POST"])
def microsoft_365(request: ConsoleRequest) -> HttpResponse:
    """Journal rule in Exchange Online; application and mailbox access where OAuth is needed."""
    return _guide(request, MailSystem.MICROSOFT_365, MicrosoftForm, _microsoft)


@allow("sources:change")
@require_http_methods(["GET", "HEAD", "POST"])
def exchange(request: ConsoleRequest) -> HttpResponse:
    """Journaling of an Exchange server of one's own."""
    return _guide(request, MailSystem.EXCHANGE, ExchangeForm, _exchange)


@allow("sources:change")
@require_http_methods(["GET", "HEAD", "POST"])
def postfix(request: ConsoleRequest) -> HttpResponse:
    """Copies by always_bcc, with or without the envelope."""
    return _guide(request, MailSystem.POSTFIX, PostfixForm, _postfix)


@allow("sources:change")
@require_http_methods(["GET", "HEAD", "POST"])
def google(request: ConsoleRequest) -> HttpResponse:
    """Journal messages or routed copies of Google Workspace."""
    return _guide(request, MailSystem.GOOGLE, GoogleForm, lambda values: {})


def _guide(request: ConsoleRequest, system: MailSystem, make: type[GuideForm], add: _Add) -> HttpResponse:
    kept: _Values = request.session.get(_KEPT, {})
    form = make(request.POST or None, initial=form_values(make(), {**_from_account(), **kept}))
    if request.method == "POST" and form.is_valid():
        request.session[_KEPT] = {**kept, **form.values()}
        return redirect(reverse(f"console:guide-{system}") + "#commands")
    values = form_values(make(), {**_from_account(), **kept})
    context = {
        "here": "guides",
        "form": form,
        "values": values,
        "lists": check_lists(of=system),
        **add(values),
    }
    return render(request, f"console/guides/{system.replace('-', '_')}.html", context)


def _from_account() -> _Values:
    """What an account that is there already tells."""
    source = Source.objects.filter(protocol__startswith="oauth").first()
    if source is None:
        return {}
    return {"mailbox": source.user, "tenant": source.tenant_id, "app_id": source.client_id}


def _microsoft(values: _Values) -> dict[str, object]:
    known = {"tenant_id": values["tenant"], "client_id": values["app_id"], "user": values["mailbox"]}
    return {
        "journal": commands.microsoft_journal(values),
        "access": commands.microsoft_access(values),
        "warnings": microsoft_warnings(values, own_domains()),
        "sending": commands.microsoft_sending(),
        "places": JOURNAL_PLACES,
        "known": "".join(f"{urlencode({name: value})}&" for name, value in known.items() if value),
    }


def _exchange(values: _Values) -> dict[str, object]:
    return {
        "service": commands.exchange_service(values),
        "mailbox": commands.exchange_mailbox(values),
        "standard": commands.exchange_standard(values),
        "premium": commands.exchange_premium(values),
    }


def _postfix(values: _Values) -> dict[str, object]:
    return {"simple": commands.postfix_simple(values), "envelope": commands.postfix_envelope(values)}
