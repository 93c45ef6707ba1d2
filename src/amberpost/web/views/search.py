"""The search page: the field, the list, and beside it the message that is open."""

import logging
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from amberpost.accounts.access import allow
from amberpost.errors import IntegrityError, QueryError, StoreError
from amberpost.reading.find import Hit, ResultPage, excerpt, find
from amberpost.reading.read import open_message
from amberpost.search.index import Sort
from amberpost.spoken import in_words
from amberpost.web.locale import zone_of
from amberpost.web.models import find_search, save_search
from amberpost.web.narrow import narrowers
from amberpost.web.opened import prepare
from amberpost.web.parallel import TooMany, one_search
from amberpost.web.request import Request, signed_in

log = logging.getLogger(__name__)

PER_PAGE = 25
LAST_PAGE = 400  # the end of a very long list is found with better words, not by paging
_LONGEST = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the address of a result page."""

    text: str
    base: str  # the address without its query string
    sort: Sort
    page: int
    open_id: int | None

    def url(self, **changes: object) -> str:
        """The same list with something changed."""
        values = {"sort": self.sort if self.text else None, "page": self.page, "open": None} | changes
        default = {"sort": "relevance", "page": 1}
        query = {n: value for n, value in values.items() if value is not None and value != default.get(n)}
        return f"{self.base}?{urlencode(query)}" if query else self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One line of the list: a hit, and the other copies of the same mail that are folded into it."""

    hit: Hit
    excerpt: list[tuple[str, bool]] | None  # None: its bytes cannot be read
    copies: int
    url: str
    is_open: bool


@allow("mail:read")
@require_http_methods(["GET", "HEAD", "POST"])
def newest(request: Request) -> HttpResponse:
    """The newest mail; a POST keeps the words on the server and leads to their own page."""
    if request.method == "POST":
        text = request.POST.get("q", "").strip()[: _LONGEST + 1]
        if not text:
            return redirect("search")
        return redirect("results", search_id=save_search(signed_in(request), text).pk)
    return _list(request, _asked(request, "", reverse("search")))


@allow("mail:read", hide=True)
@require_GET
def results(request: Request, search_id: str) -> HttpResponse:
    """The results of a kept search, for its owner."""
    search = find_search(signed_in(request), search_id)
    if search is None:
        raise Http404
    return _list(request, _asked(request, search.text, reverse("results", args=[search.pk])))


def _asked(request: HttpRequest, text: str, base: str) -> Asked:
    sort = "date" if request.GET.get("sort") == "date" else "relevance"
    return Asked(
        text=text,
        base=base,
        sort=cast(Sort, sort),
        page=min(_number(request, "page") or 1, LAST_PAGE),
        open_id=_number(request, "open"),
    )


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Http404
    return int(text)


def _list(request: Request, asked: Asked) -> HttpResponse:
    user = signed_in(request)
    opened = None
    if asked.open_id is not None:
        message = open_message(request.vault, user, asked.open_id)
        opened = prepare(request, message, lambda view: asked.url(open=asked.open_id, view=view))
        if request.htmx and request.htmx.target == "pane":
            return render(request, "web/_message.html", {"opened": opened, "back": asked.url()})
    try:
        with one_search(user.pk):
            found = find(
                request.vault,
                user,
                asked.text,
                sort=asked.sort if asked.text else "date",
                limit=PER_PAGE,
                offset=(asked.page - 1) * PER_PAGE,
                zone=zone_of(user),
            )
            lines = _lines(request, asked, found)
    except TooMany:
        problem = _("You have several searches running. Please wait a moment and search again.")
        return _page(request, asked, {"problem": problem, "opened": opened}, status=429)
    except QueryError as error:
        return _page(request, asked, {"problem": in_words(error), "opened": opened}, status=400)
    pages = min(-(-found.count // PER_PAGE), LAST_PAGE)
    context: dict[str, object] = {
        "opened": opened,
        "found": found,
        "lines": lines,
        "pages": pages,
        "earlier": asked.url(page=asked.page - 1) if asked.page > 1 else "",
        "later": asked.url(page=asked.page + 1) if asked.page < pages else "",
    }
    return _page(request, asked, context)


def _page(request: Request, asked: Asked, context: dict[str, object], status: int = 200) -> HttpResponse:
    shared = {
        "asked": asked,
        "back": asked.url(),
        "by_relevance": asked.url(sort="relevance", page=1),
        "by_date": asked.url(sort="date", page=1),
        "narrowers": narrowers(asked.text),
    }
    return render(request, "web/search.html", shared | context, status=status)


def _lines(request: Request, asked: Asked, page: ResultPage) -> list[ResultLine]:
    """The hits in order, those that look the same to their reader folded into the first."""
    copies: dict[bytes, int] = {}
    for hit in page.hits:
        copies[hit.likeness] = copies.get(hit.likeness, -1) + 1
    firsts = {hit.likeness: hit for hit in reversed(page.hits)}
    return [
        ResultLine(
            hit=hit,
            excerpt=_excerpt(request, hit.id, asked.text),
            copies=copies[hit.likeness],
            url=asked.url(open=hit.id, page=asked.page),
            is_open=hit.id == asked.open_id,
        )
        for hit in page.hits
        if firsts[hit.likeness] is hit
    ]


def _excerpt(request: Request, message_id: int, text: str) -> list[tuple[str, bool]] | None:
    """One message that cannot be read must not hide the others."""
    try:
        return excerpt(request.vault, signed_in(request), message_id, text)
    except (StoreError, IntegrityError) as error:
        log.error("excerpt failed message=%d error=%s", message_id, error)
        return None
