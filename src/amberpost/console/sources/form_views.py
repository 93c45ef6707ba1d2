"""The form of a remote e-mail account: its fields follow the protocol, and what is typed can be tested."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from amberpost.accounts.access import allow
from amberpost.accounts.installation import SetupStep
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.sources.acts import save_account, test_typed
from amberpost.console.sources.form import AccountForm
from amberpost.console.sources.kinds import begin_account, find_kind
from amberpost.console.sources.views import remote
from amberpost.errors import UserError
from amberpost.sources.models import Source, SourceProtocol
from amberpost.sources.probe import ProbeStep, has_succeeded
from amberpost.spoken import in_words


@allow("sources:change")
@sensitive_post_parameters("password", "client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ConsoleRequest) -> HttpResponse:
    """A new account; ?protocol= chooses the fields, ?kind= begins with what fits a mail system."""
    kind = find_kind(request.GET.get("kind", ""))
    protocol = request.GET.get("protocol", "")
    if protocol not in SourceProtocol.values or protocol == SourceProtocol.FILE:  # an address typed by hand
        protocol = SourceProtocol.IMAP.value
    return _page(request, begin_account(Source(protocol=protocol), kind, request.GET.dict()))


@allow("sources:change")
@sensitive_post_parameters("password", "client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Change the settings of an account."""
    return _page(request, remote(source_id))


def _page(request: ConsoleRequest, source: Source) -> HttpResponse:
    if request.method != "POST":
        return _render(request, AccountForm(instance=source))
    post = request.POST.dict()
    shown = post.get("fields_for")
    if "show" in post or (shown and shown != post.get("protocol")):
        return _render(request, AccountForm.retyped(post, source))
    if "trust" in post:
        post["certificate_sha256"] = post["trust"]
        note = _("The fingerprint is entered under “Accepted certificate”. It counts when you save.")
        form = AccountForm(post, instance=source)
        return _test(request, form, AccountForm.retyped(post, _again(source)), note=note)
    form = AccountForm(request.POST, request.FILES, instance=source)
    if "test" in post:
        return _test(request, form, AccountForm.retyped(post, _again(source)))
    if form.is_valid():
        try:
            save_account(form, request.vault, signed_in(request).login)
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("%(source)s is saved.") % {"source": form.instance.name})
            for text in form.warnings:
                messages.warning(request, text)
            if _is_of_assistant(request):
                return redirect("console:assistant-step", int(SetupStep.SOURCES))
            return redirect("console:source", form.instance.pk)
    return _render(request, form)


def _is_of_assistant(request: ConsoleRequest) -> bool:
    return request.GET.get("from") == "assistant"


def _test(request: ConsoleRequest, form: AccountForm, again: AccountForm, *, note: str = "") -> HttpResponse:
    """The result under what was typed; secrets stay in the browser or must be typed again."""
    if not form.may_be_tested:
        problems = []
        for name, errors in form.errors.items():
            label = f"{form.fields[name].label}: " if name in form.fields else ""
            problems += [f"{label}{error}" for error in errors]
        return _render(request, again, problems=problems, note=note)
    try:
        steps = test_typed(form, request.vault, signed_in(request).login)
    except UserError as error:
        return _render(request, again, problems=[in_words(error)], note=note)
    return _render(request, again, steps=steps, note=note)


def _render(
    request: ConsoleRequest,
    form: AccountForm,
    *,
    steps: list[ProbeStep] | None = None,
    problems: list[str] | None = None,
    note: str = "",
) -> HttpResponse:
    source = form.instance
    context = {
        "here": "sources",
        "form": form,
        "known": Source.objects.filter(pk=source.pk).first() if source.pk else None,
        "steps": steps,
        "problems": problems,
        "note": note,
        "is_of_assistant": _is_of_assistant(request),
        "kind": find_kind(request.GET.get("kind", "")),
        "has_succeeded": has_succeeded(steps) if steps else False,
    }
    return render(request, "console/sources/source_form.html", context)


def _again(source: Source) -> Source:
    """As it is stored: a form that was checked has changed its instance."""
    return Source.objects.get(pk=source.pk) if source.pk else Source(protocol=source.protocol)
