"""Pages for what went wrong: what happened, what is safe, what to do."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from amberpost.config import current
from amberpost.errors import (
    ArchiveError,
    CatalogueDamaged,
    DiskFull,
    IntegrityError,
    NotFound,
    NotPermitted,
    ReserveFull,
    StoreError,
    UserError,
    trouble_of,
)  # fmt: skip
from amberpost.search.index import IndexDamaged
from amberpost.spoken import in_words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """One error page in words."""

    status: int
    title: str
    what: str
    todo: str
    refuses_form: bool = False  # for its token, not for what was typed


class ErrorPages:
    """Middleware: our own exceptions become pages; all others are Django's and end in broken()."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        known = error if isinstance(error, ArchiveError) else trouble_of(error, str(current().data))
        if known is None:
            return None
        problem = describe(known)
        if problem.status >= 500:
            log.error("page failed path=%s error=%s", request.path, error)
        return _plain(problem) if isinstance(known, CatalogueDamaged) else show(request, problem)


def describe(error: ArchiveError) -> ProblemPage:
    """What a person is told about one of our exceptions."""
    if isinstance(error, NotFound):
        return _not_found()
    if isinstance(error, NotPermitted):
        return _no_right()
    if isinstance(error, UserError):
        return ProblemPage(
            status=400,
            title=_("This is not possible"),
            what=in_words(error),
            todo=_("Please go back and change it."),
        )
    if isinstance(error, IndexDamaged):
        return ProblemPage(
            status=503,
            title=_("The search is not available"),
            what=_("Its index is missing or damaged. All mail is kept and safe."),
            todo=_("Please try again later, or ask your operator to rebuild the search index."),
        )
    if isinstance(error, IntegrityError):
        return ProblemPage(
            status=500,
            title=_("This message does not agree with its records"),
            what=_("Nothing has been changed or repaired. The operator sees an alarm."),
            todo=_("Please tell your operator."),
        )
    if isinstance(error, ReserveFull):
        return ProblemPage(
            status=503,
            title=_("The disk is full"),
            what=_(
                "The room reserved for recording what is read is full as well, and what cannot be recorded "
                "is not shown."
            ),
            todo=_(
                "Please tell your operator. Once there is room on the disk, these pages continue by "
                "themselves."
            ),
        )
    if isinstance(error, DiskFull):
        return ProblemPage(
            status=503,
            title=_("The disk is full"),
            what=_(
                "This has to wait until there is room. Whoever is signed in can go on searching and reading."
            ),
            todo=_(
                "Please tell your operator. Once there is room on the disk, everything continues by itself."
            ),
        )
    if isinstance(error, CatalogueDamaged):
        return ProblemPage(
            status=503,
            title=_("The catalogue is damaged"),
            what=_("All mail is kept and safe."),
            todo=_("Please tell your operator: amberpost rebuild builds the catalogue again."),
        )
    if isinstance(error, StoreError):
        return ProblemPage(
            status=503,
            title=_("The archive cannot be read at the moment"),
            what=_("Nothing has been changed."),
            todo=_("Please try again in a minute, then tell your operator."),
        )
    return _broken()


def show(request: HttpRequest, problem: ProblemPage) -> HttpResponse:
    """The page of a problem; needs neither database nor vault."""
    html = render_to_string(
        "web/error.html", {"problem": problem, "user": getattr(request, "user", None)}, request
    )
    return HttpResponse(html, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, DisallowedHost):
        # The proxy in front passes on a name that is not in the settings: the usual first mistake of an installation.
        return _plain(
            ProblemPage(
                status=400,
                title=_("This archive does not know the name you called it by"),
                what=_("It answers to %(url)s only.") % {"url": current().url},
                todo=_(
                    "If your address is the right one, an operator writes it into the setting public_url, such as "
                    "https://archive.example.com, and starts the archive again."
                ),
            )
        )
    return _plain(
        ProblemPage(
            status=400,
            title=_("This request cannot be understood"),
            what=_("Nothing has been changed."),
            todo=_("Please check the address."),
        )
    )


def no_right(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, _no_right())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show(request, _not_found())


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    return show(
        request,
        ProblemPage(
            status=403,
            title=_("This form is no longer valid"),
            what=_("You may have signed in or out in another window. Nothing has been changed."),
            todo=_("Please go back, reload the page and send the form again."),
            refuses_form=True,
        ),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Django asks for this page while it handles the error, also of what stands around the views."""
    error = sys.exc_info()[1]
    known = trouble_of(error, str(current().data)) if error is not None else None
    return _plain(describe(known) if known is not None else _broken())


def _plain(problem: ProblemPage) -> HttpResponse:
    """Without anything of the request, which may be what is broken."""
    return HttpResponse(render_to_string("web/error_plain.html", {"problem": problem}), status=problem.status)


def _not_found() -> ProblemPage:
    return ProblemPage(
        status=404,
        title=_("There is nothing here"),
        what=_("The address is wrong, or what it names is not yours to see."),
        todo=_("Search for the message, or ask whoever sent you this address."),
    )


def _no_right() -> ProblemPage:
    return ProblemPage(
        status=403,
        title=_("You have no right to this page"),
        what=_("Your role does not include it."),
        todo=_("An operator of this archive can tell you who may see it."),
    )


def _broken() -> ProblemPage:
    return ProblemPage(
        status=500,
        title=_("Something went wrong here"),
        what=_("This is an error of the archive and has been written to the log. No mail is affected."),
        todo=_("Please try again, then tell your operator what you did."),
    )
