"""What our middleware adds to a request, with types."""

from typing import cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from amberpost.accounts.models import User
from amberpost.accounts.permissions import may
from amberpost.road.open import Vault
from amberpost.signin.login import late_search
from amberpost.store.secret import OpenSetting
from amberpost.web.models import save_search


class Request(HttpRequest):
    """A request of a signed-in user."""

    user: User
    htmx: HtmxDetails
    vault: Vault


def signed_in(request: HttpRequest) -> User:
    """The user of a view that is guarded by allow()."""
    return cast(User, request.user)


def setting_opener(request: HttpRequest) -> OpenSetting:
    """Opens sealed settings. The archive is opened with the first one, so that signing in does not need it."""
    return lambda row, field, sealed: cast(Request, request).vault.keys.open_setting(row, field, sealed)


def next_page(request: HttpRequest, wanted: str) -> str:
    """Where the person wanted to go: to the search they came too late with, or to one of our own pages."""
    user = signed_in(request)
    text = late_search(request)
    if text and may(user, "mail:read") and not user.must_change_password:
        return reverse("results", args=[save_search(user, text).pk])
    own = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, own, require_https=request.is_secure()):
        return wanted
    return reverse("home")
