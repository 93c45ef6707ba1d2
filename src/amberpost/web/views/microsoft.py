"""The way to Microsoft's sign-in and back."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from amberpost.accounts.access import anybody
from amberpost.config import current
from amberpost.signin.directory_login import SignInRefused
from amberpost.signin.openid import LASTS_SECONDS, arrive, depart
from amberpost.spoken import in_words
from amberpost.web.request import next_page, setting_opener
from amberpost.web.views.entry import show_sign_in


@anybody
@require_GET
def go(request: HttpRequest) -> HttpResponse:
    """Send the browser to Microsoft."""
    try:
        departure = depart(_return_address(), request.GET.get("next", ""), setting_opener(request))
    except SignInRefused as refusal:
        return show_sign_in(request, refused=in_words(refusal))
    response = HttpResponseRedirect(departure.url)
    response.set_cookie(
        _cookie(),
        departure.ticket,
        max_age=LASTS_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # it comes back on a link from Microsoft
    )
    return response


@anybody
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Microsoft sends the browser here; whoever is let in is sent on, so that the code leaves the address."""
    ticket = request.COOKIES.get(_cookie(), "")
    try:
        wanted = arrive(request, ticket, _return_address(), setting_opener(request))
        response: HttpResponse = HttpResponseRedirect(next_page(request, wanted))
    except SignInRefused as refusal:
        response = show_sign_in(request, refused=in_words(refusal))
    response.delete_cookie(_cookie(), path=settings.SESSION_COOKIE_PATH, samesite="Lax")
    return response


def _return_address() -> str:
    """As it is registered at Microsoft: what people see, whatever a request claims."""
    public = urlsplit(current().url)
    return f"{public.scheme}://{public.netloc}{reverse('sign-in-microsoft-back')}"


def _cookie() -> str:
    return f"{settings.SESSION_COOKIE_NAME}-microsoft"
