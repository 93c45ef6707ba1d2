"""Refuses what another site makes the browser send: a second guard beside the CSRF token (ASVS 3.5)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OWN = {"same-origin", "none", ""}


class SameSiteOnly:
    """Middleware: changes come from our own pages; other sites may only link to us."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_foreign(request):
            return HttpResponse("This request came from another site.", status=403, content_type="text/plain")
        return self._get_response(request)


def is_foreign(request: HttpRequest) -> bool:
    """True if the browser says that another site began this, and it is more than following a link."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in _OWN:
        return False
    follows_link = request.method in _SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate"
    # A sandboxed mail has no origin; the frame itself is a navigation of ours and comes as same-origin.
    return not (follows_link and request.headers.get("Sec-Fetch-Dest") == "document")
