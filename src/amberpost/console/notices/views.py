"""Notifications: whom to tell and how, a test, and what was told."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.installation import archive_zone
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.notices.forms import NoticeForm, password_warning
from amberpost.console.overview.verdict import place_of
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.errors import UserError
from amberpost.governance.place import is_confirmed
from amberpost.notice.configure import SECRETS, current_settings, save_settings
from amberpost.notice.models import Notice
from amberpost.notice.outbox import failures
from amberpost.notice.trial import send_test
from amberpost.notice.words import sentence
from amberpost.spoken import in_words

_RECENT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice as the page shows it."""

    notice: Notice
    text: str
    url: str


@allow("notices:change")
@sensitive_post_parameters("password", "client_secret", "webhook_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: ConsoleRequest) -> HttpResponse:
    """The settings, what is open, and what was told lately."""
    form = NoticeForm(request.POST or None, instance=current_settings())
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, form)
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("The notifications are saved. Send a test message to be sure."))
            return redirect("console:notices")
    context = {
        "here": "notices",
        "form": form,
        "is_in_doubt": not is_confirmed(request.vault.config.data),
        "warning": password_warning(current_settings()),
        "channels": current_settings().channels,
        "failing": list(failures().items()),
        "open": _rows(Notice.objects.filter(ended_at=None)),
        "ended": _rows(Notice.objects.exclude(ended_at=None).order_by("-ended_at")[:_RECENT]),
    }
    return render(request, "console/notices/notices.html", context)


@allow("notices:change")
@require_POST
def test(request: ConsoleRequest) -> HttpResponse:
    """A test message by each way that is set up."""
    settings = current_settings()
    try:
        with timezone.override(archive_zone()):
            trials = send_test(settings, request.vault.keys.open_setting, request.vault.config.url)
    except UserError as error:
        messages.error(request, in_words(error))
        return redirect("console:notices")
    for trial in trials:
        record(signed_in(request).login, Action.NOTICE_TEST_SENT, trial.channel, failed=trial.step)
        say = messages.success if trial.is_well else messages.error
        say(request, trial.text)
    return redirect("console:notices")


def _rows(notices: Iterable[Notice]) -> list[NoticeRow]:
    return [
        NoticeRow(
            notice=notice,
            text=sentence(notice.kind, notice.arguments),
            url=place_of(notice.kind, notice.subject),
        )
        for notice in notices
    ]


def _save(request: ConsoleRequest, form: NoticeForm) -> None:
    secrets = {name: form.cleaned_data[name] for name in SECRETS}
    changed = ",".join(form.changed_data)
    with transaction.atomic():
        save_settings(form.instance, secrets, request.vault.keys.seal_setting)
        record(signed_in(request).login, Action.NOTICE_SETTINGS_CHANGED, fields=changed)
