"""A user's own settings and password."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from amberpost.accounts.access import allow
from amberpost.accounts.models import User
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.directory.archives.local import current_addresses
from amberpost.errors import UserError
from amberpost.signin.login import begin_session
from amberpost.web.forms import ChangePasswordForm, ProfileForm
from amberpost.web.request import signed_in


@allow("account:change")
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone and appearance."""
    user = User.objects.select_related("private_archive").get(pk=signed_in(request).pk)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            record(user.login, Action.USER_CHANGED, user.login, fields=",".join(form.changed_data))
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your settings are saved."))
        return redirect("account")
    addresses = current_addresses(user.private_archive) if user.private_archive else []
    return render(request, "web/account.html", {"form": form, "addresses": addresses})


@allow("account:change", with_one_time_password=True)
@sensitive_post_parameters("present", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password; all other sessions of the user end."""
    user = signed_in(request)
    if user.is_managed:
        raise UserError("password_of_company")
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            user.set_password(form.cleaned_data["password"])
            user.must_change_password = False
            user.save(update_fields=["password", "must_change_password"])
            record(user.login, Action.USER_PASSWORD_CHANGED, user.login)
        update_session_auth_hash(request, user)
        begin_session(request)
        messages.success(request, _("Your password is changed. Other sessions of yours have ended."))
        return redirect("home")
    return render(request, "web/password.html", {"form": form})
