"""The set-up assistant: from an empty archive to collecting. Each page can be left; it goes on where one was."""

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from amberpost.accounts.access import allow
from amberpost.accounts.installation import (
    SetupStep,
    begin_again_at,
    current_installation,
    finish_setup,
    reach_step,
    save_installation,
)
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.setup import mail_views as assistant_mail
from amberpost.console.setup.forms import ImportForm, InstallationForm, StorageForm
from amberpost.console.setup.pages import show_page
from amberpost.console.setup.summary import summary
from amberpost.errors import UserError
from amberpost.governance.configuration import import_around, is_untouched
from amberpost.signin.login import go_on_as
from amberpost.sources.models import Source, SourceProtocol, SourceStatus
from amberpost.spoken import in_words
from amberpost.store.disk import LocalDisk

AssistantPage = Callable[[ConsoleRequest], HttpResponse]


@allow("system:change")
@require_GET
def resume(request: ConsoleRequest) -> HttpResponse:
    """To the page where one was."""
    return redirect("console:assistant-step", current_installation().setup_step)


@allow("system:change")
@sensitive_post_parameters("passphrase", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: ConsoleRequest, number: int) -> HttpResponse:
    """One page of the assistant."""
    if number not in list(SetupStep):
        raise Http404
    return _PAGES[SetupStep(number)](request)


def _begin(request: ConsoleRequest) -> HttpResponse:
    """Import what another archive has written, or go on."""
    may_import = is_untouched(signed_in(request))
    if request.method == "POST" and "begin" in request.POST:
        reach_step(SetupStep.NAME)
        return redirect("console:assistant-step", int(SetupStep.NAME))
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _import(request, form)
        except UserError as error:
            form.add_error(None, in_words(error))
    return show_page(request, SetupStep.BEGIN, form=form, may_import=may_import)


def _import(request: ConsoleRequest, form: ImportForm) -> HttpResponse:
    with transaction.atomic():
        imported, operator = import_around(
            signed_in(request),
            form.data_of(),
            request.vault.keys.seal_setting,
            passphrase=form.cleaned_data["passphrase"] or None,
            without_secrets=form.cleaned_data["without_secrets"],
        )
        begin_again_at(SetupStep.STORAGE)
        record(operator.login, Action.CONFIG_IMPORTED, missing=len(imported.missing))
        go_on_as(request, operator)
    return show_page(request, SetupStep.BEGIN, imported=imported, following=int(SetupStep.STORAGE))


def _name(request: ConsoleRequest) -> HttpResponse:
    """What people see, and what holds for those who chose nothing."""
    form = InstallationForm(request.POST or None, instance=current_installation())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            save_installation(**{name: form.cleaned_data[name] for name in ("name", "language", "time_zone")})
            record(signed_in(request).login, Action.INSTALLATION_CHANGED, fields=",".join(form.changed_data))
        return _on(SetupStep.STORAGE)
    return show_page(request, SetupStep.NAME, form=form)


def _storage(request: ConsoleRequest) -> HttpResponse:
    """Where everything lies; goes on only with a copy of the key file elsewhere."""
    confirmed = AuditEvent.objects.filter(action=Action.KEY_COPY_CONFIRMED).order_by("-id").first()
    form = StorageForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (confirmed or form.is_valid()):
        if not confirmed:
            record(signed_in(request).login, Action.KEY_COPY_CONFIRMED, str(request.vault.config.key_file))
        return _on(SetupStep.USERS)
    free = LocalDisk(request.vault.config.data).free_bytes()
    return show_page(
        request,
        SetupStep.STORAGE,
        form=form,
        confirmed=confirmed,
        config=request.vault.config,
        free_bytes=free,
    )


def _summary(request: ConsoleRequest) -> HttpResponse:
    """All decisions on one page, and the start."""
    if request.method == "POST":
        with transaction.atomic():
            finish_setup()
            record(signed_in(request).login, Action.SETUP_FINISHED)
            _fetch_at_once()
        messages.success(request, _("The set-up is finished. Collecting has begun."))
        return redirect("console:overview")
    is_finished = current_installation().setup_finished_at is not None
    return show_page(request, SetupStep.SUMMARY, lines=summary(request.vault), is_finished=is_finished)


def _fetch_at_once() -> None:
    for source in Source.objects.filter(enabled=True).exclude(protocol=SourceProtocol.FILE):
        SourceStatus.objects.update_or_create(
            source=source, defaults={"fetch_now": True, "next_attempt_at": now()}
        )


def _on(following: SetupStep) -> HttpResponse:
    reach_step(following)
    return redirect("console:assistant-step", int(following))


_PAGES: dict[SetupStep, AssistantPage] = {
    SetupStep.BEGIN: _begin,
    SetupStep.NAME: _name,
    SetupStep.STORAGE: _storage,
    SetupStep.USERS: assistant_mail.users,
    SetupStep.DOMAINS: assistant_mail.domains,
    SetupStep.SOURCES: assistant_mail.sources,
    SetupStep.NOTICES: assistant_mail.notices,
    SetupStep.SUMMARY: _summary,
}
