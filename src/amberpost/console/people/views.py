"""E-mail accounts: the users and whose addresses lead to their archives."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.models import Role, User
from amberpost.accounts.people import add_user, reset_password, set_active
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.people.forms import AddUserForm, EditUserForm
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.directory.archives.local import current_addresses, set_addresses
from amberpost.directory.models import Address
from amberpost.errors import UserError
from amberpost.road.late import request_assignment
from amberpost.spoken import in_words


@allow("users:change")
@require_GET
def everybody(request: ConsoleRequest) -> HttpResponse:
    """All users with their addresses."""
    held: dict[int, list[str]] = {}
    for archive_id, address in Address.objects.filter(valid_until=None).values_list("archive_id", "address"):
        held.setdefault(archive_id, []).append(address)
    users = [(user, held.get(user.private_archive_id or 0, [])) for user in User.objects.all()]
    return render(request, "console/people/accounts.html", {"here": "accounts", "users": users})


@allow("users:change")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ConsoleRequest) -> HttpResponse:
    """A new user; the answer shows their one-time password, once."""
    form = AddUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted, by = form.cleaned_data, signed_in(request).login
        try:
            user, password = add_user(
                wanted["login"],
                name=wanted["name"],
                addresses=wanted["addresses"],
                role=wanted["role"],
                by=by,
            )
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            request_assignment(wanted["addresses"] if user.private_archive else [], by)
            return _once(request, user, password)
    return render(request, "console/people/form.html", {"here": "accounts", "form": form})


@allow("users:change")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Name, role and addresses of a user."""
    user = get_object_or_404(User.objects.select_related("private_archive"), pk=user_id)
    addresses = current_addresses(user.private_archive) if user.private_archive else []
    form = EditUserForm(request.POST or None, instance=user, initial={"addresses": "\n".join(addresses)})
    if request.method == "POST" and form.is_valid():
        try:
            _save(form, by=signed_in(request).login)
        except UserError as error:
            form.add_error("addresses", in_words(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("console:accounts")
    context = {
        "here": "accounts",
        "form": form,
        "person": User.objects.get(pk=user_id),
        "is_self": _is_self(request, user),
    }
    return render(request, "console/people/form.html", context)


@allow("users:change")
@require_POST
def new_password(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """A new one-time password, shown once; the user's sessions end."""
    user = get_object_or_404(User, pk=user_id)
    return _once(request, user, reset_password(user, by=signed_in(request).login))


@allow("users:change")
@require_POST
def switch(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Let a user sign in, or no longer; their archive stays either way."""
    user = get_object_or_404(User, pk=user_id)
    if _is_self(request, user):
        messages.error(request, _("You cannot disable your own account."))
        return redirect("console:account", user_id=user.pk)
    set_active(user, active=not user.is_active, by=signed_in(request).login)
    said = (
        _("%(login)s may sign in again.")
        if user.is_active
        else _("%(login)s is disabled; the archive stays.")
    )
    messages.success(request, said % {"login": user.login})
    return redirect("console:accounts")


def _is_self(request: ConsoleRequest, user: User) -> bool:
    return user.pk == signed_in(request).pk


def _once(request: ConsoleRequest, user: User, password: str) -> HttpResponse:
    return render(
        request,
        "console/people/password_once.html",
        {"here": "accounts", "person": user, "password": password},
    )


def _save(form: EditUserForm, *, by: str) -> None:
    """All or nothing, with its record; mail that is kept is looked through for new addresses."""
    user: User = form.instance
    with transaction.atomic():
        form.save()
        added: list[str] = []
        archive = user.private_archive
        if archive is not None and archive.key is None and user.role != Role.OPERATOR:
            added = set_addresses(archive, form.cleaned_data["addresses"])
        record(by, Action.USER_CHANGED, user.login, fields=",".join(form.changed_data), role=user.role)
        request_assignment(added, by)
