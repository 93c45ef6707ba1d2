"""Coming and going: sign-in, sign-out, the first operator's link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow, anybody
from amberpost.accounts.login import SignInRefused, sign_in, sign_out
from amberpost.accounts.permissions import may
from amberpost.accounts.setup import is_open, set_up_operator
from amberpost.errors import NotFound, UserError
from amberpost.web.forms import SetUpForm, SignInForm
from amberpost.web.request import signed_in


@allow("account:change")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the pages of one's role."""
    return redirect("search" if may(signed_in(request), "mail:read") else "console:overview")


@anybody
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """For watchers: the web process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@anybody
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for login and password."""
    form = SignInForm(request.POST or None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            sign_in(request, form.cleaned_data["login"].strip(), form.cleaned_data["password"])
            return HttpResponseRedirect(_next(request))
        except SignInRefused as refusal:
            refused = refusal.message
    context = {"form": form, "refused": refused, "next": request.GET.get("next", "")}
    return render(request, "web/sign_in.html", context, status=401 if refused else 200)


@anybody
@require_POST
def sign_out_page(request: HttpRequest) -> HttpResponse:
    """End the session."""
    sign_out(request)
    return redirect("sign-in")


@anybody
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first operator; the link works once."""
    if not is_open(token):
        raise NotFound(_("This link has been used or is no longer valid."))
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            set_up_operator(token, login=wanted["login"], name=wanted["name"], password=wanted["password"])
            sign_in(request, wanted["login"], wanted["password"])
            messages.success(request, _("Welcome. You are the first operator of this archive."))
            return redirect("console:assistant")
        except UserError as error:
            form.add_error("login", str(error))
    return render(request, "web/set_up.html", {"form": form})


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is one of our own pages."""
    wanted = request.GET.get("next", "")
    own = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, own, require_https=request.is_secure()):
        return wanted
    return reverse("home")
