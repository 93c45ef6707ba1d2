"""One message: its page, the frame of its HTML, its paper, its original and its parts. All end in 404 for strangers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from amberpost.accounts.access import allow
from amberpost.clock import now
from amberpost.errors import NotFound
from amberpost.reading.read import open_message, open_part, open_raw
from amberpost.web.csp import HEIGHT_SCRIPT, MAIL_FRAME, PRINT
from amberpost.web.files import download, image_type, picture
from amberpost.web.opened import make_safe, prepare
from amberpost.web.request import Request, signed_in


@allow("mail:read", hide=True)
@require_GET
def show(request: Request, message_id: int) -> HttpResponse:
    """The message on a page of its own."""
    opened = open_message(request.vault, signed_in(request), message_id)
    shown = prepare(request, opened, lambda view: f"?view={view}")
    return render(request, "web/message.html", {"opened": shown, "back": ""})


@allow("mail:read", hide=True)
@require_GET
def html_frame(request: Request, message_id: int) -> HttpResponse:
    """The cleaned HTML, for the sandboxed frame only."""
    opened = open_message(request.vault, signed_in(request), message_id, is_frame=True)
    if not opened.has_html:
        raise NotFound("no_html_part")
    context = {"html": make_safe(opened).html, "script": HEIGHT_SCRIPT}
    response = HttpResponse(render_to_string("web/mail_frame.html", context))
    response["Content-Security-Policy"] = MAIL_FRAME
    response["Referrer-Policy"] = "no-referrer"
    return response


@allow("mail:read", hide=True)
@require_GET
def on_paper(request: Request, message_id: int) -> HttpResponse:
    """The whole message to print, with its people, attachments and record; ?view=text takes the plain text."""
    opened = open_message(request.vault, signed_in(request), message_id)
    shown = prepare(request, opened, lambda view: f"?view={view}")
    response = render(request, "web/print.html", {"opened": shown, "printed_at": now()})
    response["Content-Security-Policy"] = PRINT
    response["Referrer-Policy"] = "no-referrer"
    return response


@allow("mail:read", hide=True)
@require_GET
def raw(request: Request, message_id: int) -> HttpResponse:
    """The original, byte for byte."""
    name, content = open_raw(request.vault, signed_in(request), message_id)
    return download(name, content, "message/rfc822")


@allow("mail:read", hide=True)
@require_GET
def part(request: Request, message_id: int, path: str) -> HttpResponse:
    """An attachment to save; with ?show, if it is a picture, to look at."""
    name, _declared, content = open_part(request.vault, signed_in(request), message_id, path)
    kind = image_type(content) if "show" in request.GET else None
    return picture(name, content, kind) if kind else download(name, content)
