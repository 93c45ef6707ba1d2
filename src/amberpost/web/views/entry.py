"""Coming and going: sign-in, sign-out, the first operator's link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow, anybody
from amberpost.accounts.permissions import may
from amberpost.config import current
from amberpost.errors import NotFound, UserError
from amberpost.health.liveness import read_health
from amberpost.signin.directory_login import SignInRefused
from amberpost.signin.first_operator import is_open, set_up_operator
from amberpost.signin.login import sign_in, sign_out
from amberpost.signin.openid import offers_microsoft
from amberpost.spoken import in_words
from amberpost.web.forms import SetUpForm, SignInForm
from amberpost.web.request import next_page, setting_opener, signed_in


@allow("account:change")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """To the pages of one's role."""
    return redirect("search" if may(signed_in(request), "mail:read") else "console:overview")


@anybody
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """For watchers: whether the web process answers and mail can be read, and what is in the way of the rest."""
    status = read_health(current())
    code = 503 if status["status"] == "reserve-full" else 200
    return JsonResponse(status, status=code, headers={"Cache-Control": "no-store"})


@anybody
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Ask for login and password."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entered = form.cleaned_data
            sign_in(request, entered["login"].strip(), entered["password"], setting_opener(request))
            return HttpResponseRedirect(next_page(request, request.GET.get("next", "")))
        except SignInRefused as refusal:
            return show_sign_in(request, form, refused=in_words(refusal))
    return show_sign_in(request, form)


def show_sign_in(request: HttpRequest, form: SignInForm | None = None, *, refused: str = "") -> HttpResponse:
    """The sign-in page, with why somebody is not in."""
    context = {
        "form": form or SignInForm(),
        "refused": refused,
        "offers_microsoft": offers_microsoft(),
        "next": request.GET.get("next", ""),
    }
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
        raise NotFound("link_used")
    form = SetUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            set_up_operator(token, login=wanted["login"], name=wanted["name"], password=wanted["password"])
            sign_in(request, wanted["login"], wanted["password"])
            messages.success(request, _("Welcome. You are the first operator of this archive."))
            return redirect("console:assistant")
        except UserError as error:
            form.add_error("login", in_words(error))
    return render(request, "web/set_up.html", {"form": form})
