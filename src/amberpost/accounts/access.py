"""Each page declares who may ask for it, with one decorator; a page without a rule fails the tests."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from amberpost.accounts.models import User
from amberpost.accounts.permissions import Right, may

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]
Rule = Right | Literal["anybody"]

CHANGE_PASSWORD = "change-password"  # noqa: S105  the name of a route


def allow(
    action: Right, *, hide: bool = False, with_one_time_password: bool = False
) -> Callable[[View[R, P]], View[R, P]]:
    """Only for users who may do `action`; others must sign in, or are told no (hide: nothing is here)."""

    def decorate(view: View[R, P]) -> View[R, P]:
        @wraps(view)
        def guarded(request: R, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User) or not user.is_authenticated:
                return _to_sign_in(request)
            if user.must_change_password and not with_one_time_password:
                return redirect(CHANGE_PASSWORD)
            if may(user, action):
                return view(request, *args, **kwargs)
            if hide:
                raise Http404
            raise PermissionDenied

        return _declare(cast(View[R, P], guarded), action)

    return decorate


def anybody(view: View[R, P]) -> View[R, P]:
    """For people who have not signed in as well: sign-in, set-up, health."""
    return _declare(view, "anybody")


def rule_of(view: Callable[..., Any]) -> Rule | None:
    """What a view has declared; None is a mistake."""
    return cast(Rule | None, getattr(view, "amberpost_rule", None))


def _declare(view: View[R, P], rule: Rule) -> View[R, P]:
    view.amberpost_rule = rule  # type: ignore[attr-defined]
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A part of a page cannot hold the sign-in page, so htmx is told to load it whole."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path() if request.method == "GET" else _page_of_form(request))


def _page_of_form(request: HttpRequest) -> str:
    """Where a form that came too late was filled in; its page knows what was typed (late.js)."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc != request.get_host():
        return ""
    return urlunsplit(("", "", referer.path, referer.query, ""))
