"""The pages of the set-up assistant about mail: whose, of which domains, from where, and whom to tell."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from amberpost.accounts.csv_list import import_users
from amberpost.accounts.first_users import add_people
from amberpost.accounts.installation import SetupStep, reach_step
from amberpost.accounts.models import Role, User
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.guides.checks import check_lists
from amberpost.console.notices.forms import password_warning
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.setup.forms import DomainsForm, FirstNoticeForm, PeopleForm
from amberpost.console.setup.pages import show_page
from amberpost.console.sources.kinds import KINDS
from amberpost.directory.active import active_directory
from amberpost.directory.models import Address
from amberpost.errors import UserError
from amberpost.notice.configure import current_settings, save_settings
from amberpost.road.late import request_assignment
from amberpost.sources.domains import add_domain, own_domains
from amberpost.sources.models import OwnDomain
from amberpost.spoken import in_words


def users(request: ConsoleRequest) -> HttpResponse:
    """The local list, and the way to a directory, whose pages are the console's own."""
    form = PeopleForm(request.POST or None, request.FILES or None)
    if _is_skipped(request):
        return _on(SetupStep.DOMAINS)
    if request.method == "POST" and form.is_valid():
        try:
            made, said = _add_users(form, by=signed_in(request).login)
        except UserError as error:
            form.add_error("csv" if form.cleaned_data.get("csv") else "people", in_words(error))
        else:
            reach_step(SetupStep.DOMAINS)
            return show_page(request, SetupStep.USERS, part="_made", made=made, said=said)
    known = User.objects.exclude(role=Role.OPERATOR)
    directory = active_directory()
    return show_page(
        request, SetupStep.USERS, form=form, known=known[:20], count=known.count(), directory=directory
    )


def _add_users(form: PeopleForm, *, by: str) -> tuple[list[tuple[User, str]], str]:
    """Users with their one-time passwords, and how the file was read; whose line it was has the password there."""
    upload = form.cleaned_data["csv"]
    with transaction.atomic():
        made = add_people(form.cleaned_data["people"], by=by)
        imported = import_users(upload.read(), by=by) if upload else None
        made += [(user, "") for user in (imported.users if imported else ())]
        held = Address.objects.filter(archive__owner__in=[user for user, _password in made], valid_until=None)
        request_assignment(list(held.values_list("address", flat=True)), by)
    return made, imported.said if imported else ""


def domains(request: ConsoleRequest) -> HttpResponse:
    """The own domains; those of the users' addresses are proposed."""
    known = sorted(own_domains())
    proposed = known
    if not known:
        held = Address.objects.filter(valid_until=None).values_list("address", flat=True)
        proposed = sorted({address.rpartition("@")[2] for address in held[:1000]})
    form = DomainsForm(request.POST or None, initial={"domains": DomainsForm.shown(proposed)})
    if _is_skipped(request):
        return _on(SetupStep.SOURCES)
    if request.method == "POST" and form.is_valid():
        wanted, by = form.cleaned_data["domains"], signed_in(request).login
        with transaction.atomic():
            for gone in OwnDomain.objects.exclude(name__in=wanted):
                gone.delete()
                record(by, Action.DOMAIN_REMOVED, gone.name)
            for name in wanted:
                domain, is_new = add_domain(name)
                if is_new:
                    record(by, Action.DOMAIN_ADDED, domain.name)
        return _on(SetupStep.SOURCES)
    return show_page(request, SetupStep.DOMAINS, form=form, is_proposed=not known)


def sources(request: ConsoleRequest) -> HttpResponse:
    """The remote accounts; their form and test are the console's own."""
    if request.method == "POST":
        return _on(SetupStep.NOTICES)
    return show_page(request, SetupStep.SOURCES, kinds=KINDS, lists=check_lists())


def notices(request: ConsoleRequest) -> HttpResponse:
    """Whom to tell when something is not well."""
    form = FirstNoticeForm(request.POST or None, instance=current_settings())
    if _is_skipped(request):
        return _on(SetupStep.SUMMARY)
    if request.method == "POST" and form.is_valid():
        try:
            secrets = {"password": form.cleaned_data["password"]}
            with transaction.atomic():
                save_settings(form.instance, secrets, request.vault.keys.seal_setting)
                changed = ",".join(form.changed_data)
                record(signed_in(request).login, Action.NOTICE_SETTINGS_CHANGED, fields=changed)
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            messages.success(request, _("The notifications are saved. Send a test message to be sure."))
            if warning := password_warning(form.instance):
                messages.warning(request, warning)
            return _on(SetupStep.SUMMARY)
    return show_page(request, SetupStep.NOTICES, form=form)


def _is_skipped(request: ConsoleRequest) -> bool:
    return request.method == "POST" and "skip" in request.POST


def _on(following: SetupStep) -> HttpResponse:
    reach_step(following)
    return redirect("console:assistant-step", int(following))
